;; What QuickJS asks of WASI, with nothing behind it: the clock stands at 1970, random bytes are what is there, and
;; there are no files. So the engine's outcome is a function of what the host pushes.
(module
  (import "quickjs" "memory" (memory 1))
  (func (export "clock_time_get") (param i32 i64) (param $out i32) (result i32)
    (i64.store (local.get $out) (i64.const 0))
    (i32.const 0))
  (func (export "random_get") (param i32 i32) (result i32) (i32.const 0))
  (func (export "fd_close") (param i32) (result i32) (i32.const 8)) ;; EBADF, as below
  (func (export "fd_fdstat_get") (param i32 i32) (result i32) (i32.const 8))
  (func (export "fd_seek") (param i32 i64 i32 i32) (result i32) (i32.const 8))
  (func (export "fd_write") (param i32 i32 i32 i32) (result i32) (i32.const 8)))
