package jsonpatch

import (
	"strings"
	"testing"
)

// apply patches as plugins do.
func apply(args, auth, ops []byte) ([]byte, []byte, error) {
	patch, err := Parse(ops)
	if err != nil {
		return nil, nil, err
	}
	t := Target{Args: args, Auth: auth, MaxBytes: 1000}
	return t.Apply(patch)
}

func TestApply(t *testing.T) {
	for _, c := range []struct{ args, auth, ops, newArgs, newAuth string }{
		{`[1,2]`, ``, `[{"op":"replace","path":"/args/0","value":"<b>"}]`, `["<b>",2]`, ``},
		{`[{"b":1.0,"a":2}]`, ``, `[{"op":"add","path":"/args/0/c","value":1e2}]`, `[{"b":1.0,"a":2,"c":1e2}]`, ``},
		{`[1]`, `{"token":"x"}`, `[{"op":"remove","path":"/auth/token"}]`, ``, `{}`},
		{`[1]`, ``, `[{"op":"test","path":"/args/0","value":1}]`, ``, ``},
		{`[1]`, ``, `[]`, ``, ``},
		{`[1]`, ``, `[{"op":"replace","path":"/args","value":[2]}]`, `[2]`, ``},
	} {
		args, auth, err := apply([]byte(c.args), orNil(c.auth), []byte(c.ops))
		if err != nil || string(args) != c.newArgs || string(auth) != c.newAuth {
			t.Errorf("%s on %s %s: %s %s %v", c.ops, c.args, c.auth, args, auth, err)
		}
	}
}

func orNil(s string) []byte {
	if s == "" {
		return nil
	}
	return []byte(s)
}

func TestRefused(t *testing.T) {
	for _, ops := range []string{
		``, `{}`, `[1]`, `[{}]`, `[{"op":"add","path":"/args/-"}]x`,
		`[{"op":"replace","path":"","value":{}}]`,
		`[{"op":"add","path":"/identity","value":{}}]`,
		`[{"op":"add","path":"/argsx","value":{}}]`,
		`[{"op":"copy","from":"/session","path":"/args/0"}]`,
		`[{"op":"move","from":"/args","path":"/auth"}]`,
		`[{"op":"replace","path":"/args","value":{}}]`,
		`[{"op":"remove","path":"/args"}]`,
		`[{"op":"remove","path":"/args/9"}]`,
		`[{"op":"remove","path":"/args/-1"}]`,
		`[{"op":"test","path":"/args/0","value":2}]`,
		`[{"op":"add","path":"/auth","value":{}}]`,
		`[{"op":"nonsense","path":"/args/0"}]`,
		`[{"op":"add","path":"/args/0/x/y","value":1}]`,
		`[{"op":"add","path":"/args/0","value":{"__proto__":1}}]`,
	} {
		if args, auth, err := apply([]byte(`[1]`), nil, []byte(ops)); err == nil {
			t.Errorf("%s: %s %s", ops, args, auth)
		}
	}
}

// TestLimits is at and above each limit.
func TestLimits(t *testing.T) {
	add := func(value string, n int) []byte {
		one := `{"op":"add","path":"/args/-","value":` + value + `}`
		return []byte("[" + strings.TrimSuffix(strings.Repeat(one+",", n), ",") + "]")
	}
	copies := func(n int) []byte {
		return []byte("[" + strings.TrimSuffix(strings.Repeat(`{"op":"copy","from":"/args/0","path":"/args/0"},`, n), ",") + "]")
	}
	text := func(n int) string { return `"` + strings.Repeat("x", n) + `"` }
	for name, c := range map[string]struct {
		args string
		ops  []byte
		ok   bool
	}{
		"operations":      {`[]`, add("0", MaxOperations), true},
		"more operations": {`[]`, add("0", MaxOperations+1), false},
		"bytes":           {`[]`, add(text(996), 1), true},
		"more bytes":      {`[]`, add(text(997), 1), false},
		"copies":          {`[` + text(98) + `]`, copies(8), true},
		"more copies":     {`[` + text(98) + `]`, copies(11), false},
		"as it came":      {`[` + text(2000) + `]`, []byte(`[{"op":"test","path":"/args/0","value":` + text(2000) + `}]`), true},
		"deep":            {`[]`, add(strings.Repeat("[", 20)+strings.Repeat("]", 20), 1), true},
		"deeper packet":   {strings.Repeat("[", 40) + strings.Repeat("]", 40), add("1", 1), true}, // its limits are the gateway's
	} {
		if _, _, err := apply([]byte(c.args), nil, c.ops); (err == nil) != c.ok {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestAddAuth gives auth to a packet that has none, where that is allowed.
func TestAddAuth(t *testing.T) {
	patch, err := Parse([]byte(`[{"op":"add","path":"/auth","value":{"k":null}}]`))
	if err != nil {
		t.Fatal(err)
	}
	to := Target{MaxBytes: 100}
	if _, _, err := to.Apply(patch); err == nil {
		t.Error("a packet without auth has one")
	}
	to.AddAuth = true
	if args, auth, err := to.Apply(patch); err != nil || args != nil || string(auth) != `{"k":null}` {
		t.Errorf("%s %s %v", args, auth, err)
	}
}

func FuzzApply(f *testing.F) {
	f.Add([]byte(`[{"op":"replace","path":"/args/0","value":"<b>"}]`))
	f.Add([]byte(`[{"op":"copy","from":"/args/1","path":"/auth/k"}]`))
	f.Fuzz(func(t *testing.T, ops []byte) {
		args, auth, err := apply([]byte(`[1,{"a":[2]}]`), []byte(`{"k":"v"}`), ops)
		if err == nil && (args != nil && args[0] != '[' || auth != nil && auth[0] != '{') {
			t.Errorf("%s: %s %s", ops, args, auth)
		}
	})
}
