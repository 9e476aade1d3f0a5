;; ABI-5.2: the last bytes of memory
(module
  (memory (export "memory") 2)
  (func (;0;) (export "siogw_alloc") (param i32) (result i32)
    i32.const 65536)
  (func (;1;) (export "siogw_decide") (param i32 i32) (result i64) (local i32 i32 i64)
    i32.const 131055 i32.const 8 i32.const 17 memory.copy i64.const 0x0001ffef00000011)
  (data (i32.const 8) "{\22effect\22:\22deny\22}")
)
