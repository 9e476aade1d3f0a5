package tck_test

import (
	"encoding/json"
	"strings"

	"github.com/siogw/siogw/hostabi/tck"
	"github.com/siogw/siogw/internal/wasmtest"
)

// viewing are guests that trap on any view but one.
func viewing() []hostCase {
	sees := func(view string) wasmtest.Module { return base(view, sameBytes(view)) }
	other := tck.Verdict{Error: 111}
	binary := func(attachments ...[]byte) tck.Question {
		return tck.Question{Args: json.RawMessage(`[{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]`), Attachments: attachments, Want: allowed()}
	}
	png := []byte("\x89PNG" + strings.Repeat("x", 66))
	const strings2 = `[{"to":"bob","text":"h\u00e9"},1]`
	return []hostCase{
		keeps("4.2", "view-args", "view args is the arguments", sees(`["a",{"b":1}]`), question(`["a",{"b":1}]`, allowed()), question(`["a",{"b":2}]`, other)).manifest(`{"abi":1,"view":"args"}`),
		keeps("4.3", "view-fields", "view fields is the values at the pointers, and null", sees(`["a",null,"/",2]`), question(`[{"x":"a","y~/":2}]`, allowed())).
			manifest(`{"abi":1,"view":"fields","fields":["/args/0/x","/args/7","/namespace","/args/0/y~0~1"]}`),
		keeps("4.4", "view-strings", "view strings is the example of section 4", sees("\x02\x00\x00\x00\x03\x00\x00\x00bob\x03\x00\x00\x00h\xc3\xa9"), question(strings2, allowed()), question(`["bob","h\u00e9"]`, allowed()), question(`["bob"]`, other)).
			manifest(`{"abi":1,"view":"strings"}`),
		keeps("4.4", "view-no-strings", "view strings of no strings is a count of 0", sees("\x00\x00\x00\x00"), question(`[1,{"key":null}]`, allowed())).manifest(`{"abi":1,"view":"strings"}`),
		keeps("4.4", "view-surrogates", "a pair of surrogates is one character of four bytes", sees("\x01\x00\x00\x00\x04\x00\x00\x00\xf0\x9f\x98\x80"), question(`["\ud83d\ude00"]`, allowed())).manifest(`{"abi":1,"view":"strings"}`),
		keeps("4.5", "view-attachments", "view attachments is the example of section 4", sees("\x02\x00\x00\x00\x46\x00\x00\x00\x04\x00\x00\x00\x89PNG\x00\x00\x00\x00\x00\x00\x00\x00"), binary(png, []byte{})).
			manifest(`{"abi":1,"view":"attachments","prefix":4}`),
		keeps("4.7", "fields-of-config", "the configuration's fields narrow view strings", sees("\x01\x00\x00\x00\x01\x00\x00\x00b"), question(`[{"t":"b","u":"c"},"d"]`, allowed())).
			manifest(`{"abi":1,"view":"strings"}`).config(`{"fields":["/0/t"]}`).configurable(),
		keeps("4.7", "fields-number", "strings are numbered as in the view that is narrowed", configured(says(`{"effect":"allow","strings":{"0":"*"}}`), "i64.const 0"), question(`["a",{"t":"b"}]`, tck.Verdict{Effect: "allow", Args: json.RawMessage(`["a",{"t":"*"}]`)})).
			manifest(`{"abi":1,"view":"strings"}`).config(`{"fields":["/1"]}`),
		keeps("4.1", "view-input", "view input is an object with the kind in it", holding(`"kind":"event"`), asked(allowed())...),
	}
}

// configurable gives the module a siogw_configure that takes anything.
func (h hostCase) configurable() hostCase {
	h.m = configured(h.m, "i64.const 0")
	return h
}

// holding traps unless the view begins with { and has text in it.
func holding(text string) wasmtest.Module {
	return base(text, `local.get 0 i32.load8_u 0 i32.const 123 i32.eq i32.eqz if - unreachable end
		loop - i32.const 0 local.set 3
			loop - local.get 3 i32.const `+number(len(text))+` i32.eq if - i64.const 0 return end
				local.get 0 local.get 2 i32.add local.get 3 i32.add i32.load8_u 0 i32.const 8 local.get 3 i32.add i32.load8_u 0 i32.eq
				if - local.get 3 i32.const 1 i32.add local.set 3 br 1 end end
			local.get 2 i32.const 1 i32.add local.tee 2 local.get 1 i32.lt_u br_if 0 end unreachable`)
}
