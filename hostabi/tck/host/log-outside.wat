;; ABI-6.2: a text outside of memory
(module
  (import "siogw" "log" (func (;0;) (param i32 i32 i32)))
  (memory (export "memory") 2)
  (func (;1;) (export "siogw_alloc") (param i32) (result i32)
    i32.const 65536)
  (func (;2;) (export "siogw_decide") (param i32 i32) (result i64) (local i32 i32 i64)
    i32.const 0 i32.const -1 i32.const 10 call 0 i64.const 0)
  (data (i32.const 8) "abcd1\22_A")
)
