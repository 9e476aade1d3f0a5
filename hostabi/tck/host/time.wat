;; ABI-6.12: time_ms is the packet's time, 2026-01-01
(module
  (import "siogw" "time_ms" (func (;0;) (result i64)))
  (memory (export "memory") 2)
  (func (;1;) (export "siogw_alloc") (param i32) (result i32)
    i32.const 65536)
  (func (;2;) (export "siogw_decide") (param i32 i32) (result i64) (local i32 i32 i64)
    call 0 i64.const -1767225600000 i64.add i64.eqz local.set 2 i32.const 34 local.get 2 i32.const 48 i32.add i32.store8 i64.const 34359738396)
  (data (i32.const 8) "{\22effect\22:\22allow\22,\22score\22:0}")
)
