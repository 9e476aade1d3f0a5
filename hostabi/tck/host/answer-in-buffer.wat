;; ABI-5.3: a verdict may lie in the buffer
(module
  (memory (export "memory") 2)
  (func (;0;) (export "siogw_alloc") (param i32) (result i32)
    i32.const 65536)
  (func (;1;) (export "siogw_decide") (param i32 i32) (result i64) (local i32 i32 i64)
    local.get 0 i32.const 8 i32.const 17 memory.copy local.get 0 i64.extend_i32_u i64.const 32 i64.shl i64.const 17 i64.or)
  (data (i32.const 8) "{\22effect\22:\22deny\22}")
)
