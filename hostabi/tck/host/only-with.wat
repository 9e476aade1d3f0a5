;; ABI-3.7: what has one of the characters is asked about
(module
  (memory (export "memory") 2)
  (func (;0;) (export "siogw_alloc") (param i32) (result i32)
    i32.const 65536)
  (func (;1;) (export "siogw_decide") (param i32 i32) (result i64) (local i32 i32 i64)
    local.get 1 i32.const 9 i32.eq if (result i64) local.get 0 i32.load8_u offset=8 i32.const 60 i32.eq if (result i64) i64.const 34359738385 else i64.const 0 end else i64.const 0 end)
  (data (i32.const 8) "{\22effect\22:\22deny\22}")
)
