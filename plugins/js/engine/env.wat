;; What QuickJS asks of its embedder. host_call is where runtime.js reaches the imports of the guest ABI: its first
;; argument is the number of the function, below.
(module
  (import "quickjs" "memory" (memory 1))
  (import "quickjs" "qjs_get_context_ptr" (func $context (result i32)))
  (import "quickjs" "qjs_new_number" (func $number (param f64) (result i32)))
  (import "quickjs" "qjs_new_string" (func $string (param i32 i32) (result i32)))
  (import "quickjs" "JS_ToFloat64" (func $toFloat64 (param i32 i32 i64) (result i32)))
  (import "quickjs" "JS_ToCStringLen2" (func $toText (param i32 i32 i64 i32) (result i32)))
  (import "quickjs" "JS_FreeCString" (func $freeText (param i32 i32)))
  (import "quickjs" "wasm_malloc" (func $malloc (param i32) (result i32)))
  (import "quickjs" "wasm_free" (func $free (param i32)))
  (import "siogw" "log" (func $log (param i32 i32 i32)))
  (import "siogw" "label" (func $label (param i32 i32 i32 i32)))
  (import "siogw" "counter" (func $counter (param i32 i32 i64)))
  (import "siogw_optional" "kv_get" (func $kvGet (param i32 i32 i32 i32) (result i32)))
  (import "siogw_optional" "kv_set" (func $kvSet (param i32 i32 i32 i32 i64) (result i32)))
  (import "siogw_optional" "kv_delete" (func $kvDelete (param i32 i32) (result i32)))
  (import "siogw_optional" "kv_add" (func $kvAdd (param i32 i32 i64 i64 i32) (result i32)))
  (import "siogw_optional" "time_ms" (func $time (result i64)))
  (import "siogw_optional" "random" (func $random (param i32 i32)))

  (func (export "host_get_timezone_offset") (param i32 i32) (result i32) (i32.const 0)) ;; UTC
  (func (export "host_interrupt") (result i32) (i32.const 0)) ;; metering interrupts
  (func (export "host_promise_rejection") (param i32 i32 i32))
  (func (export "host_module_normalize") (param i32 i32) (result i32) (i32.const 0))
  (func (export "host_module_load") (param i32 i32) (result i32) (i32.const 0))

  (global $out (mut i32) (i32.const 0)) ;; 16 bytes: what functions write by a pointer, and a length
  (func $scratch (result i32)
    (if (i32.eqz (global.get $out)) (then (global.set $out (call $malloc (i32.const 16)))))
    (if (i32.eqz (global.get $out)) (then (unreachable)))
    (global.get $out))

  ;; The argument $n of $argv as a number, 0 where it is none.
  (func $float (param $argv i32) (param $n i32) (result f64)
    (f64.store (call $scratch) (f64.const 0))
    (drop (call $toFloat64 (call $context) (call $scratch) (call $value (local.get $argv) (local.get $n))))
    (f64.load (call $scratch)))
  (func $long (param $argv i32) (param $n i32) (result i64)
    (i64.trunc_sat_f64_s (call $float (local.get $argv) (local.get $n))))
  (func $value (param $argv i32) (param $n i32) (result i64)
    (i64.load (i32.load (i32.add (local.get $argv) (i32.shl (local.get $n) (i32.const 2))))))
  ;; The argument as UTF-8, to be given back, and its length. runtime.js passes strings only.
  (func $text (param $argv i32) (param $n i32) (result i32 i32)
    (local $p i32)
    (local.set $p (call $toText (call $context) (call $scratch) (call $value (local.get $argv) (local.get $n)) (i32.const 0)))
    (if (i32.eqz (local.get $p)) (then (unreachable))) ;; out of memory
    (local.get $p) (i32.load (call $scratch)))

  ;; The value of a key as a string, or the negative number that tells why there is none.
  (func $get (param $k i32) (param $kn i32) (result i32)
    (local $p i32) (local $n i32) (local $cap i32)
    (local.set $cap (i32.const 1024))
    (loop $again
      (local.set $p (call $malloc (local.get $cap)))
      (if (i32.eqz (local.get $p)) (then (unreachable)))
      (local.set $n (call $kvGet (local.get $k) (local.get $kn) (local.get $p) (local.get $cap)))
      (if (i32.gt_s (local.get $n) (local.get $cap))
        (then
          (call $free (local.get $p))
          (local.set $cap (local.get $n))
          (br $again))))
    (if (i32.lt_s (local.get $n) (i32.const 0))
      (then (local.set $cap (call $number (f64.convert_i32_s (local.get $n)))))
      (else (local.set $cap (call $string (local.get $p) (local.get $n)))))
    (call $free (local.get $p))
    (local.get $cap))

  (func (export "host_call") (param i32 i32 i32) (param $argc i32) (param $argv i32) (result i32)
    (local $op i32) (local $k i32) (local $kn i32) (local $v i32) (local $vn i32) (local $r i32)
    (local.set $op (i32.trunc_sat_f64_s (call $float (local.get $argv) (i32.const 0))))
    (if (i32.eq (local.get $op) (i32.const 7)) ;; time() → milliseconds
      (then (return (call $number (f64.convert_i64_s (call $time))))))
    (if (i32.eq (local.get $op) (i32.const 8)) ;; random() → of 53 bits, in [0, 1)
      (then
        (call $random (call $scratch) (i32.const 8))
        (return (call $number (f64.mul
          (f64.convert_i64_u (i64.shr_u (i64.load (call $scratch)) (i64.const 11)))
          (f64.const 0x1p-53))))))
    (if (i32.eq (local.get $op) (i32.const 9)) ;; sum() → what the last kv_add wrote
      (then (return (call $number (f64.convert_i64_s (i64.load offset=8 (call $scratch)))))))
    (call $text (local.get $argv) (i32.const 1)) (local.set $kn) (local.set $k)
    (block $done
      (if (i32.eqz (local.get $op)) ;; log(text, level)
        (then
          (call $log (i32.trunc_sat_f64_s (call $float (local.get $argv) (i32.const 2))) (local.get $k) (local.get $kn))
          (br $done)))
      (if (i32.eq (local.get $op) (i32.const 2)) ;; counter(name, delta)
        (then
          (call $counter (local.get $k) (local.get $kn) (call $long (local.get $argv) (i32.const 2)))
          (br $done)))
      (if (i32.eq (local.get $op) (i32.const 3)) ;; kv_get(key) → a string, or why there is none
        (then
          (local.set $r (call $get (local.get $k) (local.get $kn)))
          (call $freeText (call $context) (local.get $k))
          (return (local.get $r))))
      (if (i32.eq (local.get $op) (i32.const 5)) ;; kv_delete(key)
        (then
          (local.set $r (call $kvDelete (local.get $k) (local.get $kn)))
          (br $done)))
      (if (i32.eq (local.get $op) (i32.const 6)) ;; kv_add(key, delta, ttl); sum() tells the sum
        (then
          (local.set $r (call $kvAdd (local.get $k) (local.get $kn)
            (call $long (local.get $argv) (i32.const 2)) (call $long (local.get $argv) (i32.const 3))
            (i32.add (call $scratch) (i32.const 8))))
          (br $done)))
      (call $text (local.get $argv) (i32.const 2)) (local.set $vn) (local.set $v)
      (if (i32.eq (local.get $op) (i32.const 1)) ;; label(key, value)
        (then (call $label (local.get $k) (local.get $kn) (local.get $v) (local.get $vn)))
        (else ;; 4: kv_set(key, value, ttl)
          (local.set $r (call $kvSet (local.get $k) (local.get $kn) (local.get $v) (local.get $vn)
            (call $long (local.get $argv) (i32.const 3))))))
      (call $freeText (call $context) (local.get $v)))
    (call $freeText (call $context) (local.get $k))
    (call $number (f64.convert_i32_s (local.get $r)))))
