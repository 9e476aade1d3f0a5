;; ABI-10.4: without the capability kv_get gives −5, and time_ms 0
(module
  (import "siogw_optional" "kv_get" (func (;0;) (param i32 i32 i32 i32) (result i32)))
  (import "siogw_optional" "time_ms" (func (;1;) (result i64)))
  (memory (export "memory") 2)
  (func (;2;) (export "siogw_alloc") (param i32) (result i32)
    i32.const 65536)
  (func (;3;) (export "siogw_decide") (param i32 i32) (result i64) (local i32 i32 i64)
    i32.const 8 i32.const 1 i32.const 8 i32.const 1 call 0 call 1 i32.wrap_i64 i32.add i32.const 5 i32.add local.set 2 i32.const 34 local.get 2 i32.const 48 i32.add i32.store8 i64.const 34359738396)
  (data (i32.const 8) "{\22effect\22:\22allow\22,\22score\22:0}")
)
