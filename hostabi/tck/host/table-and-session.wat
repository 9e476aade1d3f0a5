;; ABI-2.9: session, and it writes to a table
(module
  (memory (export "memory") 2)
  (table 1 funcref)
  (elem (i32.const 0) func 0)
  (func (;0;) (export "siogw_alloc") (param i32) (result i32)
    i32.const 65536)
  (func (;1;) (export "siogw_decide") (param i32 i32) (result i64) (local i32 i32 i64)
    i32.const 0 ref.null func i32.const 1 table.fill 0 i64.const 0)
)
