package rego

import (
	"fmt"
	"strings"
	"testing"

	"github.com/siogw/siogw/engine"
	"github.com/siogw/siogw/internal/jsonpatch"
	"github.com/siogw/siogw/internal/strictjson"
)

// ops makes a policy that allows and transforms so.
func ops(t testing.TB, list string, opts ...func(*Options)) *Policy {
	t.Helper()
	return policy(t, "default allow := true\ntransform := ["+list+"]", opts...)
}

// both makes a CONNECT-like input that has args and auth, though no packet has both.
func both(args, auth string) *engine.Input {
	in := message(args)
	in.Kind = engine.Connect
	if args == "" {
		in.Args = nil
	}
	if auth != "" {
		in.Auth = []byte(auth)
	}
	return in
}

func TestTransform(t *testing.T) {
	for _, c := range []struct{ ops, args, auth, wantArgs, wantAuth string }{
		{`{"op":"replace","path":"/args/0/text","value":"x"}`, `[{"text":"<b>","n":1}]`, ``, `[{"text":"x","n":1}]`, ``},
		{`{"op":"remove","path":"/auth/token"}`, ``, `{"a":1,"token":"t","b":2}`, ``, `{"a":1,"b":2}`},
		{`{"op":"add","path":"/args/-","value":{"b":1,"a":[true,null]}}`, `[1]`, ``, `[1,{"a":[true,null],"b":1}]`, ``},
		{`{"op":"add","path":"/args/0","value":"é<&>\u2028"}`, `[]`, ``, "[\"é<&>\u2028\"]", ``},
		{`{"op":"remove","path":"/args/1"}`, `[1,2,3]`, ``, `[1,3]`, ``},
		{`{"op":"move","from":"/args/0","path":"/args/1"}`, `[1,2]`, ``, `[2,1]`, ``},
		{`{"op":"copy","from":"/args/0","path":"/args/1"}`, `[{"a":1.0}]`, ``, `[{"a":1.0},{"a":1.0}]`, ``},
		{`{"op":"replace","path":"/args","value":[input.args[0]]}`, `[1.50,2]`, ``, `[1.50]`, ``},
		{`{"op":"add","path":"/auth","value":{"user":input.identity.sub}}`, ``, ``, ``, `{"user":"u1"}`},
		{`{"op":"move","from":"/auth/t","path":"/args/0"}`, `[]`, `{"t":"x"}`, `["x"]`, `{}`},
		{`{"op":"copy","from":"/auth/t","path":"/args/0"}`, `[]`, `{"t":"x"}`, `["x"]`, ``},
		{`{"op":"test","path":"/args/0","value":1},{"op":"replace","path":"/args/0","value":2}`, `[1]`, ``, `[2]`, ``},
		{`{"op":"test","path":"/args/0","value":1}`, `[1]`, ``, ``, ``},
		{`{"op":"replace","path":"/args/0/a~1b/~0","value":1}`, `[{"a/b":{"~":0}}]`, ``, `[{"a/b":{"~":1}}]`, ``},
		{`{"op":"replace","path":"/args/0/x","value":1}`, `[{"z":1.0,"y":1E2,"x":0,"w":12345678901234567890,"v":-0}]`, ``,
			`[{"z":1.0,"y":1E2,"x":1,"w":12345678901234567890,"v":-0}]`, ``},
		{`{"op":"add","path":"/args/0/x","value":{input.room}}`, `[{}]`, ``, `[{"x":["general"]}]`, ``},
		{`{"op":"replace","path":"/args/0","value":null}`, `[1]`, ``, `[null]`, ``},
		{`{"op":"replace","path":"/args/0/007","value":1}`, `[{"007":0}]`, ``, `[{"007":1}]`, ``},
		{``, `[1]`, ``, ``, ``},
	} {
		v := decide(t, ops(t, c.ops), both(c.args, c.auth))
		if v.Effect != engine.Allow || v.Err != nil || string(v.Args) != c.wantArgs || string(v.Auth) != c.wantAuth {
			t.Errorf("%s on %s %s\n\tgives %s %s %v", c.ops, c.args, c.auth, v.Args, v.Auth, v.Err)
		}
		if (v.Args != nil) != (c.wantArgs != "") || (v.Auth != nil) != (c.wantAuth != "") {
			t.Errorf("%s: %v %v", c.ops, v.Args, v.Auth)
		}
	}
}

// An operation that is none, is elsewhere, or fails, denies: nothing is half done.
func TestTransformRefused(t *testing.T) {
	for _, text := range []string{
		`{"op":"replace","path":"/session/ip","value":"x"}`,
		`{"op":"add","path":"/x","value":1}`,
		`{"op":"replace","path":"","value":{}}`,
		`{"op":"replace","path":"/","value":{}}`,
		`{"op":"replace","path":"args/0","value":1}`,
		`{"op":"replace","path":"/argsx/0","value":1}`,
		`{"op":"replace","path":"/a~1rgs/0","value":1}`,
		`{"op":"replace","path":"/args/0/~","value":1}`,
		`{"op":"replace","path":"/args/0/~2","value":1}`,
		`{"op":"replace","path":"/args/2","value":1}`,
		`{"op":"replace","path":"/args/-1","value":1}`,
		`{"op":"replace","path":"/args/-","value":1}`,
		`{"op":"replace","path":"/args/x","value":1}`,
		`{"op":"replace","path":"/args/1e0","value":1}`,
		`{"op":"replace","path":"/args/99999999999999999999","value":1}`,
		`{"op":"replace","path":"/args/0/none","value":1}`,
		`{"op":"replace","path":"/args/0/a/b","value":1}`,
		`{"op":"add","path":"/args/3","value":1}`,
		`{"op":"add","path":"/args/-1","value":1}`,
		`{"op":"add","path":"/args/0/b/c","value":1}`,
		`{"op":"remove","path":"/args/2"}`,
		`{"op":"remove","path":"/args/-1"}`,
		`{"op":"remove","path":"/args/0/none"}`,
		`{"op":"remove","path":"/args"}`,
		`{"op":"replace","path":"/args","value":{}}`,
		`{"op":"replace","path":"/args","value":"[]"}`,
		`{"op":"replace","path":"/args","value":null}`,
		`{"op":"test","path":"/args/0/a","value":2}`,
		`{"op":"copy","from":"/args/9","path":"/args/0"}`,
		`{"op":"copy","from":"/identity","path":"/args/0"}`,
		`{"op":"copy","path":"/args/0"}`,
		`{"op":"move","from":"/args/0","path":"/args/0/a"}`,
		`{"op":"move","from":"/auth/x","path":"/args/0"}`,
		`{"op":"add","path":"/auth","value":{}}`, // an event has no auth
		`{"op":"add","path":"/args/0"}`,
		`{"op":"add","value":1}`,
		`{"op":"add","path":3,"value":1}`,
		`{"path":"/args/0","value":1}`,
		`{"op":"merge","path":"/args/0","value":1}`,
		`{"op":"add","path":"/args/0/__proto__","value":1}`,
		`{}`, `"add"`, `null`, `[]`,
	} {
		v := decide(t, ops(t, `{"op":"add","path":"/args/-","value":0},`+text), message(`[{"a":1}]`))
		if v.Effect != engine.Deny || v.Code != engine.CodeTransform || v.Err == nil || v.Args != nil || v.Auth != nil {
			t.Errorf("%s\n\tgives %+v", text, v)
		}
	}
	v := decide(t, ops(t, `{"op":"replace","path":"/auth","value":[]}`), both(``, `{}`))
	if v.Code != engine.CodeTransform {
		t.Errorf("%+v", v)
	}
}

func TestTransformLimits(t *testing.T) {
	add := `{"op":"add","path":"/args/-","value":0}`
	n := func(n int) string { return strings.TrimSuffix(strings.Repeat(add+",", n), ",") }
	if v := decide(t, ops(t, n(jsonpatch.MaxOperations)), message(`[]`)); v.Effect != engine.Allow {
		t.Errorf("%+v", v)
	}
	if v := decide(t, ops(t, n(jsonpatch.MaxOperations+1)), message(`[]`)); v.Code != engine.CodeTransform {
		t.Errorf("%+v", v)
	}
	size := func(n int) *Policy {
		return ops(t, `{"op":"add","path":"/args/-","value":"xxxxxx"}`, func(o *Options) { o.MaxBytes = n })
	}
	if v := decide(t, size(10), message(`[]`)); v.Effect != engine.Allow { // ["xxxxxx"]
		t.Errorf("%+v", v)
	}
	if v := decide(t, size(9), message(`[]`)); v.Code != engine.CodeTransform {
		t.Errorf("%+v", v)
	}
	double := strings.Repeat(`{"op":"copy","from":"/args","path":"/args/-"},`, 200)
	if v := decide(t, ops(t, double+add), message(`["x"]`)); v.Code != engine.CodeTransform {
		t.Errorf("doubling gives %d bytes, %v", len(v.Args), v.Err)
	}
}

// What comes out of a transform is read in one way only, whatever went in.
func FuzzTransform(f *testing.F) {
	f.Add("/args/0/a", "/args/0", `{"b":[1]}`, `[{"a":1,"":2}]`)
	f.Add("/args/-", "/args/0/", `null`, `[[[]],"x"]`)
	f.Add("/args//", "/args/00", `1e5`, `[null,{"/":{}}]`)
	p := policy(f, `default allow := true
transform := json.unmarshal(input.auth.ops)`)
	f.Fuzz(func(t *testing.T, path, from, val, args string) {
		if _, err := parse([]byte(args), nil); err != nil || args[0] != '[' {
			return
		}
		if _, err := parse([]byte(val), nil); err != nil {
			return
		}
		for _, op := range []string{"add", "remove", "replace", "move", "copy", "test"} {
			patch := fmt.Sprintf(`[{"op":%q,"path":%s,"from":%s,"value":%s}]`, op, quote(path), quote(from), val)
			in := both(args, `{"ops":`+quote(patch)+`}`)
			v := decide(t, p, in)
			if v.Effect == engine.Allow && v.Args != nil {
				if got, err := parse(v.Args, nil); err != nil || v.Args[0] != '[' {
					t.Fatalf("%s: %v %v", v.Args, got, err)
				}
			}
		}
	})
}

func quote(s string) string { return string(strictjson.AppendQuote(nil, s)) }

func BenchmarkTransform(b *testing.B) {
	benchmark(b, ops(b, `{"op":"replace","path":"/args/0/text","value":"x"}`), post())
}
