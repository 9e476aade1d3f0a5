;; ABI-5.4: the verdict {"effect":"deny","\u0065ffect":"allow"}
(module
  (memory (export "memory") 2)
  (func (;0;) (export "siogw_alloc") (param i32) (result i32)
    i32.const 65536)
  (func (;1;) (export "siogw_decide") (param i32 i32) (result i64) (local i32 i32 i64)
    i64.const 34359738407)
  (data (i32.const 8) "{\22effect\22:\22deny\22,\22\5cu0065ffect\22:\22allow\22}")
)
