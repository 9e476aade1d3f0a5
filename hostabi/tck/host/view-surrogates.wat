;; ABI-4.4: a pair of surrogates is one character of four bytes
(module
  (memory (export "memory") 2)
  (func (;0;) (export "siogw_alloc") (param i32) (result i32)
    i32.const 65536)
  (func (;1;) (export "siogw_decide") (param i32 i32) (result i64) (local i32 i32 i64)
    local.get 1 i32.const 12 i32.eq i32.eqz if unreachable end loop local.get 0 local.get 2 i32.add i32.load8_u i32.const 8 local.get 2 i32.add i32.load8_u i32.eq i32.eqz if unreachable end local.get 2 i32.const 1 i32.add local.tee 2 i32.const 12 i32.lt_u br_if 0 end i64.const 0)
  (data (i32.const 8) "\01\00\00\00\04\00\00\00\f0\9f\98\80")
)
