;; ABI-6.7: a value of no bytes is a value
(module
  (import "siogw" "kv_get" (func (;0;) (param i32 i32 i32 i32) (result i32)))
  (import "siogw" "kv_set" (func (;1;) (param i32 i32 i32 i32 i64) (result i32)))
  (import "siogw" "kv_delete" (func (;2;) (param i32 i32) (result i32)))
  (import "siogw" "kv_add" (func (;3;) (param i32 i32 i64 i64 i32) (result i32)))
  (memory (export "memory") 2)
  (func (;4;) (export "siogw_alloc") (param i32) (result i32)
    i32.const 65536)
  (func (;5;) (export "siogw_decide") (param i32 i32) (result i64) (local i32 i32 i64)
    i32.const 8 i32.const 1 i32.const 8 i32.const 0 i64.const 0 call 1 drop i32.const 8 i32.const 1 i32.const 200 i32.const 0 call 0 i32.const 5 i32.add local.set 2 i32.const 34 local.get 2 i32.const 48 i32.add i32.store8 i64.const 34359738396)
  (data (i32.const 8) "{\22effect\22:\22allow\22,\22score\22:0}")
)
