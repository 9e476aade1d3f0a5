;; ABI-3.7: only_with, and not pure
(module
  (memory (export "memory") 2)
  (func (;0;) (export "siogw_alloc") (param i32) (result i32)
    i32.const 65536)
  (func (;1;) (export "siogw_decide") (param i32 i32) (result i64) (local i32 i32 i64)
    i64.const 0)
)
