;; ABI-6.13: random bytes: 16 of them are not all 0
(module
  (import "siogw" "random" (func (;0;) (param i32 i32)))
  (memory (export "memory") 2)
  (func (;1;) (export "siogw_alloc") (param i32) (result i32)
    i32.const 65536)
  (func (;2;) (export "siogw_decide") (param i32 i32) (result i64) (local i32 i32 i64)
    i32.const 100 i32.const 16 call 0 i32.const 100 i64.load i64.eqz i32.eqz local.set 2 i32.const 34 local.get 2 i32.const 48 i32.add i32.store8 i64.const 34359738396)
  (data (i32.const 8) "{\22effect\22:\22allow\22,\22score\22:0}")
)
