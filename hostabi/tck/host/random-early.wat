;; ABI-6.13: random in siogw_configure
(module
  (import "siogw" "random" (func (;0;) (param i32 i32)))
  (memory (export "memory") 2)
  (func (;1;) (export "siogw_alloc") (param i32) (result i32)
    i32.const 65536)
  (func (;2;) (export "siogw_decide") (param i32 i32) (result i64) (local i32 i32 i64)
    i64.const 0)
  (func (;3;) (export "siogw_configure") (param i32 i32) (result i64) (local i32)
    i32.const 100 i32.const 1 call 0 i64.const 0)
)
