;; ABI-8.1: siogw_decide reads outside of memory
(module
  (memory (export "memory") 2)
  (func (;0;) (export "siogw_alloc") (param i32) (result i32)
    i32.const 65536)
  (func (;1;) (export "siogw_decide") (param i32 i32) (result i64) (local i32 i32 i64)
    i32.const -4 i32.load drop i64.const 0)
)
