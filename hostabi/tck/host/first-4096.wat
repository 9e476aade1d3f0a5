;; ABI-2.12: the first buffer is of 4,096 bytes
(module
  (memory (export "memory") 2)
  (func (;0;) (export "siogw_alloc") (param i32) (result i32)
    local.get 0 i32.const 4096 i32.eq if else unreachable end i32.const 64)
  (func (;1;) (export "siogw_decide") (param i32 i32) (result i64) (local i32 i32 i64)
    i64.const 0)
)
