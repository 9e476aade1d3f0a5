;; ABI-10.2: siogw_program gives a text
(module
  (memory (export "memory") 2)
  (func (;0;) (export "siogw_alloc") (param i32) (result i32)
    i32.const 65536)
  (func (;1;) (export "siogw_decide") (param i32 i32) (result i64) (local i32 i32 i64)
    i64.const 0)
  (func (;2;) (export "siogw_program") (param i32 i32) (result i64)
    local.get 1 i32.const 3 i32.eq if (result i64) i64.const 0 else i64.const 34359738375 end)
  (data (i32.const 8) "no good")
)
;; and a custom section "siogw.program" with "abcd"
