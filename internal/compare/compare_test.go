package compare

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/siogw/siogw/engine"
)

func TestDiffer(t *testing.T) {
	allow := engine.Verdict{Effect: engine.Allow}
	changed := func(args, auth string) engine.Verdict {
		v := allow
		if args != "" {
			v.Args = []byte(args)
		}
		if auth != "" {
			v.Auth = []byte(auth)
		}
		return v
	}
	deny := engine.Denied(engine.CodePolicyDenied, "no")
	custom := deny
	custom.Custom = json.RawMessage(`"x"`)
	for _, c := range []struct {
		a, b engine.Verdict
		want string
		text string // of b
	}{
		{allow, allow, "", "allow"},
		{allow, deny, Effect, "deny 100"},
		{allow, engine.Verdict{}, Effect, "none 0"},
		{allow, engine.Verdict{Effect: engine.Abstain}, Effect, "abstain"},
		{deny, deny, "", "deny 100"},
		{deny, custom, Code, `deny "x"`},
		{deny, engine.Denied(engine.CodePolicyDenied, "not now"), Reason, "deny 100"},
		{engine.Denied(engine.CodePolicyDenied, ""), engine.Denied(engine.CodePolicyDenied, engine.CodePolicyDenied.String()), "", "deny 100"},
		{allow, changed("[1]", ""), Transform, "allow transformed"},
		{changed("[1]", ""), changed("[2]", ""), Transform, "allow transformed"},
		{changed("[1]", ""), changed("[1]", ""), "", "allow transformed"},
		{changed("[1]", ""), changed("", "{}"), Transform, "allow transformed"},
	} {
		a, b := OfVerdict(&c.a), OfVerdict(&c.b)
		if got, back := Differ(&a, &b), Differ(&b, &a); got != c.want || back != c.want || b.String() != c.text {
			t.Errorf("%v and %v: %q, %q, %s", c.a, c.b, got, back, b.String())
		}
	}
}

// TestUnknown: what a record does not hold differs from nothing.
func TestUnknown(t *testing.T) {
	d := engine.Decision{Effect: engine.Allow, Args: []byte("[1]")}
	made, recorded := OfDecision(&d), Outcome{Effect: "allow", Transformed: true}
	if got := Differ(&made, &recorded); got != "" {
		t.Error(got)
	}
	long := strings.Repeat("x", 2000)
	for other, want := range map[string]string{long: "", long[:1024] + "…": "", "y…": Reason, "": "", long[:1024]: Reason} {
		a, b := Outcome{Effect: "deny", Reason: long}, Outcome{Effect: "deny", Reason: other}
		if got, back := Differ(&a, &b), Differ(&b, &a); got != want || back != want {
			t.Errorf("%.10s: %q, %q", other, got, back)
		}
	}
}
