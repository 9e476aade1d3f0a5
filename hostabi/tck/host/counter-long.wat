;; ABI-7.8: a name of 65 bytes
(module
  (import "siogw" "counter" (func (;0;) (param i32 i32 i64)))
  (memory (export "memory") 2)
  (func (;1;) (export "siogw_alloc") (param i32) (result i32)
    i32.const 65536)
  (func (;2;) (export "siogw_decide") (param i32 i32) (result i64) (local i32 i32 i64)
    i32.const 8 i32.const 65 i64.const 1 call 0 i64.const 0)
  (data (i32.const 8) "abcd1\22_A")
)
