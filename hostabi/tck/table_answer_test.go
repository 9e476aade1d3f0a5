package tck_test

import (
	"encoding/json"
	"strings"

	"github.com/siogw/siogw/hostabi/tck"
	"github.com/siogw/siogw/internal/wasmtest"
)

// answering are guests with packed places and verdicts, bad ones and good ones.
func answering() []hostCase {
	at := func(place string) wasmtest.Module { return base("", "i64.const "+place) }
	x := strings.Repeat
	all := []hostCase{
		breaks("5.2", "place-outside", "a place outside of memory", at("0x7fffffff00000010"), 111),
		breaks("5.2", "place-beyond", "a place with its last byte outside of memory", at("0x0001ffff00000002"), 111),
		breaks("5.2", "place-negative", "a pointer and a length that are large, read as unsigned", at("-1"), 111),
		breaks("5.1", "place-zero", "a pointer of 0", at("0x10"), 111),
		breaks("5.1", "place-empty", "a length of 0", at("0x0000001000000000"), 111),
		breaks("5.4", "place-4-gib", "a length of 4 GiB", at("0x00000008ffffffff"), 111),
		keeps("5.2", "place-last", "the last bytes of memory", lastBytes(), asked(tck.Verdict{Effect: "deny"})...),
	}
	for _, c := range []struct{ clause, name, verdict string }{
		{"5.4", "verdict-cut", `{"effect":"allow"`}, {"5.4", "verdict-array", `["allow"]`}, {"5.4", "verdict-text", `"allow"`}, {"5.4", "verdict-null", `null`},
		{"5.4", "verdict-trailing", `{"effect":"allow"} x`}, {"5.4", "verdict-two", `{"effect":"allow"}{"effect":"allow"}`}, {"5.4", "verdict-comma", `{"effect":"allow",}`},
		{"5.4", "verdict-unknown", `{"effect":"allow","extra":1}`}, {"5.4", "verdict-twice", `{"effect":"deny","effect":"allow"}`},
		{"5.4", "verdict-twice-escaped", `{"effect":"deny","\u0065ffect":"allow"}`}, {"5.4", "verdict-utf8", "{\"effect\":\"deny\",\"reason\":\"\xff\"}"},
		{"5.4", "verdict-surrogate", `{"effect":"deny","reason":"\ud800"}`}, {"5.4", "verdict-nul", "{\"effect\":\"allow\"}\x00"}, {"5.4", "verdict-case", `{"Effect":"allow"}`},
		{"5.4", "verdict-deep", `{"effect":"deny","data":` + x("[", 40) + x("]", 40) + `}`}, {"5.4", "verdict-number", `{"effect":"allow","score":01}`},
		{"5.5", "effect-none", `{"score":1}`}, {"5.5", "effect-unknown", `{"effect":"maybe"}`}, {"5.5", "effect-case", `{"effect":"Allow"}`}, {"5.5", "effect-number", `{"effect":1}`},
		{"5.6", "code-object", `{"effect":"deny","code":{}}`}, {"5.6", "code-long", `{"effect":"deny","code":"` + x("c", 127) + `"}`}, {"5.6", "code-null", `{"effect":"deny","code":null}`},
		{"5.7", "reason-number", `{"effect":"deny","reason":1}`}, {"5.7", "reason-long", `{"effect":"deny","reason":"` + x("r", 1023) + `"}`},
		{"5.8", "data-long", `{"effect":"deny","data":"` + x("d", 16383) + `"}`},
		{"5.9", "args-object", `{"effect":"allow","args":{}}`}, {"5.10", "patch-object", `{"effect":"allow","patch":{}}`}, {"5.11", "strings-array", `{"effect":"allow","strings":[]}`},
		{"5.12", "attachments-array", `{"effect":"allow","attachments":[]}`}, {"5.13", "auth-array", `{"effect":"allow","auth":[]}`}, {"5.14", "labels-array", `{"effect":"allow","labels":[]}`},
		{"5.14", "labels-long", `{"effect":"allow","labels":{"a":"` + x("l", 16384) + `"}}`}, {"5.15", "score-text", `{"effect":"allow","score":"1"}`},
		{"5.16", "error", `{"error":"cannot"}`}, {"5.16", "error-and-more", `{"effect":"allow","error":"cannot","args":7}`}, {"5.16", "error-number", `{"effect":"allow","error":1}`},
		{"5.17", "args-and-strings", `{"effect":"allow","args":[],"strings":{}}`}, {"5.17", "args-and-patch", `{"effect":"allow","args":[],"patch":[]}`},
		{"5.17", "auth-and-patch", `{"effect":"allow","auth":{},"patch":[]}`}, {"5.17", "code-to-allow", `{"effect":"allow","code":1}`},
		{"5.17", "reason-to-abstain", `{"effect":"abstain","reason":"x"}`}, {"5.17", "data-to-allow", `{"effect":"allow","data":1}`},
		{"5.18", "denial-with-args", `{"effect":"deny","args":[]}`}, {"5.18", "denial-with-patch", `{"effect":"deny","patch":[]}`}, {"5.18", "denial-with-strings", `{"effect":"deny","strings":{}}`},
		{"5.18", "denial-with-attachments", `{"effect":"deny","attachments":{}}`}, {"5.18", "denial-with-auth", `{"effect":"deny","auth":{}}`},
	} {
		all = append(all, breaks(c.clause, c.name, about(c.verdict), says(c.verdict), 111))
	}
	for _, c := range []struct{ clause, name, verdict string }{
		{"5.11", "string-of-none", `{"effect":"allow","strings":{"9":"x"}}`}, {"5.11", "string-negative", `{"effect":"allow","strings":{"-1":"x"}}`}, {"5.11", "string-odd", `{"effect":"allow","strings":{"00":"x"}}`},
		{"5.11", "string-number", `{"effect":"allow","strings":{"0":1}}`}, {"5.12", "attachment-of-none", `{"effect":"allow","attachments":{"0":""}}`},
		{"5.10", "patch-elsewhere", `{"effect":"allow","patch":[{"op":"replace","path":"/session/id","value":1}]}`}, {"5.10", "patch-nowhere", `{"effect":"allow","patch":[{"op":"remove","path":"/args/9"}]}`},
		{"5.10", "patch-op", `{"effect":"allow","patch":[{"op":"rename","path":"/args/0"}]}`}, {"5.10", "patch-many", `{"effect":"allow","patch":[` + x(`{"op":"test","path":"/args/0","value":"hello"},`, 256) + `{"op":"test","path":"/args/0","value":"hello"}]}`},
		{"5.13", "auth-of-none", `{"effect":"allow","auth":{}}`}, {"5.19", "args-deep", `{"effect":"allow","args":` + x("[", 35) + x("]", 35) + `}`},
	} {
		all = append(all, breaks(c.clause, c.name, about(c.verdict), says(c.verdict), 105))
	}
	return append(all, goodVerdicts()...)
}

func about(verdict string) string {
	if len(verdict) > 100 {
		verdict = verdict[:40] + "…" + verdict[len(verdict)-40:]
	}
	return strings.ToValidUTF8("the verdict "+verdict, "\ufffd")
}

// lastBytes answers with what it writes to the end of its memory.
func lastBytes() wasmtest.Module {
	const verdict = `{"effect":"deny"}`
	return base(verdict, "i32.const 131055 i32.const 8 i32.const 17 memory.copy i64.const 0x0001ffef00000011")
}

func goodVerdicts() (all []hostCase) {
	for _, c := range []struct{ clause, name, verdict, want string }{
		{"5.5", "allows", `{"effect":"allow"}`, `{"effect":"allow"}`}, {"5.5", "abstains", `{"effect":"abstain"}`, `{"effect":"abstain"}`}, {"5.5", "denies", `{"effect":"deny"}`, `{"effect":"deny"}`},
		{"5.4", "white-space", " \n{ \"effect\" : \"deny\" }\t", `{"effect":"deny"}`}, {"5.4", "escaped-key", `{"\u0065ffect":"\u0064eny"}`, `{"effect":"deny"}`},
		{"5.6", "code", `{"effect":"deny","code":"` + strings.Repeat("c", 126) + `"}`, `{"effect":"deny","code":"` + strings.Repeat("c", 126) + `"}`}, {"5.6", "code-number", `{"effect":"deny","code":42}`, `{"effect":"deny","code":42}`},
		{"5.7", "reason", `{"effect":"deny","reason":"why \u00e9"}`, `{"effect":"deny","reason":"why é"}`}, {"5.8", "data", `{"effect":"deny","data":{"a":[null]}}`, `{"effect":"deny","data":{"a":[null]}}`},
		{"5.9", "args", `{"effect":"allow","args":["a",{"b":1}]}`, `{"effect":"allow","args":["a",{"b":1}]}`},
		{"5.10", "patch", `{"effect":"allow","patch":[{"op":"replace","path":"/args/0","value":"x"},{"op":"add","path":"/args/-","value":1}]}`, `{"effect":"allow","args":["x",1]}`},
		{"5.11", "strings", `{"effect":"allow","strings":{"0":"h*"}}`, `{"effect":"allow","args":["h*"]}`}, {"5.11", "abstains-and-changes", `{"effect":"abstain","strings":{"0":"h*"}}`, `{"effect":"abstain","args":["h*"]}`},
		{"5.14", "labels", `{"effect":"allow","labels":{"a":{"b":[1]}}}`, `{"effect":"allow","labels":{"a":{"b":[1]}}}`}, {"5.15", "score", `{"effect":"deny","score":2.5,"labels":{"a":1}}`, `{"effect":"deny","labels":{"a":1,"score":2.5}}`},
	} {
		var want tck.Verdict
		if err := json.Unmarshal([]byte(c.want), &want); err != nil {
			panic(err)
		}
		all = append(all, keeps(c.clause, c.name, about(c.verdict), says(c.verdict), asked(want)...))
	}
	two := tck.Question{Args: json.RawMessage(`["t",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]`), Attachments: [][]byte{[]byte("old"), {1}}}
	replaced, dropped, bad := two, two, two
	replaced.Want = tck.Verdict{Effect: "allow", Attachments: [][]byte{[]byte("hi"), {}}}
	dropped.Want = tck.Verdict{Effect: "allow", Args: json.RawMessage(`["t",null,{"_placeholder":true,"num":1}]`), Attachments: [][]byte{nil, {1}}}
	bad.Want = tck.Verdict{Error: 105}
	return append(all,
		keeps("5.12", "attachments", "attachments are replaced, by nothing too", says(`{"effect":"allow","attachments":{"0":"aGk=","1":""}}`), replaced),
		hostCase{tck.Case{Name: "attachment-base64", Clause: "ABI-5.12", Breaks: true, About: "base64 without its padding", Calls: []tck.Question{bad}}, says(`{"effect":"allow","attachments":{"0":"aGk"}}`)},
		keeps("5.12", "attachment-dropped", "an attachment is dropped, and null is in its place", says(`{"effect":"allow","attachments":{"0":null}}`), dropped))
}
