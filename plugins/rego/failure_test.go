package rego

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/siogw/siogw/engine"
)

// Whatever goes wrong denies, with its code, and says so in Err.
func TestFailures(t *testing.T) {
	yes := "default allow := true\n"
	for name, c := range map[string]struct {
		text, args string
		code       engine.Code
		err        string
	}{
		"builtin error":             {yes + `deny contains "x" if to_number(input.args[0]) > 5`, `["abc"]`, engine.CodePolicyError, "eval_builtin_error"},
		"division by zero":          {`allow if 1 / input.args[0] > 0`, `[0]`, engine.CodePolicyError, "divide by zero"},
		"conflict":                  {`allow := input.args[0]` + "\n" + `allow := input.args[1]`, `[true,false]`, engine.CodePolicyError, "eval_conflict_error"},
		"conflict of a helper":      {`allow if x` + "\nx := input.args[0]\nx := input.args[1]", `[true,false]`, engine.CodePolicyError, "eval_conflict_error"},
		"allow is a string":         {`allow := input.args[0]`, `["yes"]`, engine.CodePolicyError, "allow is not a boolean but string"},
		"allow is null":             {`allow := input.args[0]`, `[null]`, engine.CodePolicyError, "allow is not a boolean but null"},
		"allow is a number":         {`allow := input.args[0]`, `[1]`, engine.CodePolicyError, "allow is not a boolean but number"},
		"deny is an object":         {yes + `deny := input.args[0]`, `[{"a":1}]`, engine.CodePolicyError, "deny is neither"},
		"deny is a boolean":         {yes + `deny := input.args[0]`, `[true]`, engine.CodePolicyError, "deny is neither"},
		"deny is false":             {yes + `deny := input.args[0]`, `[false]`, engine.CodePolicyError, "deny is neither"},
		"deny is a string":          {yes + `deny := input.args[0]`, `["no"]`, engine.CodePolicyError, "deny is neither"},
		"transform is an object":    {yes + `transform := input.args[0]`, `[{"op":"test"}]`, engine.CodeTransform, "transform is not an array but object"},
		"transform of no operation": {yes + `transform := input.args[0]`, `[["x"]]`, engine.CodeTransform, "transform: operation 0 is not an object"},
		"a number out of range":     {yes + `deny contains input.args`, `[1e-99999999]`, engine.CodePolicyError, "input: args"},
		"args that are no JSON":     {yes + `deny contains input.args`, `[1`, engine.CodePolicyError, "input: args"},
	} {
		v := decide(t, policy(t, c.text), message(c.args))
		if v.Effect != engine.Deny || v.Code != c.code || v.Err == nil || !strings.Contains(v.Err.Error(), c.err) {
			t.Errorf("%s: %+v", name, v)
		}
		if v.Args != nil || v.Reason != c.code.String() || strings.Contains(v.Reason, "abc") {
			t.Errorf("%s: shows %q", name, v.Reason)
		}
	}
}

// Broken parts of the input deny, wherever the policy can see them.
func TestBrokenInput(t *testing.T) {
	p := policy(t, "default allow := true\n"+`deny contains "x" if count(input) > 100`)
	for name, broken := range map[string]func(*engine.Input){
		"auth":   func(in *engine.Input) { in.Auth = []byte(`{"a":1,"a":2}`) },
		"claims": func(in *engine.Input) { in.Identity = &engine.Identity{Claims: []byte(`{`)} },
		"labels": func(in *engine.Input) { in.Plugins = []engine.Output{{Plugin: "x", Labels: nil}} },
	} {
		in := message(`[]`)
		if v := decide(t, p, in); v.Effect != engine.Allow {
			t.Fatalf("%+v", v)
		}
		broken(in)
		for range 2 { // the second time from what is kept
			if v := decide(t, p, in); v.Effect != engine.Deny || v.Code != engine.CodePolicyError || v.Err == nil {
				t.Errorf("%s: %+v", name, v)
			}
		}
	}
}

const expensive = `allow if count([1 | some i in numbers.range(1, 3000); some j in numbers.range(1, 3000); i * j == -1]) == 0`

func timeout(d time.Duration) func(*Options) { return func(o *Options) { o.Timeout = d } }

func TestTimeout(t *testing.T) {
	v := decide(t, policy(t, expensive, timeout(time.Millisecond)), message(`[]`))
	if v.Effect != engine.Deny || v.Code != engine.CodePolicyTimeout || v.Err == nil {
		t.Errorf("%+v", v)
	}
}

// The caller's deadline holds where the policy has none, and so does its cancellation.
func TestContext(t *testing.T) {
	p := policy(t, expensive, timeout(-1))
	ctx, cancel := context.WithTimeout(context.Background(), time.Millisecond)
	defer cancel()
	v := p.Decide(ctx, message(`[]`))
	if v.Code != engine.CodePolicyTimeout || !errors.Is(v.Err, context.DeadlineExceeded) {
		t.Errorf("%+v", v)
	}
	cancel()
	quick := policy(t, `allow if input.kind`, timeout(-1))
	if v := quick.Decide(ctx, message(`[]`)); v.Effect != engine.Deny || v.Code != engine.CodePolicyTimeout {
		t.Errorf("%+v", v)
	}
	if v := decide(t, quick, message(`[]`)); v.Effect != engine.Allow {
		t.Errorf("%+v", v)
	}
}

// A client's numbers, made so that OPA's hashes of them are equal, make a set slow: 20,000 of them take
// seconds. The time limit holds there too.
func TestCollidingNumbers(t *testing.T) {
	args := []byte("[0")
	for i := range 20000 {
		args = fmt.Appendf(args, ",0.%d", 100000+i)
	}
	p := policy(t, `allow if count({x | some x in input.args}) > 1`, timeout(10*time.Millisecond))
	if v := decide(t, p, message(string(args)+"]")); v.Code != engine.CodePolicyTimeout {
		t.Errorf("%+v", v)
	}
}
