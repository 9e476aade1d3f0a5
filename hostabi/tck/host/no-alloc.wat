;; ABI-2.1: siogw_alloc is missing
(module
  (memory (export "memory") 2)
  (func (;0;) (export "siogw_decide") (param i32 i32) (result i64) (local i32 i32 i64)
    i64.const 0)
)
