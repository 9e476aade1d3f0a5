;; ABI-2.8: call: so are globals
(module
  (memory (export "memory") 2)
  (global (mut i32) (i32.const 0))
  (func (;0;) (export "siogw_alloc") (param i32) (result i32)
    i32.const 65536)
  (func (;1;) (export "siogw_decide") (param i32 i32) (result i64) (local i32 i32 i64)
    global.get 0 i32.const 1 i32.add global.set 0 global.get 0 local.set 2 i32.const 34 local.get 2 i32.const 48 i32.add i32.store8 i64.const 34359738396)
  (data (i32.const 8) "{\22effect\22:\22allow\22,\22score\22:0}")
)
