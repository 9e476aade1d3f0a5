package scenario

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/siogw/siogw/internal/app"
	"github.com/siogw/siogw/internal/config"
)

const someContract = "namespaces: { /: { in: { say: [string], no: [], error: [] } } }"

// offline assembles what a configuration decides with.
func offline(t *testing.T, rego, yaml string) *app.Offline {
	t.Helper()
	dir := t.TempDir()
	text := "upstream: { url: http://127.0.0.1:3000 }\npolicy: { paths: [p.rego] }\n" + yaml
	for name, content := range map[string]string{"siogw.yaml": text, "p.rego": "package siogw.authz\n\n" + rego, "c.yaml": someContract} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cfg, err := config.Load(filepath.Join(dir, "siogw.yaml"), nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	o, err := app.NewOffline(t.Context(), cfg, app.JudgeOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// run gives the differences of the first case of text.
func run(t *testing.T, o *app.Offline, text string) Result {
	t.Helper()
	f, err := Parse("x.test.yaml", []byte(text))
	if err != nil {
		t.Fatalf("%s\n%v", text, err)
	}
	r, err := Run(t.Context(), o, f.Name, &f.Cases[0])
	if err != nil {
		t.Fatalf("%s\n%v", text, err)
	}
	return r
}

const mapped = "rooms: { join: [{ event: join, room: /args/0 }], leave: [{ event: leave, room: /args/0 }], target: [{ event: say, room: /args/0 }] }"

// TestSession: what a step sees is what those before it led to, and what is given.
func TestSession(t *testing.T) {
	o := offline(t, `allow if input.kind in {"connect", "join", "leave"}

allow if {
	input.kind == "event"
	input.room in input.session.rooms
}

deny contains {"reason": sprintf("%v", [input.session])} if input.event == "session"

deny contains {"reason": sprintf("%v", [input.identity])} if input.event == "identity"

deny contains {"reason": sprintf("%v %v", [input.time, input.bytes])} if input.event == "time"`, mapped)
	for name, text := range map[string]string{
		"join":  `{ steps: [{ when: { kind: event, event: join, args: [b] }, then: { effect: allow, rooms: [b] } }, { when: { kind: event, event: say, args: [b] }, then: { effect: allow } }] }`,
		"leave": `{ given: { session: { rooms: [b, a] } }, steps: [{ when: { kind: event, event: leave, args: [b] }, then: { effect: allow, rooms: [a] } }, { when: { kind: event, event: say, args: [b] }, then: { effect: deny } }] }`,
		"rooms of another namespace": `{ given: { namespace: /, session: { rooms: [b] } }, steps: [{ when: { kind: connect, namespace: /x }, then: { effect: allow, rooms: [] } },` +
			` { when: { kind: event, event: say, args: [b] }, then: { effect: allow, rooms: [b] } }, { when: { kind: event, event: session, args: [] },` +
			` then: { effect: deny, reason: '{"age_ms": 0, "eio": 4, "headers": {}, "id": "scenario", "ip": "127.0.0.1", "namespaces": ["/x"], "origin": "", "query": {}, "rooms": ["b"], "secure": false, "transport": "websocket"}' } }] }`,
		"nobody":   `{ when: { kind: event, event: identity }, then: { effect: deny, reason: '{"authenticated": false, "claims": {}, "expires_at": 0, "roles": [], "scopes": [], "sub": ""}' } }`,
		"somebody": `{ given: { identity: { sub: a } }, when: { kind: event, event: identity }, then: { effect: deny, reason: '{"authenticated": true, "claims": {}, "expires_at": 0, "roles": [], "scopes": [], "sub": "a"}' } }`,
		"time":     `{ when: { kind: event, event: time }, then: { effect: deny, reason: "2026-01-01T00:00:00Z 9" } }`,
		"own time": `{ given: { time: 2030-01-01T00:00:00Z }, when: { kind: event, event: time, bytes: 5 }, then: { effect: deny, reason: "2030-01-01T00:00:00Z 5" } }`,
		"emit":     `{ given: { session: { rooms: [b] } }, when: { kind: emit, event: join, args: [b] }, then: { effect: deny, kind: emit, room: "", code: 101 } }`,
	} {
		text = "cases: [" + strings.Replace(text, "{", "{ name: x,", 1) + "]"
		if r := run(t, o, text); len(r.Diffs) > 0 {
			t.Errorf("%s: %+v", name, r)
		}
	}
}

// TestToken: a CONNECT without a given identity proves one by its token, as at the gateway.
func TestToken(t *testing.T) {
	o := offline(t, "allow if input.identity.sub == \"ada\"",
		"identity: { required: true, jwt: { secret: 0123456789abcdef0123456789abcdef, algorithms: [HS256] } }")
	// {"alg":"HS256"} {"sub":"ada"}
	const token = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhZGEifQ."
	good := token + sign(token)
	for auth, then := range map[string]string{
		good:       "effect: allow",
		good + "x": "effect: deny, code: 201",
		`""`:       "effect: deny, code: 200",
	} {
		text := fmt.Sprintf("cases: [{ name: x, steps: [{ when: { kind: connect, auth: { token: %s } }, then: { %s } }", auth, then)
		if auth == good {
			text += ", { when: { kind: event, event: say }, then: { effect: allow } }"
		}
		if r := run(t, o, text+"] }]"); len(r.Diffs) > 0 {
			t.Errorf("%s: %+v", auth, r)
		}
	}
}

// TestDiffs: each thing that can be wanted, when it is otherwise.
func TestDiffs(t *testing.T) {
	o := offline(t, `allow if input.event == "say"

deny contains {"code": "E1", "reason": "why", "data": {"n": 1}} if input.event == "no"

transform := [{"op": "add", "path": "/args/-", "value": 1.50}] if input.event == "say"`, mapped)
	say := "when: { kind: event, event: say, args: [a, { b: 1 }] }"
	no := "when: { kind: event, event: no }"
	for _, c := range []struct {
		when, then string
		want       []string
	}{
		{say, "effect: allow, args: [a, { b: 1 }, 1.5], room: a, transformed: true, kind: event, rooms: []", nil},
		{say, "effect: deny", []string{`effect: "deny" "allow"`}},
		{say, "effect: allow, code: 100", []string{"code: 100 "}},
		{say, "effect: allow, room: b", []string{`room: "b" "a"`}},
		{say, "effect: allow, kind: join", []string{`kind: "join" "event"`}},
		{say, "effect: allow, transformed: false", []string{"transformed: false true"}},
		{say, "effect: allow, rooms: [a]", []string{`rooms: ["a"] []`}},
		{say, "effect: allow, args: [a, { c: 1 }]", []string{"args[1].b:  1", "args[1].c: 1 ", "args[2]:  1.50"}},
		{say, `effect: allow, args: ["a", {b: "1"}, 1.51]`, []string{`args[1].b: "1" 1`, "args[2]: 1.51 1.50"}},
		{say, "effect: allow, args: [a, [1], 1.5]", []string{`args[1]: [1] {"b":1}`}},
		{say, "effect: allow, auth: {}", []string{"auth: {} "}},
		{no, "effect: deny, code: E1, reason: why, data: { n: 1 }, by: policy", nil},
		{no, "effect: deny, code: 100", nil}, // the gateway's own
		{no, "effect: deny, code: 101", []string{`code: 101 "E1"`}},
		{no, "effect: deny, reason: x, by: y", []string{`reason: "x" "why"`, `by: "y" "policy"`}},
		{no, "effect: deny, data: { n: 2 }", []string{"data.n: 2 1"}},
		{no, "effect: deny, data: null", []string{`data: null {"n":1}`}},
		{no, "effect: deny, args: []", []string{"args: [] "}},
	} {
		r := run(t, o, "cases: [{ name: x, "+c.when+", then: { "+c.then+" } }]")
		var got []string
		for _, d := range r.Diffs {
			got = append(got, fmt.Sprintf("%s: %s %s", d.Path, d.Want, d.Got))
		}
		if !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: got %q, want %q", c.then, got, c.want)
		}
	}
}

// TestManyDiffs are told up to a bound.
func TestManyDiffs(t *testing.T) {
	o := offline(t, "allow if input.kind", "")
	for n, want := range map[int]int{maxDiffs: maxDiffs, maxDiffs + 1: maxDiffs} {
		text := "cases: [{ name: x, when: { kind: event, event: e }, then: { effect: allow, args: [" + strings.Repeat("1, ", n) + "] } }]"
		if r := run(t, o, text); len(r.Diffs) != want {
			t.Errorf("%d: %d", n, len(r.Diffs))
		}
	}
}

func TestEqualNumbers(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want bool
	}{
		{"1", "1", true}, {"1", "1.0", true}, {"1e2", "100", true}, {"1", "2", false}, {"0.1", "0.10", true},
		{"9007199254740992", "9007199254740993", false}, {"1e999999999", "1e999999999", true}, {"1e999999999", "1", false},
	} {
		if got := equalNumbers(c.a, c.b); got != c.want {
			t.Errorf("%s, %s: %v", c.a, c.b, got)
		}
	}
}
