package rego

import (
	"context"
	"reflect"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/siogw/siogw/engine"
	"github.com/siogw/siogw/plugins/rego/closures"
	"github.com/siogw/siogw/policies"
)

// twins loads a policy for both evaluators, without a memo.
func twins(text, lib, more string) (swift, slow *Policy, err error) {
	for _, p := range []**Policy{&swift, &slow} {
		*p, err = load(text, func(o *Options) {
			o.Schema, o.Topdown = []byte("{}"), p == &slow
			o.Files.(fstest.MapFS)["lib.rego"] = &fstest.MapFile{Data: []byte(lib)}
			o.Files.(fstest.MapFS)["more.rego"] = &fstest.MapFile{Data: []byte(more)}
			o.Files.(fstest.MapFS)["data.json"] = &fstest.MapFile{Data: []byte(`{"d": {"a": 1, "general": 1, "1": 2}, "l": ["a", 1, {"a": "b"}],
				"u": [{"n": "a", "r": ["x", "a"]}, {"n": "b", "r": []}]}`)}
		})
		if err != nil {
			return nil, nil, err
		}
	}
	return swift, slow, nil
}

// more is a line of a body over what the plan of a query does in other ways than the evaluator.
func (g *grammar) more() string {
	p, q, v, x := g.path(), g.path(), g.value(), g.local()
	return strings.NewReplacer("P", p, "Q", q, "V", v, "X", x).Replace(g.of(
		"more.grants[P][Q]", "V in more.grants[P]", "more.tree[P].k == Q", `more.tree["a"][P] == V`, "some X; more.tree[X].k == V",
		"{X: 1 | some X in P} == {Q: 1}", "{X | some X in P} & {V} == {V}", "count({X: Y | some X, Y in P}) > 0", "[X | some X in P] == [V]",
		"more.g(P, Q) == V", "more.g(P, Q)", "not more.g(P, Q)", "X := more.g(P, Q); X != V", "more.k(P) == V", "some X in more.all; X == P",
		"data.l[P] == V", "data.l[1] == P", "data.d[P]", "some X; data.d[X] == P", "data.u[X].n == P; data.u[X].r[_] == V", "data.u[_].r == P",
		"more.grants == {} with input.args as [V]", "more.g(P, Q) with data.d as {\"a\": V}", "more.k(P) == V with more.n as P",
		"more.k(P) with more.h as more.h2", "count(more.all) == 1 with input as {\"args\": [P]}", "more.n == V with input.args as P with data.u as [V]",
		"not more.n == 1 with count as 1", "count(P) == 7 with count as 7", "X := data.more[\"n\"]; X == V", "X := data.more[P]; X == V",
		"data.lib[P]", "every X in P { X in Q }", "every X, Y in P { Q[X] == Y }", "not P == Q", "[X, V] = P", "{\"a\": X} = P; X == V",
		"[P, X] == [Q, X]; X := V", "object.union(P, Q) == {}", "P < Q", "P <= V", "startswith(P, Q)", "contains(P, V)", "concat(\",\", P) == V",
		"walk(P, [X, V]); count(X) > 0", "time.now_ns() > 0", "union({P, {V}}) == {V}", "P[_] == Q[_]", "P[X] == Q[X]", "X = P[X]", "sum(P) == V",
		"{\"a\", 1, [2, {\"b\": {3}}]} != P", "P == {\"b\": 1, \"a\": [V]}", "X := {\"k\": P, \"l\": [Q]}; X.k == X.l[0]", "regex.match(V, P)",
		"X := [1, 2, 3][P]; X > 1", "{\"a\": 1, \"b\": 2}[P] == V", "{1, \"a\", null}[P]", "P == [V][_]", "json.unmarshal(P) == V", "object.get(P, Q, V)"))
}

// moreHelpers gives the text of package more.
func (g *grammar) moreHelpers() string {
	b := "package more\n" + strings.NewReplacer("P", g.path(), "Q", g.path(), "V", g.value(), "W", g.value()).Replace(`
		grants[x] contains y if { some x in P; some y in Q }
		grants[x] contains V if { x := P }
		tree[x][y] := V if { x := P; y := "k" }
		tree[x].k := W if { some x in Q }
		g(x, y) := 1 if x == y
		g(x, y) := z if { z := x[y] }
		g(x, V) := W
		k(x) := h(x) if n
		else := 2 if x == P
		else := V
		h(x) := x if x != V
		h2(x) := [x]
		n := 1 if P == V
		n := 1 if to_number(Q) > 0
		n := 1 if count(P) > 0
		all contains x if x := data.u[_].n
		all contains P
		by[i] := u.n if some i, u in data.u
		obj := {k: v | some k, v in P}
	`)
	if g.IntN(4) == 0 {
		b += "n := " + g.value() + " if " + g.path() + "\n"
	}
	return b
}

// extended gives a policy with lines of both grammars, and its packages.
func (g *grammar) extended() (text, lib string) {
	text = "import data.more\n" + g.policy()
	for range 1 + g.IntN(3) {
		text += "allow if {\n\t" + g.more() + "\n" + g.of("\t"+g.expr(1)+"\n", "", "\t"+g.more()+"\n") + "}\n"
	}
	text += "deny contains " + g.of(`"m"`, `sprintf("%v", [more.obj])`, "more.by", "{\"data\": more.tree}") + " if {\n\t" + g.more() + "\n\t" + g.guard() + "\n}\n"
	return text, g.helpers()
}

// compareTwins decides a row of inputs with both evaluators.
func (g *grammar) compareTwins(t *testing.T, swift, slow *Policy, text string) {
	t.Helper()
	in := &engine.Input{Kind: engine.Event, Direction: engine.In, Time: at, Namespace: "/a", Event: "a", Args: g.args()}
	for range 60 {
		g.change(in)
		got, want := decide(t, swift, in), decide(t, slow, in)
		got.Err, want.Err = reason(got.Err), reason(want.Err)
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("closures %+v\ntopdown  %+v\ninput %+v\nargs %s auth %s\n%s", got, want, in, in.Args, in.Auth, text)
		}
	}
}

// loadTwins makes a policy of the grammar; swift is nil when none loads.
func (g *grammar) loadTwins() (swift, slow *Policy, text string) {
	for range 20 {
		text, lib := g.extended()
		more := g.moreHelpers()
		if swift, slow, err := twins(text, lib, more); err == nil {
			return swift, slow, text + lib + more
		}
	}
	return nil, nil, ""
}

// A decision by closures is topdown's, for any policy and any row of inputs.
func FuzzClosures(f *testing.F) {
	for seed := range uint64(20) {
		f.Add(seed, uint64(3))
	}
	f.Fuzz(func(t *testing.T, a, b uint64) {
		g := newGrammar(a, b)
		if swift, slow, text := g.loadTwins(); swift != nil {
			g.compareTwins(t, swift, slow, text)
		}
	})
}

// The grammar makes policies that load, and closures serve them without help: the comparison is not an idle one.
func TestClosuresGrammar(t *testing.T) {
	loaded, refused, asked, alone := 0, map[string]int{}, 0, 0
	for seed := range uint64(150) {
		g := newGrammar(seed, 2)
		swift, slow, text := g.loadTwins()
		if swift == nil {
			continue
		}
		loaded++
		if name, why := swift.Evaluator(); name != EvaluatorClosures {
			refused[why]++
			continue
		}
		g.compareTwins(t, swift, slow, text)
		for range 10 {
			in := &engine.Input{Kind: engine.Event, Direction: engine.In, Time: at, Namespace: "/a", Event: g.of("a", "b"), Args: g.args()}
			input, err := swift.reads.input(in)
			if err != nil {
				continue
			}
			asked++
			if swift.full.program.Run(context.Background(), closures.Eval{Input: ast.NewTerm(input), Time: at}, func([]*ast.Term) {}) == nil {
				alone++
			}
		}
	}
	t.Logf("%d of 150 policies load, %d are left to topdown %v; of %d decisions the closures make %d alone", loaded, sumOf(refused), refused, asked, alone)
	if loaded < 120 || sumOf(refused) > loaded/4 || alone < asked/4 {
		t.Errorf("%d policies, %d refused, %d of %d", loaded, sumOf(refused), alone, asked)
	}
}

func sumOf(m map[string]int) (n int) {
	for _, v := range m {
		n += v
	}
	return n
}

// Where closures meet an error, topdown tells it; where they serve, nobody else is asked.
func TestHanded(t *testing.T) {
	p := policy(t, "allow if to_number(input.args[0]) == 1")
	for i, c := range []struct {
		args   string
		code   engine.Code
		handed uint64
	}{{`["1"]`, 0, 0}, {`["2"]`, engine.CodePolicyUndefined, 0}, {`["x"]`, engine.CodePolicyError, 1}, {`["1"]`, 0, 1}} {
		if v := decide(t, p, message(c.args)); v.Code != c.code || p.Handed() != c.handed {
			t.Errorf("%d: %+v, %d handed", i, v, p.Handed())
		}
	}
}

func TestEvaluator(t *testing.T) {
	for _, c := range []struct {
		text      string
		topdown   bool
		name, why string
	}{
		{"allow if input.kind", false, EvaluatorClosures, ""},
		{"allow if input.kind", true, EvaluatorTopdown, ""},
		{"allow if rand.intn(\"a\", 2) == 5\nallow if input.kind", false, EvaluatorTopdown, "p.rego:2: rand.intn depends on more than its operands"},
		{"allow if time.now_ns() > 0", false, EvaluatorClosures, ""},
		{"allow if input.kind\nunused := rand.intn(\"a\", 2)", false, EvaluatorClosures, ""},
	} {
		p := policy(t, c.text, func(o *Options) { o.Topdown = c.topdown })
		name, why := p.Evaluator()
		if v := decide(t, p, message("[]")); name != c.name || why != c.why || v.Effect != engine.Allow {
			t.Errorf("%s: %s, %q, %+v", c.text, name, why, v)
		}
	}
}

// The policies that come with the program, and those of examples, are compiled.
func TestOwnPoliciesCompile(t *testing.T) {
	for _, o := range []Options{{Files: policies.Baseline()}, {Files: usesLibrary}, {Paths: []string{"testdata"}}, {Paths: []string{"../../test/bench/policy.rego"}}} {
		p, err := Load(context.Background(), o)
		if err != nil {
			t.Fatal(err)
		}
		if name, why := p.Evaluator(); name != EvaluatorClosures {
			t.Error(why)
		}
	}
}
