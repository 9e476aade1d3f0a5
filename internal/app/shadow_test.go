package app

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/siogw/siogw/engine"
	"github.com/siogw/siogw/plugins/rego"
)

const inForce = `package siogw.authz

allow if input.kind == "event"

deny contains {"code": "long", "reason": "too long"} if { input.event == "message"; count(input.args[0]) > 5 }

transform := [{"op": "replace", "path": "/args/0", "value": "***"}] if input.args[0] == "bad"
`

const inShadow = `package siogw.authz

allow if { input.kind == "event"; input.event != "draft" }

deny contains {"code": "long", "reason": "at most 5"} if { input.event == "message"; count(input.args[0]) > 5 }

deny contains {"code": "rude", "reason": "be kind"} if { input.event == "message"; input.args[0] == "rude" }

deny contains "error" if { input.event == "broken"; to_number(input.args[0]) > 1 }

transform := [{"op": "replace", "path": "/args/0", "value": "…"}] if input.args[0] == "bad"
`

func says(event, text string) *engine.Input {
	return &engine.Input{Kind: engine.Event, Direction: engine.In, Namespace: "/", Event: event, Args: fmt.Appendf(nil, "[%q]", text),
		Session: &engine.Session{ID: "s1"}}
}

// withShadow starts an App with a policy and its shadow.
func withShadow(t *testing.T, enforced, second, extra string, log *lines) *App {
	t.Helper()
	dir := folder(t, map[string]string{"p.rego": enforced, "s.rego": second})
	cfg := parse(t, dir, least+"policy: { paths: [p.rego], timeout: 10s, shadow: { paths: [s.rego], timeout: 10s"+extra+" } }\n")
	o := Options{}
	if log != nil {
		o.Logger = slog.New(slog.NewTextHandler(log, nil))
	}
	a, err := New(t.Context(), cfg, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := a.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return a
}

// TestShadow: what the second policy says never counts; each way to differ is counted by rule and logged with both sides.
func TestShadow(t *testing.T) {
	var log lines
	a := withShadow(t, inForce, inShadow, "", &log)
	for _, in := range []*engine.Input{says("message", "hi"), says("message", "rude"), says("message", "rude"), says("message", "toolong"),
		says("message", "bad"), says("draft", "x"), says("broken", "x")} {
		before := bytes.Clone(in.Args)
		d := a.current.Load().judge.Engine.Decide(t.Context(), in)
		copy(in.Args, "\xff\xff\xff") // only the call may read it
		want := "allow"
		if strings.Contains(string(before), "toolong") {
			want = "deny"
		}
		if d.Effect.String() != want || len(d.Steps) != 1 || d.Steps[0].Verdict.Err != nil {
			t.Errorf("%s: %+v", before, d)
		}
	}
	waitFor(t, "the shadow", func() bool { return a.keep.shadow.asked.Load() == 7 })
	_, metrics := scrape(t, a.Admin(), "/metrics")
	for _, want := range []string{
		"siogw_shadow_decisions_total 7", "siogw_shadow_errors_total 1", "siogw_shadow_dropped_total 0",
		`siogw_shadow_disagreements_total{differs="effect",direction="in",event="message",kind="event",rule="SHADOW:7"} 2`,
		`siogw_shadow_disagreements_total{differs="reason",direction="in",event="message",kind="event",rule="SHADOW:5"} 1`,
		`siogw_shadow_disagreements_total{differs="transform",direction="in",event="message",kind="event",rule="SHADOW:3"} 1`,
		`siogw_shadow_disagreements_total{differs="effect",direction="in",event="",kind="event",rule="POLICY:3"} 1`, // draft: the rule that allows
		`siogw_shadow_disagreements_total{differs="effect",direction="in",event="broken",kind="event",rule="POLICY:3"} 1`,
	} {
		dir := filepath.Dir(string(a.cfg.Policy.Paths[0]))
		want = strings.NewReplacer("SHADOW", dir+"/s.rego", "POLICY", dir+"/p.rego").Replace(want)
		waitFor(t, want, func() bool {
			_, metrics = scrape(t, a.Admin(), "/metrics")
			return strings.Contains(metrics, want+"\n")
		})
	}
	for _, want := range []string{`differs=effect kind=event direction=in namespace=/ event=message session=s1 policy=allow policy_rules=`,
		`shadow="deny \"rude\"" shadow_reason="be kind" shadow_rules=`, `policy="deny \"long\"" policy_reason="too long"`, `event=draft`, `error=`} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("lacks %s\n%s", want, log.String())
		}
	}
}

// TestShadowSample: one packet of so many.
func TestShadowSample(t *testing.T) {
	a := withShadow(t, inForce, inShadow, ", sample: 3", nil)
	for range 8 {
		a.current.Load().judge.Engine.Decide(t.Context(), says("message", "hi"))
	}
	waitFor(t, "the shadow", func() bool { return a.keep.shadow.asked.Load() == 2 })
	if n := a.keep.shadow.dropped.Load(); n != 0 {
		t.Error(n)
	}
}

// TestShadowReload: the counters go on, the policies are the new ones, and a bad shadow is refused with the rest.
func TestShadowReload(t *testing.T) {
	a := withShadow(t, inForce, inShadow, "", nil)
	dir := filepath.Dir(string(a.cfg.Policy.Paths[0]))
	decide := func() { a.current.Load().judge.Engine.Decide(t.Context(), says("message", "rude")) }
	decide()
	waitFor(t, "the first", func() bool { return a.keep.shadow.asked.Load() == 1 })
	if err := os.WriteFile(filepath.Join(dir, "s.rego"), []byte("package siogw.authz\n\nallow if input.sesion"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := a.Reload(t.Context(), a.cfg); err == nil || !strings.Contains(err.Error(), "input.sesion") {
		t.Errorf("a bad shadow: %v", err)
	}
	decide()
	waitFor(t, "the old one", func() bool { return a.keep.shadow.asked.Load() == 2 })
	if err := os.WriteFile(filepath.Join(dir, "s.rego"), []byte(inForce), 0o600); err != nil {
		t.Fatal(err)
	}
	if r, err := a.Reload(t.Context(), a.cfg); err != nil || fmt.Sprint(r.Changed) != "[policy]" {
		t.Fatal(r, err)
	}
	decide()
	waitFor(t, "the new one", func() bool { return a.keep.shadow.asked.Load() == 3 })
	a.keep.shadow.mu.Lock()
	defer a.keep.shadow.mu.Unlock()
	total := uint64(0)
	for _, n := range a.keep.shadow.disagree {
		total += n
	}
	if total != 2 {
		t.Errorf("%v", a.keep.shadow.disagree)
	}
}

// allowing is a plugin that allows.
type allowing struct{}

func (allowing) Decide(context.Context, *engine.Input) engine.Verdict {
	return engine.Verdict{Effect: engine.Allow}
}

// TestShadowBounds: what waits for the shadow is bounded in number and in bytes, and nobody waits for it.
func TestShadowBounds(t *testing.T) {
	for n, dropped := range map[int]uint64{shadowWaiting: 0, shadowWaiting + 2: 2} {
		s := &shadow{enforced: allowing{}, sample: 1, counts: &shadowCounts{}, queue: make(chan shadowed, shadowWaiting)} // nobody takes
		for range n {
			s.Decide(t.Context(), says("message", "x"))
		}
		if got := s.counts.dropped.Load(); got != dropped {
			t.Errorf("%d waiting: %d dropped", n, got)
		}
	}
	for n, dropped := range map[int]uint64{shadowBytes: 0, shadowBytes + 1: 1} {
		s := &shadow{enforced: allowing{}, sample: 1, counts: &shadowCounts{}, queue: make(chan shadowed, shadowWaiting)}
		in := says("message", "")
		in.Attachments = []engine.Attachment{{Data: make([]byte, n-len(in.Args))}}
		s.Decide(t.Context(), in)
		if got := s.counts.dropped.Load(); got != dropped || dropped > 0 && s.waiting.Load() != 0 {
			t.Errorf("%d bytes: %d dropped, %d waiting", n, got, s.waiting.Load())
		}
	}
	var c shadowCounts
	for i := range maxShadowKeys + 2 {
		c.add(&disagreement{in: says("x", ""), differs: "effect", shadowRules: []string{fmt.Sprint("p.rego:", i)}}, false)
	}
	if n := c.disagree[shadowKey{engine.Event, engine.In, "", "other", "effect"}]; n != 2 || len(c.disagree) != maxShadowKeys+1 {
		t.Errorf("%d other, %d keys", n, len(c.disagree))
	}
}

// TestShadowPanic: a bug in the shadow ends nothing.
func TestShadowPanic(t *testing.T) {
	var log lines
	s := &shadow{second: (*rego.Policy)(nil), counts: &shadowCounts{}, log: &shadowLog{to: slog.New(slog.NewTextHandler(&log, nil))}}
	s.judge(t.Context(), &shadowed{in: says("x", "")})
	if s.counts.failed.Load() != 1 || !strings.Contains(log.String(), "the shadow policy failed") {
		t.Error(s.counts.failed.Load(), log.String())
	}
}

// TestShadowLog: so many lines a second, the others are counted.
func TestShadowLog(t *testing.T) {
	var log lines
	l := &shadowLog{to: slog.New(slog.NewTextHandler(&log, nil))}
	l.disagreement(&disagreement{in: says(strings.Repeat("é", 300), ""), differs: "effect"})
	if !strings.Contains(log.String(), "é…") || strings.Count(log.String(), "é") > 100 {
		t.Error(log.String())
	}
	now := l.second
	for l.lines = 0; l.lines < maxShadowLines; {
		if !l.room(time.Unix(now, 0)) {
			t.Fatal(l.lines)
		}
	}
	if l.room(time.Unix(now, 0)) || l.missed != 1 || !l.room(time.Unix(now+1, 0)) {
		t.Error(l.lines, l.missed)
	}
}

// Offline tools load the shadow, for its mistakes, and do not ask it.
func TestShadowOffline(t *testing.T) {
	dir := folder(t, map[string]string{"s.rego": inShadow})
	j, err := NewJudge(t.Context(), parse(t, dir, least+"policy: { shadow: { paths: [s.rego] } }\n"), JudgeOptions{})
	if err != nil || j.Shadow == nil || j.shadow != nil {
		t.Fatalf("%+v %v", j, err)
	}
	if err := j.Close(t.Context()); err != nil {
		t.Error(err)
	}
}
