;; ABI-5.10: the verdict {"effect":"allow","patch":[{"op":"replace","path":"/session/id","value":1}]}
(module
  (memory (export "memory") 2)
  (func (;0;) (export "siogw_alloc") (param i32) (result i32)
    i32.const 65536)
  (func (;1;) (export "siogw_decide") (param i32 i32) (result i64) (local i32 i32 i64)
    i64.const 34359738444)
  (data (i32.const 8) "{\22effect\22:\22allow\22,\22patch\22:[{\22op\22:\22replace\22,\22path\22:\22/session/id\22,\22value\22:1}]}")
)
