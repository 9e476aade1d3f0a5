;; ABI-6.14: WASI's clock moves with each look
(module
  (import "wasi_snapshot_preview1" "clock_time_get" (func (;0;) (param i32 i64 i32) (result i32)))
  (memory (export "memory") 2)
  (func (;1;) (export "siogw_alloc") (param i32) (result i32)
    i32.const 65536)
  (func (;2;) (export "siogw_decide") (param i32 i32) (result i64) (local i32 i32 i64)
    i32.const 0 i64.const 1 i32.const 96 call 0 drop i32.const 0 i64.const 1 i32.const 104 call 0 drop i32.const 96 i64.load i32.const 104 i64.load i64.sub i64.eqz local.set 2 i32.const 34 local.get 2 i32.const 48 i32.add i32.store8 i64.const 34359738396)
  (data (i32.const 8) "{\22effect\22:\22allow\22,\22score\22:0}")
)
