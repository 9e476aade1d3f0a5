;; ABI-5.17: the verdict {"effect":"allow","args":[],"patch":[]}
(module
  (memory (export "memory") 2)
  (func (;0;) (export "siogw_alloc") (param i32) (result i32)
    i32.const 65536)
  (func (;1;) (export "siogw_decide") (param i32 i32) (result i64) (local i32 i32 i64)
    i64.const 34359738407)
  (data (i32.const 8) "{\22effect\22:\22allow\22,\22args\22:[],\22patch\22:[]}")
)
