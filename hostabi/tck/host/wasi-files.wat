;; ABI-6.14: there are no files: fd_prestat_get(3) fails
(module
  (import "wasi_snapshot_preview1" "fd_prestat_get" (func (;0;) (param i32 i32) (result i32)))
  (memory (export "memory") 2)
  (func (;1;) (export "siogw_alloc") (param i32) (result i32)
    i32.const 65536)
  (func (;2;) (export "siogw_decide") (param i32 i32) (result i64) (local i32 i32 i64)
    i32.const 3 i32.const 100 call 0 i32.const 8 i32.eq local.set 2 i32.const 34 local.get 2 i32.const 48 i32.add i32.store8 i64.const 34359738396)
  (data (i32.const 8) "{\22effect\22:\22allow\22,\22score\22:0}")
)
