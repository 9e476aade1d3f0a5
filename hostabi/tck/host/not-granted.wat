;; ABI-3.6: the capability that it asks for is not granted
(module
  (import "siogw" "time_ms" (func (;0;) (result i64)))
  (memory (export "memory") 2)
  (func (;1;) (export "siogw_alloc") (param i32) (result i32)
    i32.const 65536)
  (func (;2;) (export "siogw_decide") (param i32 i32) (result i64) (local i32 i32 i64)
    i64.const 0)
)
