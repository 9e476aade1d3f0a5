;; ABI-7.2: siogw_decide fills memory without end
(module
  (memory (export "memory") 2)
  (func (;0;) (export "siogw_alloc") (param i32) (result i32)
    i32.const 65536)
  (func (;1;) (export "siogw_decide") (param i32 i32) (result i64) (local i32 i32 i64)
    loop i32.const 0 i32.const 1 i32.const 131072 memory.fill br 0 end i64.const 0)
)
