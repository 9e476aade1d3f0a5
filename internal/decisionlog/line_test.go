package decisionlog

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/siogw/siogw/engine"
)

func input() *engine.Input {
	return &engine.Input{
		Kind: engine.Event, Direction: engine.In, Time: time.Date(2026, 1, 2, 3, 4, 5, 678900, time.FixedZone("", 3600)),
		Namespace: "/chat", Event: "message", Room: "general", Bytes: 61,
		Args:        []byte("[ {\"text\": \"hi\",\n\"password\":\"hunter2\"}, 1.50, [\"hunter2\"] ]"),
		Auth:        []byte(`{"token":"hunter2","n":{"a/b":"hunter2","c":1}}`),
		Attachments: make([]engine.Attachment, 2),
		Session:     &engine.Session{ID: "s1", EIO: 4, IP: "203.0.113.9", Transport: "websocket"},
		Identity:    &engine.Identity{Authenticated: true, Sub: "u1", Roles: []string{"member", "x"}},
	}
}

func decision() *engine.Decision {
	return &engine.Decision{
		ID: engine.ID{1}, Effect: engine.Deny, By: "policy", Took: 12345 * time.Nanosecond,
		Denial: engine.Denial{Code: engine.CodePolicyDenied, Custom: json.RawMessage(`"no_staff"`), Reason: "staff only", Data: json.RawMessage("{\n}")},
		Args:   []byte("[]"),
		Steps: []engine.Step{
			{Plugin: "sanitize", Mode: engine.Monitor, Took: time.Microsecond, Verdict: engine.Verdict{Effect: engine.Abstain,
				Labels: json.RawMessage(`{"score": 3}`), Err: errors.New("trap\nat 3")}},
			{Plugin: "policy", Verdict: engine.Verdict{Effect: engine.Deny, Rules: []string{"a.rego:1", "a.rego:2"}, Args: []byte("[]"),
				Denial: engine.Denial{Code: engine.CodePolicyDenied, Reason: "staff only"}}},
		},
	}
}

func line(t *testing.T, mask []string, in *engine.Input, d *engine.Decision) string {
	t.Helper()
	var m masks
	if err := m.parse(mask); err != nil {
		t.Fatal(err)
	}
	b := m.appendLine(nil, in, d)
	if !json.Valid(b) || bytes.ContainsAny(b, "\n\r") {
		t.Fatalf("not one line of JSON: %s", b)
	}
	return string(b)
}

func TestLine(t *testing.T) {
	got := line(t, []string{"auth", "args"}, input(), decision())
	want := `{"time":"2026-01-02T02:04:05.000678Z","decision_id":"` + engine.ID{1}.String() + `","kind":"event","direction":"in",` +
		`"namespace":"/chat","event":"message","room":"general","effect":"deny","code":"no_staff","reason":"staff only","data":{},"by":"policy",` +
		`"steps":[{"plugin":"sanitize","mode":"monitor","effect":"abstain","labels":{"score":3},"error":"trap\nat 3","us":1.0},` +
		`{"plugin":"policy","mode":"enforce","effect":"deny","code":100,"reason":"staff only","rules":["a.rego:1","a.rego:2"],"transformed":true,"us":0.0}],` +
		`"transformed":true,"session":{"id":"s1","ip":"203.0.113.9","transport":"websocket","eio":4},"identity":{"sub":"u1","roles":["member","x"]},"bytes":61,"attachments":2,"us":12.3,` +
		`"args":"***","auth":"***"}`
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	got = line(t, nil, &engine.Input{Kind: engine.Handshake, Direction: engine.In}, &engine.Decision{Effect: engine.Allow})
	want = `{"time":"0001-01-01T00:00:00.000000Z","decision_id":"` + engine.ID{}.String() + `","kind":"handshake","direction":"in",` +
		`"effect":"allow","transformed":false,"bytes":0,"us":0.0}`
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestMasks(t *testing.T) {
	tests := []struct {
		mask       []string
		args, auth string
	}{
		{nil, `[{"text":"hi","password":"hunter2"},1.50,["hunter2"]]`, `{"token":"hunter2","n":{"a/b":"hunter2","c":1}}`},
		{[]string{"args"}, `"***"`, `{"token":"hunter2","n":{"a/b":"hunter2","c":1}}`},
		{[]string{"/args/0/password", "/args/2"}, `[{"text":"hi","password":"***"},1.50,"***"]`, `{"token":"hunter2","n":{"a/b":"hunter2","c":1}}`},
		{[]string{"/auth/token", "/auth/n/a~1b"}, `[{"text":"hi","password":"hunter2"},1.50,["hunter2"]]`, `{"token":"***","n":{"a/b":"***","c":1}}`},
		{[]string{"/args/0/password", "args", "/auth/n"}, `"***"`, `{"token":"hunter2","n":"***"}`},
		{[]string{"/args/9/x", "/args/1/x", "/args/0/text/x"}, `[{"text":"hi","password":"hunter2"},1.50,["hunter2"]]`, `{"token":"hunter2","n":{"a/b":"hunter2","c":1}}`},
	}
	for _, tt := range tests {
		var got struct{ Args, Auth json.RawMessage }
		if err := json.Unmarshal([]byte(line(t, tt.mask, input(), decision())), &got); err != nil {
			t.Fatal(err)
		}
		if string(got.Args) != tt.args || string(got.Auth) != tt.auth {
			t.Errorf("%v: %s %s", tt.mask, got.Args, got.Auth)
		}
	}
	for _, bad := range []string{"", "session", "/session/id", "auth/token", "/"} {
		if err := new(masks).parse([]string{bad}); err == nil {
			t.Errorf("%q was accepted", bad)
		}
	}
}

// TestHidden looks for the secret anywhere in a line whose mask covers it, spelt with escapes too.
func TestHidden(t *testing.T) {
	in := input()
	in.Args = []byte(`[{"p\u0061ssword":"hunter2"}]`)
	in.Auth = []byte(`{"token":{"deep":["hunter2"]}}`)
	if got := line(t, []string{"/args/0/password", "/auth/token"}, in, decision()); strings.Contains(got, "hunter2") {
		t.Error(got)
	}
}

func TestHostileText(t *testing.T) {
	in, d := input(), decision()
	in.Event = "a\"\n{\xff\u2028" + strings.Repeat("é", maxText)
	in.Args = []byte("[1]\n{\"effect\":\"allow\"}")
	d.Data = json.RawMessage("}\n{")
	got := line(t, nil, in, d)
	if len(got) > 4096 || !strings.Contains(got, `"args":"*** not JSON"`) || !strings.Contains(got, `é…"`) {
		t.Errorf("%s", got)
	}
	in.Args = append(append([]byte(`["`), bytes.Repeat([]byte("x"), maxValue-4)...), '"', ']')
	if got := line(t, nil, in, d); len(got) < maxValue {
		t.Errorf("the largest value is not there: %.100s", got)
	}
	in.Args = append(in.Args[:2:2], in.Args[1:]...)
	in.Args[2] = 'x'
	if got := line(t, nil, in, d); !strings.Contains(got, `"args":"*** 65537 bytes"`) {
		t.Errorf("%.100s", got)
	}
}

// policyOf lasts, and says no more than what it depends on.
type policyOf engine.Verdict

func (p policyOf) Decide(context.Context, *engine.Input) engine.Verdict { return engine.Verdict(p) }

func (policyOf) Depends(dst []byte, _ *engine.Input) ([]byte, bool) { return dst, true }

// The line of a decision that is repeated is the one that it had, but for time, id and what it took.
func TestRepeatedLine(t *testing.T) {
	for _, v := range []engine.Verdict{{Effect: engine.Allow, Rules: []string{"a.rego:1"}, Labels: []byte(`{"a":1}`)}, {Effect: engine.Allow, Args: []byte("[]")},
		engine.Denied(engine.CodePolicyDenied, "no")} {
		e, err := engine.New(engine.Stage{Name: "policy", Phase: engine.Policy, Plugin: policyOf(v)})
		if err != nil {
			t.Fatal(err)
		}
		var lines []string
		in := input()
		in.Auth, in.Attachments, in.Shared = nil, nil, engine.NewShared(1<<16)
		for i := range 4 {
			d := e.Decide(t.Context(), in)
			if d.Repeated != (i > 0) || (d.Made != nil) != d.Repeated {
				t.Fatalf("%d: %+v", i, d)
			}
			d.ID, d.Took = engine.ID{}, 0
			if i == 0 {
				d.Steps[0].Took = 0
			}
			lines = append(lines, line(t, nil, in, &d))
		}
		if lines = slices.Compact(lines); len(lines) != 1 {
			t.Errorf("%s", strings.Join(lines, "\n"))
		}
	}
}

func FuzzLine(f *testing.F) {
	f.Add("message", []byte(`[{"a":1}]`), []byte(`{"token":"x"}`), "reason")
	f.Fuzz(func(t *testing.T, event string, args, auth []byte, reason string) {
		in, d := input(), decision()
		in.Event, in.Args, in.Auth, d.Reason = event, args, auth, reason
		line(t, []string{"/auth/token", "/args/0/a"}, in, d)
	})
}

func BenchmarkLine(b *testing.B) {
	var m masks
	_ = m.parse([]string{"auth", "args"})
	in, d := input(), decision()
	var buf []byte
	b.ReportAllocs()
	for b.Loop() {
		buf = m.appendLine(buf[:0], in, d)
	}
}

// A token may name very many roles; the line names the first.
func TestManyRoles(t *testing.T) {
	for n, want := range map[int]int{0: 0, maxRoles: maxRoles, maxRoles + 1: maxRoles} {
		in := input()
		in.Identity.Roles = slices.Repeat([]string{"role"}, n)
		if got := strings.Count(line(t, nil, in, decision()), `"role"`); got != want {
			t.Errorf("%d: %d", n, got)
		}
	}
}

// Times and durations are written as their formats say.
func TestAppendTime(t *testing.T) {
	begin := time.Date(2026, 1, 2, 3, 4, 5, 0, time.FixedZone("", 3600))
	for _, d := range []time.Duration{0, 1, 999, time.Microsecond, 10 * time.Microsecond, 123456789, time.Second - 1, time.Second, -1, 90 * time.Minute, -3 * time.Second, 400 * 24 * time.Hour} {
		at := begin.Add(d)
		if got, want := string(appendTime([]byte("_"), at)), "_"+at.UTC().Format(timeForm); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
	for d, want := range map[time.Duration]string{0: "0.0", 49: "0.0", 50: "0.1", 999: "1.0", 1000: "1.0", 12345678: "12345.7", -5: "0.0"} {
		if got := string(appendMicros(nil, d)); got != `,"us":`+want {
			t.Errorf("%d: %s, want %s", d, got, want)
		}
	}
}
