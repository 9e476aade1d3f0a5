;; ABI-2.1: siogw_alloc is of another type
(module
  (memory (export "memory") 2)
  (func (;0;) (export "siogw_alloc") (result i32)
    i32.const 8)
  (func (;1;) (export "siogw_decide") (param i32 i32) (result i64) (local i32 i32 i64)
    i64.const 0)
)
