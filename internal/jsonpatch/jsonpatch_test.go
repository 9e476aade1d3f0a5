package jsonpatch

import "testing"

func TestApply(t *testing.T) {
	for _, c := range []struct{ args, auth, ops, newArgs, newAuth string }{
		{`[1,2]`, ``, `[{"op":"replace","path":"/args/0","value":"<b>"}]`, `["<b>",2]`, ``},
		{`[{"b":1.0,"a":2}]`, ``, `[{"op":"add","path":"/args/0/c","value":1e2}]`, `[{"b":1.0,"a":2,"c":1e2}]`, ``},
		{`[1]`, `{"token":"x"}`, `[{"op":"remove","path":"/auth/token"}]`, ``, `{}`},
		{`[1]`, ``, `[{"op":"test","path":"/args/0","value":1}]`, ``, ``},
		{`[1]`, ``, `[]`, ``, ``},
		{`[1]`, ``, `[{"op":"replace","path":"/args","value":[2]}]`, `[2]`, ``},
	} {
		args, auth, err := Apply([]byte(c.args), orNil(c.auth), []byte(c.ops))
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
		if args, auth, err := Apply([]byte(`[1]`), nil, []byte(ops)); err == nil {
			t.Errorf("%s: %s %s", ops, args, auth)
		}
	}
}

func FuzzApply(f *testing.F) {
	f.Add([]byte(`[{"op":"replace","path":"/args/0","value":"<b>"}]`))
	f.Add([]byte(`[{"op":"copy","from":"/args/1","path":"/auth/k"}]`))
	f.Fuzz(func(t *testing.T, ops []byte) {
		args, auth, err := Apply([]byte(`[1,{"a":[2]}]`), []byte(`{"k":"v"}`), ops)
		if err == nil && (args != nil && args[0] != '[' || auth != nil && auth[0] != '{') {
			t.Errorf("%s: %s %s", ops, args, auth)
		}
	})
}
