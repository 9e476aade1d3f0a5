package wasm

import (
	"testing"

	"github.com/siogw/siogw/engine"
	"github.com/siogw/siogw/hostabi"
	"github.com/siogw/siogw/internal/strictjson"
)

// fuzzed is an input with all that a verdict may change.
func fuzzed() *engine.Input {
	return &engine.Input{Kind: engine.Event, Direction: engine.In, Event: "e", Auth: []byte(`{"t":1}`),
		Args:        []byte(`["a",{"b":"c"},{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]`),
		Attachments: []engine.Attachment{{Data: []byte("x")}, {}}}
}

var answers = []string{
	`{"effect":"allow"}`, `{"effect":"deny","code":"spam","reason":"r","data":{"a":[1]}}`, `{"effect":"allow","args":[1]}`,
	`{"effect":"allow","strings":{"1":"x"},"labels":{"k":1},"score":2}`, `{"effect":"allow","attachments":{"0":null,"1":"aGk="},"auth":{}}`,
	`{"effect":"allow","patch":[{"op":"remove","path":"/args/0"}]}`, `{"effect":"abstain","score":1e3}`,
}

// FuzzVerdict: whatever a guest answers, there is a verdict that is whole, or an error.
func FuzzVerdict(f *testing.F) {
	for _, a := range answers {
		f.Add([]byte(a))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		in := fuzzed()
		v, err := verdict(in, hostabi.Result{Verdict: append([]byte{}, raw...), Labels: []hostabi.Label{{Key: "l", Value: []byte("1")}}}, nil)
		if err != nil {
			return
		}
		if v.Effect < engine.Allow || v.Effect > engine.Abstain || v.Effect == engine.Deny && v.Transforms() {
			t.Errorf("%q: effect %v", raw, v.Effect)
		}
		for _, part := range [][]byte{v.Args, v.Auth, v.Labels, v.Custom, v.Data} {
			if part != nil && strictjson.Scan(part, strictjson.Limits{Depth: MaxDepth}) != nil {
				t.Errorf("%q: %q is not strict JSON", raw, part)
			}
		}
		if v.Attachments != nil && len(v.Attachments) != len(in.Attachments) {
			t.Errorf("%q: %d attachments", raw, len(v.Attachments))
		}
		if want := fuzzed(); string(in.Args) != string(want.Args) || string(in.Auth) != string(want.Auth) {
			t.Errorf("%q: the input changed", raw)
		}
	})
}

// TestVerdictTruncated: no beginning of a verdict is one.
func TestVerdictTruncated(t *testing.T) {
	for _, a := range answers {
		for n := 1; n < len(a); n++ {
			if _, err := verdict(fuzzed(), hostabi.Result{Verdict: []byte(a[:n])}, nil); err == nil {
				t.Errorf("%q passes", a[:n])
			}
		}
	}
}

// FuzzManifest: a manifest is refused or within its limits.
func FuzzManifest(f *testing.F) {
	for _, m := range []string{`{"abi":1}`, `{"abi":1,"view":"fields","fields":["/a"]}`, `{"abi":1,"view":"attachments","prefix":4}`,
		`{"abi":1,"view":"strings","pure":true,"kinds":["event"],"lifetime":"call"}`, `{"abi":1,"capabilities":["kv","clock","random"]}`} {
		f.Add([]byte(m))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		if raw == nil {
			return
		}
		m, err := ParseManifest(raw)
		if err != nil {
			return
		}
		if m.ABI != 1 || m.Prefix < 0 || m.Prefix > MaxPrefix || m.Pure && len(m.Capabilities) > 0 {
			t.Errorf("%q: %+v", raw, m)
		}
	})
}
