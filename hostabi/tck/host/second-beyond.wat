;; ABI-2.10: the second buffer has its last byte outside of memory
(module
  (memory (export "memory") 2)
  (func (;0;) (export "siogw_alloc") (param i32) (result i32)
    local.get 0 i32.const 4096 i32.gt_u if (result i32) i32.const 122881 else i32.const 64 end)
  (func (;1;) (export "siogw_decide") (param i32 i32) (result i64) (local i32 i32 i64)
    i64.const 0)
)
