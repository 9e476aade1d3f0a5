;; ABI-5.8: the verdict {"effect":"deny","data":{"a":[null]}}
(module
  (memory (export "memory") 2)
  (func (;0;) (export "siogw_alloc") (param i32) (result i32)
    i32.const 65536)
  (func (;1;) (export "siogw_decide") (param i32 i32) (result i64) (local i32 i32 i64)
    i64.const 34359738405)
  (data (i32.const 8) "{\22effect\22:\22deny\22,\22data\22:{\22a\22:[null]}}")
)
