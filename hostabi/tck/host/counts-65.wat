;; ABI-7.8: 65 counts
(module
  (import "siogw" "counter" (func (;0;) (param i32 i32 i64)))
  (memory (export "memory") 2)
  (func (;1;) (export "siogw_alloc") (param i32) (result i32)
    i32.const 65536)
  (func (;2;) (export "siogw_decide") (param i32 i32) (result i64) (local i32 i32 i64)
    loop i32.const 8 i32.const 5 i64.const 1 call 0 local.get 2 i32.const 1 i32.add local.tee 2 i32.const 65 i32.lt_u br_if 0 end i64.const 0)
  (data (i32.const 8) "abcd1\22_A")
)
