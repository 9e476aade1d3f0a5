;; ABI-5.15: the verdict {"effect":"deny","score":2.5,"labels":{"a":1}}
(module
  (memory (export "memory") 2)
  (func (;0;) (export "siogw_alloc") (param i32) (result i32)
    i32.const 65536)
  (func (;1;) (export "siogw_decide") (param i32 i32) (result i64) (local i32 i32 i64)
    i64.const 34359738414)
  (data (i32.const 8) "{\22effect\22:\22deny\22,\22score\22:2.5,\22labels\22:{\22a\22:1}}")
)
