package contract

import (
	"bytes"
	"context"
	"encoding/json"
	"reflect"
	"testing"

	"github.com/siogw/siogw/engine"
	"github.com/siogw/siogw/internal/strictjson"
)

// plainNumbers makes what encoding/json reads and what the reader reads comparable.
func plainNumbers(v any) any {
	switch v := v.(type) {
	case int64:
		return float64(v)
	case json.Number:
		f, _ := v.Float64()
		return f
	case []any:
		for i := range v {
			v[i] = plainNumbers(v[i])
		}
	case map[string]any:
		for k := range v {
			v[k] = plainNumbers(v[k])
		}
	}
	return v
}

func TestDecodeReadsJSON(t *testing.T) {
	for _, text := range []string{`[]`, `[1]`, `[-0]`, `[1.5,"a",true,false,null]`, `[ { "a" : [ 1 , { } ] , "b\u00e9" : "\ud83d\ude00" } ]`,
		`[123456789012345678,1234567890123456789,1e3,1E-3,1e+300,1e0000000003,1e-400000]`, `["\\\"\n"]`, `[[[[]]],{"a":{"b":{}}}]`} {
		got, err := decode([]byte(text), nil)
		var want []any
		if err != nil || json.Unmarshal([]byte(text), &want) != nil {
			t.Fatalf("%s: %v", text, err)
		}
		if !reflect.DeepEqual(plainNumbers(got), any(want)) {
			t.Errorf("%s: got %v, want %v", text, got, want)
		}
	}
	if got, err := decode(nil, nil); err != nil || got == nil || len(got) != 0 {
		t.Errorf("no arguments: %v, %v", got, err)
	}
}

func TestNumbersKeepTheirText(t *testing.T) {
	got, err := decode([]byte(`[12345678901234567890.5,1e-99,1e300,1e-100,1e-1000]`), nil)
	want := []any{json.Number("12345678901234567890.5"), json.Number("1e-99"), json.Number("1e+300"), json.Number("1e-100"), json.Number("0")}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, %v", got, err)
	}
	if got, err := decode([]byte(`[1e999]`), nil); err == nil {
		t.Errorf("no double holds this: read as %v", got)
	}
}

func TestDecodeRefuses(t *testing.T) {
	for _, text := range []string{``, `{}`, `"a"`, `1`, `[`, `[}`, `[1`, `[{"a"`, `[{1:2}]`, `[--1]`, `[x]`} {
		if got, err := decode([]byte(text), nil); err == nil {
			t.Errorf("%s: read as %v", text, got)
		}
	}
	deep := func(n int) []byte { return append(bytes.Repeat([]byte("["), n), bytes.Repeat([]byte("]"), n)...) }
	if _, err := decode(deep(maxDepth), nil); err != nil {
		t.Errorf("depth %d: %v", maxDepth, err)
	}
	if _, err := decode(deep(maxDepth+1), nil); err != errTooDeep {
		t.Errorf("depth %d: %v", maxDepth+1, err)
	}
}

// A text that is cut off is never judged as if it were whole.
func TestTruncation(t *testing.T) {
	c := load(t, Options{Files: []string{"testdata/plain.yaml"}})
	whole := `[{"room":"general","text":"h\u00e9llo","meta":{"a":[true,false,null,-1.5e3]}}]`
	for i := range len(whole) {
		v := c.Decide(context.Background(), ask("emit", "/chat", "message", whole[:i]))
		if i > 0 && v.Effect == engine.Abstain {
			t.Errorf("passes when cut after %d: %s", i, whole[:i])
		}
	}
	(&wanted{"emit", "/chat", "message", whole, ""}).check(t, c)
}

// Whatever comes is answered without a panic, and alike each time.
func FuzzDecide(f *testing.F) {
	c := load(f, Options{Files: []string{"testdata/plain.yaml"}, Recovery: true})
	for _, args := range []string{`[]`, `[{"room":"a","text":"b"}]`, `["a",` + bin + `]`, `[{"files":[` + bin + `],"either":1}]`, `[1e-99999]`, `[[1,1]]`} {
		f.Add([]byte(args), uint8(0))
	}
	var names []string
	for name := range c.exact["/chat"].in {
		names = append(names, name)
	}
	kinds := []string{"event", "event+ack", "emit", "emit+ack", "ack+in", "ack+out"}
	f.Fuzz(func(t *testing.T, args []byte, pick uint8) {
		for _, name := range names {
			in := ask(kinds[int(pick)%len(kinds)], "/chat", name, string(args))
			in.Attachments = []engine.Attachment{{Data: []byte{1, 2}, Type: "image/png"}}
			first := c.Decide(context.Background(), in)
			again := c.Decide(context.Background(), in)
			if first.Effect != again.Effect || first.Reason != again.Reason {
				t.Fatalf("%s: %q, then %q", name, first.Reason, again.Reason)
			}
		}
		if strictjson.Scan(args, strictjson.Limits{}) != nil || !isArray(args) {
			return
		}
		if _, err := decode(args, nil); err != nil {
			t.Fatalf("strict JSON is not read: %v", err)
		}
	})
}

// No document makes the loader panic.
func FuzzLoad(f *testing.F) {
	for _, text := range []string{"asyncapi: 2.6.0\nchannels: { /: { publish: { message: { name: a, payload: { items: [{}] } } } } }",
		"asyncapi: 3.0.0\noperations: { a: { action: send, channel: { $ref: '#/c' } } }\nc: { address: /, messages: { a: {} } }",
		"namespaces: { /: { in: { a: [{ format: binary, maxLength: 3 }], b: { args: [string], ack_args: [] } } } }",
		"namespaces: { /: { in: { a: [{ $ref: '#' }] } } }", "a: &a [*a]", "- 1"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		c, err := Load(Options{Files: []string{write(t, map[string]string{"c.yaml": text})}})
		if err == nil {
			c.Decide(context.Background(), ask("event", "/", "a", `[1]`))
		}
	})
}
