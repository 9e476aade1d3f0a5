;; ABI-8.1: after an error another instance serves, as it was made
(module
  (memory (export "memory") 2)
  (global (mut i32) (i32.const 0))
  (func (;0;) (export "siogw_alloc") (param i32) (result i32)
    i32.const 65536)
  (func (;1;) (export "siogw_decide") (param i32 i32) (result i64) (local i32 i32 i64)
    global.get 0 i32.const 1 i32.add global.set 0 global.get 0 i32.const 2 i32.eq if unreachable end i64.const 0)
)
