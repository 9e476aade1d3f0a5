;; ABI-6.9: kv_add counts over the calls, and writes the sum
(module
  (import "siogw" "kv_get" (func (;0;) (param i32 i32 i32 i32) (result i32)))
  (import "siogw" "kv_set" (func (;1;) (param i32 i32 i32 i32 i64) (result i32)))
  (import "siogw" "kv_delete" (func (;2;) (param i32 i32) (result i32)))
  (import "siogw" "kv_add" (func (;3;) (param i32 i32 i64 i64 i32) (result i32)))
  (memory (export "memory") 2)
  (func (;4;) (export "siogw_alloc") (param i32) (result i32)
    i32.const 65536)
  (func (;5;) (export "siogw_decide") (param i32 i32) (result i64) (local i32 i32 i64)
    i32.const 8 i32.const 1 i64.const 1 i64.const 60000 i32.const 200 call 3 drop i32.const 200 i32.load local.set 2 i32.const 34 local.get 2 i32.const 48 i32.add i32.store8 i64.const 34359738396)
  (data (i32.const 8) "{\22effect\22:\22allow\22,\22score\22:0}")
)
