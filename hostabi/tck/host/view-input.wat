;; ABI-4.1: view input is an object with the kind in it
(module
  (memory (export "memory") 2)
  (func (;0;) (export "siogw_alloc") (param i32) (result i32)
    i32.const 65536)
  (func (;1;) (export "siogw_decide") (param i32 i32) (result i64) (local i32 i32 i64)
    local.get 0 i32.load8_u i32.const 123 i32.eq i32.eqz if unreachable end loop i32.const 0 local.set 3 loop local.get 3 i32.const 14 i32.eq if i64.const 0 return end local.get 0 local.get 2 i32.add local.get 3 i32.add i32.load8_u i32.const 8 local.get 3 i32.add i32.load8_u i32.eq if local.get 3 i32.const 1 i32.add local.set 3 br 1 end end local.get 2 i32.const 1 i32.add local.tee 2 local.get 1 i32.lt_u br_if 0 end unreachable)
  (data (i32.const 8) "\22kind\22:\22event\22")
)
