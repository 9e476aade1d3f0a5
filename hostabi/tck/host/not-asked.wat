;; ABI-3.6: it imports time_ms, and its manifest does not ask
(module
  (import "siogw" "time_ms" (func (;0;) (result i64)))
  (memory (export "memory") 2)
  (func (;1;) (export "siogw_alloc") (param i32) (result i32)
    i32.const 65536)
  (func (;2;) (export "siogw_decide") (param i32 i32) (result i64) (local i32 i32 i64)
    i64.const 0)
)
