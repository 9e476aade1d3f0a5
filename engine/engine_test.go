package engine_test

import (
	"context"
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/siogw/siogw/engine"
)

// says is a plugin with one fixed answer that remembers what it was asked.
type says struct {
	verdict engine.Verdict
	asked   []engine.Input
}

func (s *says) Decide(_ context.Context, in *engine.Input) engine.Verdict {
	s.asked = append(s.asked, *in)
	return s.verdict
}

type panics struct{}

func (panics) Decide(context.Context, *engine.Input) engine.Verdict { panic("boom") }

func event() *engine.Input {
	return &engine.Input{Kind: engine.Event, Direction: engine.In, Namespace: "/chat", Event: "message", Args: []byte(`["hi"]`)}
}

var (
	allow   = engine.Verdict{Effect: engine.Allow}
	abstain = engine.Verdict{Effect: engine.Abstain}
	deny    = engine.Denied(engine.CodePolicyDenied, "no")
	broken  = engine.Failed(engine.CodePluginTimeout, errors.New("spun"))
)

func stage(name string, p engine.Plugin, change func(*engine.Stage)) engine.Stage {
	s := engine.Stage{Name: name, Plugin: p, Phase: engine.Policy}
	if change != nil {
		change(&s)
	}
	return s
}

func decide(t *testing.T, in *engine.Input, stages ...engine.Stage) engine.Decision {
	t.Helper()
	e, err := engine.New(stages...)
	if err != nil {
		t.Fatal(err)
	}
	return e.Decide(t.Context(), in)
}

func TestCombination(t *testing.T) {
	mode := func(m engine.Mode) func(*engine.Stage) { return func(s *engine.Stage) { s.Mode = m } }
	onError := func(e engine.Effect) func(*engine.Stage) { return func(s *engine.Stage) { s.OnError = e } }
	for name, c := range map[string]struct {
		stages []engine.Stage
		effect engine.Effect
		code   engine.Code
		by     string
	}{
		"nothing denies":                {nil, engine.Deny, engine.CodeNoVerdict, ""},
		"one allow":                     {[]engine.Stage{stage("a", &says{verdict: allow}, nil)}, engine.Allow, 0, ""},
		"all abstain denies":            {[]engine.Stage{stage("a", &says{verdict: abstain}, nil)}, engine.Deny, engine.CodeNoVerdict, ""},
		"abstain leaves it to others":   {[]engine.Stage{stage("a", &says{verdict: abstain}, nil), stage("b", &says{verdict: allow}, nil)}, engine.Allow, 0, ""},
		"deny overrides before":         {[]engine.Stage{stage("a", &says{verdict: deny}, nil), stage("b", &says{verdict: allow}, nil)}, engine.Deny, engine.CodePolicyDenied, "a"},
		"deny overrides after":          {[]engine.Stage{stage("a", &says{verdict: allow}, nil), stage("b", &says{verdict: deny}, nil)}, engine.Deny, engine.CodePolicyDenied, "b"},
		"zero verdict denies":           {[]engine.Stage{stage("a", &says{}, nil)}, engine.Deny, engine.CodePluginError, "a"},
		"unknown effect denies":         {[]engine.Stage{stage("a", &says{verdict: engine.Verdict{Effect: 9}}, nil)}, engine.Deny, engine.CodePluginError, "a"},
		"panic denies":                  {[]engine.Stage{stage("a", panics{}, nil)}, engine.Deny, engine.CodePluginError, "a"},
		"failure denies":                {[]engine.Stage{stage("a", &says{verdict: broken}, nil)}, engine.Deny, engine.CodePluginTimeout, "a"},
		"error beside allow denies":     {[]engine.Stage{stage("a", &says{verdict: engine.Verdict{Effect: engine.Allow, Err: errors.New("x")}}, nil)}, engine.Deny, engine.CodePluginError, "a"},
		"on_error allow":                {[]engine.Stage{stage("a", &says{verdict: broken}, onError(engine.Allow))}, engine.Allow, 0, ""},
		"on_error abstain":              {[]engine.Stage{stage("a", &says{verdict: broken}, onError(engine.Abstain)), stage("b", &says{verdict: allow}, nil)}, engine.Allow, 0, ""},
		"on_error does not soften no":   {[]engine.Stage{stage("a", &says{verdict: deny}, onError(engine.Allow))}, engine.Deny, engine.CodePolicyDenied, "a"},
		"monitored deny does not count": {[]engine.Stage{stage("a", &says{verdict: deny}, mode(engine.Monitor))}, engine.Allow, 0, ""},
		"monitored beside enforced":     {[]engine.Stage{stage("a", &says{verdict: allow}, mode(engine.Monitor)), stage("b", &says{verdict: deny}, nil)}, engine.Deny, engine.CodePolicyDenied, "b"},
		"off is not asked":              {[]engine.Stage{stage("a", &says{verdict: deny}, mode(engine.Off)), stage("b", &says{verdict: allow}, nil)}, engine.Allow, 0, ""},
		"only off denies":               {[]engine.Stage{stage("a", &says{verdict: allow}, mode(engine.Off))}, engine.Deny, engine.CodeNoVerdict, ""},
	} {
		t.Run(name, func(t *testing.T) {
			d := decide(t, event(), c.stages...)
			if d.Effect != c.effect || d.Code != c.code || d.By != c.by {
				t.Errorf("got %v code %d by %q, want %v code %d by %q", d.Effect, d.Code, d.By, c.effect, c.code, c.by)
			}
			if d.Effect == engine.Deny && d.Reason == "" {
				t.Error("a denial without a reason")
			}
			if d.ID == (engine.ID{}) {
				t.Error("a decision without an id")
			}
		})
	}
}

func TestZeroValuesDeny(t *testing.T) {
	var e engine.Engine
	if d := e.Decide(t.Context(), event()); d.Effect != engine.Deny {
		t.Error("the zero engine allows")
	}
	always, _ := engine.New(stage("a", &says{verdict: allow}, nil))
	for name, in := range map[string]*engine.Input{
		"no kind":      {Direction: engine.In},
		"no direction": {Kind: engine.Event},
		"disconnect":   {Kind: engine.Disconnect, Direction: engine.In},
	} {
		if d := always.Decide(t.Context(), in); d.Effect != engine.Deny {
			t.Errorf("%s is allowed", name)
		}
	}
}

func TestPhasesAndChanges(t *testing.T) {
	clean := &says{verdict: engine.Verdict{Effect: engine.Allow, Args: []byte(`["clean"]`), Labels: json.RawMessage(`{"score":3}`)}}
	policy := &says{verdict: allow}
	after := &says{verdict: allow}
	in := event()
	d := decide(t, in,
		stage("after", after, func(s *engine.Stage) { s.Phase = engine.AfterPolicy }),
		stage("policy", policy, nil),
		stage("clean", clean, func(s *engine.Stage) { s.Phase = engine.BeforePolicy }))
	if got := []string{d.Steps[0].Plugin, d.Steps[1].Plugin, d.Steps[2].Plugin}; got[0] != "clean" || got[1] != "policy" || got[2] != "after" {
		t.Errorf("asked in the order %v", got)
	}
	seen := policy.asked[0]
	if string(seen.Args) != `["clean"]` || len(seen.Plugins) != 1 || seen.Plugins[0].Plugin != "clean" || string(seen.Plugins[0].Labels) != `{"score":3}` {
		t.Errorf("the policy saw %s and %v", seen.Args, seen.Plugins)
	}
	if string(d.Args) != `["clean"]` || !d.Transformed() {
		t.Errorf("the decision forwards %s", d.Args)
	}
	if string(in.Args) != `["hi"]` || in.Plugins != nil {
		t.Error("the caller's input was changed")
	}
}

func TestChangesThatDoNotCount(t *testing.T) {
	change := engine.Verdict{Effect: engine.Allow, Args: []byte(`["x"]`)}
	for name, c := range map[string][]engine.Stage{
		"monitored": {stage("a", &says{verdict: change}, func(s *engine.Stage) { s.Mode = engine.Monitor })},
		"denied":    {stage("a", &says{verdict: change}, nil), stage("b", &says{verdict: deny}, nil)},
		"failed": {stage("a", &says{verdict: engine.Verdict{Effect: engine.Allow, Args: []byte(`["x"]`), Err: errors.New("late")}},
			func(s *engine.Stage) { s.OnError = engine.Allow })},
	} {
		t.Run(name, func(t *testing.T) {
			if d := decide(t, event(), c...); d.Transformed() {
				t.Errorf("the decision forwards %s", d.Args)
			}
		})
	}
}

func TestMatch(t *testing.T) {
	for name, c := range map[string]struct {
		match engine.Match
		asked bool
	}{
		"empty":           {engine.Match{}, true},
		"all fit":         {engine.Match{Kinds: []engine.Kind{engine.Event}, Directions: []engine.Direction{engine.In}, Namespaces: []string{"/chat"}, Events: []string{"x", "message"}}, true},
		"other kind":      {engine.Match{Kinds: []engine.Kind{engine.Emit}}, false},
		"other direction": {engine.Match{Directions: []engine.Direction{engine.Out}}, false},
		"other namespace": {engine.Match{Namespaces: []string{"/"}}, false},
		"other event":     {engine.Match{Events: []string{"x"}}, false},
	} {
		t.Run(name, func(t *testing.T) {
			p := &says{verdict: allow}
			decide(t, event(), stage("a", p, func(s *engine.Stage) { s.Match = c.match }))
			if asked := len(p.asked) == 1; asked != c.asked {
				t.Errorf("asked: %v", asked)
			}
		})
	}
}

// waits answers only when its time is over.
type waits struct{}

func (waits) Decide(ctx context.Context, _ *engine.Input) engine.Verdict {
	<-ctx.Done()
	return engine.Failed(engine.CodePluginTimeout, ctx.Err())
}

func TestTimeoutReachesThePlugin(t *testing.T) {
	d := decide(t, event(), stage("slow", waits{}, func(s *engine.Stage) { s.Timeout = time.Millisecond }))
	if d.Effect != engine.Deny || d.Code != engine.CodePluginTimeout || !errors.Is(d.Steps[0].Verdict.Err, context.DeadlineExceeded) {
		t.Errorf("got %v code %d err %v", d.Effect, d.Code, d.Steps[0].Verdict.Err)
	}
}

func TestNewRefusesHalfStages(t *testing.T) {
	p := &says{verdict: allow}
	for name, stages := range map[string][]engine.Stage{
		"no name":   {{Plugin: p, Phase: engine.Policy}},
		"no plugin": {{Name: "a", Phase: engine.Policy}},
		"no phase":  {{Name: "a", Plugin: p}},
		"bad phase": {{Name: "a", Plugin: p, Phase: 9}},
		"twice":     {stage("a", p, nil), stage("a", p, nil)},
	} {
		if _, err := engine.New(stages...); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func TestNames(t *testing.T) {
	for k := engine.Handshake; k <= engine.Disconnect; k++ {
		if got, ok := engine.ParseKind(k.String()); !ok || got != k {
			t.Errorf("kind %d does not survive its name %q", k, k)
		}
	}
	if _, ok := engine.ParseKind(""); ok {
		t.Error("the empty name is a kind")
	}
	a, b := engine.NewID(), engine.NewID()
	if string(a.Append([]byte("_"))) != "_"+a.String() {
		t.Error("an id is appended as another")
	}
	if a == b || len(a.String()) != 26 {
		t.Errorf("ids %v and %v", a, b)
	}
	custom := engine.Denial{Code: 100, Custom: json.RawMessage(`"mine"`)}
	if string(custom.Shown()) != `"mine"` || string((&engine.Denial{Code: 100}).Shown()) != "100" {
		t.Error("the code that a client sees is wrong")
	}
}

func TestFormsAreMadeOnce(t *testing.T) {
	var f engine.Forms
	type key struct{}
	made := 0
	for range 3 {
		if got := f.Get(key{}, func() any { made++; return made }); got != 1 {
			t.Errorf("got %v", got)
		}
	}
	if other := f.Get("other", func() any { return "o" }); other != "o" {
		t.Errorf("another key gave %v", other)
	}
}

func BenchmarkDecide(b *testing.B) {
	e, _ := engine.New(stage("a", always{}, nil))
	in := event()
	b.ReportAllocs()
	for b.Loop() {
		if d := e.Decide(context.Background(), in); d.Effect != engine.Allow {
			b.Fatal("denied")
		}
	}
}

type always struct{}

func (always) Decide(context.Context, *engine.Input) engine.Verdict { return allow }
