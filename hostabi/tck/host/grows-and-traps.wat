;; ABI-7.1: memory.grow goes beyond the cap, and the guest traps
(module
  (memory (export "memory") 2)
  (func (;0;) (export "siogw_alloc") (param i32) (result i32)
    i32.const 65536)
  (func (;1;) (export "siogw_decide") (param i32 i32) (result i64) (local i32 i32 i64)
    i32.const 1000 memory.grow drop unreachable i64.const 0)
)
