;; ABI-6.2: kv_add with a sum that has its last byte outside of memory
(module
  (import "siogw" "kv_get" (func (;0;) (param i32 i32 i32 i32) (result i32)))
  (import "siogw" "kv_set" (func (;1;) (param i32 i32 i32 i32 i64) (result i32)))
  (import "siogw" "kv_delete" (func (;2;) (param i32 i32) (result i32)))
  (import "siogw" "kv_add" (func (;3;) (param i32 i32 i64 i64 i32) (result i32)))
  (memory (export "memory") 2)
  (func (;4;) (export "siogw_alloc") (param i32) (result i32)
    i32.const 65536)
  (func (;5;) (export "siogw_decide") (param i32 i32) (result i64) (local i32 i32 i64)
    i32.const 8 i32.const 1 i64.const 1 i64.const 0 i32.const 131065 call 3 drop i64.const 0)
)
