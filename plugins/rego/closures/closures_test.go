package closures

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/topdown"
	"github.com/open-policy-agent/opa/v1/types"
)

// program compiles data.t.p of one module.
func program(t *testing.T, text string) (*Program, error) {
	t.Helper()
	o := one{modules: map[string]string{"t.rego": "package t\n" + text}, query: "x = data.t.p", options: ast.ParserOptions{RegoVersion: ast.RegoV1},
		data: map[string]any{"many": make([]any, 100_000)}}
	s, _, _ := o.compile(t)
	s.Query = ast.MustParseBody(o.query)
	return Compile(t.Context(), s)
}

func mustProgram(t *testing.T, text string) *Program {
	t.Helper()
	p, err := program(t, text)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// eval gives the value of p as text, and how often Stop was asked; it says so from the ask-th time on.
func eval(p *Program, input string, ask int) (text string, asked int, err error) {
	stop := stopAt{at: ask}
	err = p.Run(context.Background(), Eval{Input: ast.MustParseTerm(input), Stop: &stop}, func(v []*ast.Term) { text += v[0].String() })
	return text, stop.asked, err
}

const never = 1 << 30

type stopAt struct{ at, asked int }

func (s *stopAt) Cancel() { s.at = 0 }

func (s *stopAt) Cancelled() bool {
	s.asked++
	return s.asked >= s.at
}

// Loops, and calls of OPA's functions, ask whether to stop; so does each evaluation first.
func TestStop(t *testing.T) {
	for _, text := range []string{
		`p := count([1 | some x in numbers.range(1, 2000); some y in numbers.range(1, 2000); x == y; input.a])`,
		`p if { some x in data.many; not x; input.b }`,
		`p := [x | some i in numbers.range(1, 200); x := upper(input.a)]`,
	} {
		p := mustProgram(t, text)
		for _, at := range []int{1, 2, 30} {
			if _, asked, err := eval(p, `{"a": "a"}`, at); !errors.Is(err, ErrStopped) || asked != at {
				t.Errorf("%s: asked %d times, stopped at %d: %v", text, asked, at, err)
			}
		}
	}
	p := mustProgram(t, `p := input.a`)
	if got, asked, err := eval(p, `{"a": 1}`, 3); got != "1" || asked != 2 || err != nil {
		t.Errorf("%s %d %v", got, asked, err)
	}
}

func TestManyBodies(t *testing.T) {
	for n, want := range map[int]bool{maxBlocks/2 - 1: true, maxBlocks / 2: false} { // and a block that returns
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, "p if input.a == %d\n", i)
		}
		p, err := program(t, b.String())
		if (err == nil) != want || err != nil && !strings.HasPrefix(err.Error(), "data.t.p has very many bodies") {
			t.Errorf("%d: %v", n, err)
		}
		if err != nil {
			continue
		}
		if got, _, err := eval(p, fmt.Sprintf(`{"a": %d}`, n-1), never); got != "true" || err != nil {
			t.Errorf("%d: %s %v", n, got, err)
		}
	}
}

func TestUnsupported(t *testing.T) {
	for text, want := range map[string]string{
		"p := 1\nq := rand.intn(\"a\", 5)":        "",
		"p := rand.intn(\"a\", 5)":                "t.rego:2: rand.intn depends on more than its operands",
		"p if {\n\tinput.x\n\topa.runtime().a\n}": "t.rego:4: opa.runtime depends on more than its operands",
	} {
		_, err := program(t, text)
		var u *Unsupported
		if want == "" && err != nil || want != "" && (!errors.As(err, &u) || u.Error() != want) {
			t.Errorf("%s: %v, want %s", text, err, want)
		}
	}
}

// What is defined is not looked for any longer, unless what is left could fail: the evaluator may meet that first.
func TestQuit(t *testing.T) {
	const loop = `some x in data.many; x == input.c`
	for text, want := range map[string]bool{
		"p if input.a\np if { " + loop + " }":                                 true,
		"default p := false\np if input.a\np if { " + loop + " }":             true,
		"p if { input.a; q }\nq if input.a\nq if { " + loop + " }":            true,
		"p := 1 if input.a\np := 2 if { " + loop + " }":                       false,
		"p if input.a\np if { " + loop + "; startswith(x, input.a) }":         false,
		"p contains 1 if input.a\np contains 1 if { " + loop + " }":           false,
		"p := 1 if input.a\nelse := 2 if input.b\np := 1 if { " + loop + " }": false,
	} {
		if _, _, err := eval(mustProgram(t, text), `{"a": "a", "c": 1}`, 50); (err == nil) != want {
			t.Errorf("%s: %v", text, err)
		}
	}
	p := mustProgram(t, "p if input.a == 1\np if to_number(input.b) == 1")
	if got, _, err := eval(p, `{"a": 1, "b": "x"}`, never); err == nil {
		t.Errorf("gives %s, and does not fail", got)
	}
}

// A rule that depends on data alone is evaluated once for all; under another data it is evaluated anew.
func TestFixed(t *testing.T) {
	p := mustProgram(t, `
		n := count([1 | some x in data.many; x == null])
		p := [n, m, input.a]
		m := x if { x := n with data.many as [null] }`)
	for i, ask := range []int{never, 50} {
		if got, _, err := eval(p, fmt.Sprintf(`{"a": %d}`, i), ask); got != fmt.Sprintf("[100000, 1, %d]", i) || err != nil {
			t.Errorf("%s %v", got, err)
		}
	}
	p = mustProgram(t, "n := time.now_ns()\np := n")
	one, _, _ := eval(p, "{}", never)
	if one == "" || p.funcs[0].fixed != nil || p.funcs[1].fixed != nil {
		t.Errorf("the time %s is kept", one)
	}
}

// What one evaluation makes no other sees, whether constants, empty collections or parts of the input.
func TestOwn(t *testing.T) {
	p := mustProgram(t, `
		by[x] contains y if { some x, list in input.m; some y in list }
		by.a contains "z" if input.z
		p := {"by": by, "s": {x | some x in input.s}, "l": [x | some x in input.s], "o": {x: 1 | some x in input.s}, "c": {"k": [1, {2}]}}`)
	for range 2 {
		for input, want := range map[string]string{
			`{"m": {"a": ["x", "y"], "b": []}, "s": [1], "z": 1}`: `{"by": {"a": {"x", "y", "z"}}, "c": {"k": [1, {2}]}, "l": [1], "o": {1: 1}, "s": {1}}`,
			`{"m": {"a": ["x"]}, "s": []}`:                        `{"by": {"a": {"x"}}, "c": {"k": [1, {2}]}, "l": [], "o": {}, "s": set()}`,
		} {
			if got, _, err := eval(p, input, never); got != want || err != nil {
				t.Errorf("got  %s %v\nwant %s", got, err, want)
			}
		}
	}
	if ast.InternedEmptyArray.String()+ast.InternedEmptyObject.String()+ast.InternedEmptySet.String() != "[]{}set()" {
		t.Error("what is empty for all is no longer empty")
	}
}

func TestConcurrent(t *testing.T) {
	p := mustProgram(t, `
		roles := {r | some r in ["a", "b", input.r]}
		fixed := {x: {y} | some x in ["a", "b"]; some y in ["c"]}
		p := {"n": count(roles), "f": fixed, "i": input.r, "w": w}
		w := x if { x := roles with input.r as "w" }`)
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			for i := range 200 {
				want := fmt.Sprintf(`{"f": {"a": {"c"}, "b": {"c"}}, "i": "%d", "n": 3, "w": {"a", "b", "w"}}`, g*i)
				if got, _, err := eval(p, fmt.Sprintf(`{"r": "%d"}`, g*i), never); got != want || err != nil {
					t.Errorf("got  %s %v\nwant %s", got, err, want)
				}
			}
		})
	}
	wg.Wait()
}

// A panic is an error, and what it left is not used again.
func TestPanic(t *testing.T) {
	b := &ast.Builtin{Name: "test.panic", Decl: types.NewFunction(types.Args(types.A), types.A)}
	ast.RegisterBuiltin(b)
	topdown.RegisterBuiltinFunc(b.Name, func(_ topdown.BuiltinContext, list []*ast.Term, iter func(*ast.Term) error) error {
		if list[0].Value.Compare(ast.Number("1")) == 0 {
			panic("one")
		}
		return iter(list[0])
	})
	p := mustProgram(t, `p := x if { x := test.panic(input.a) with input.b as 1 }`)
	for range 2 {
		if _, _, err := eval(p, `{"a": 1}`, never); !errors.Is(err, errPanic) || !strings.Contains(err.Error(), "one") {
			t.Error(err)
		}
		if got, _, err := eval(p, `{"a": 2}`, never); got != "2" || err != nil {
			t.Errorf("%s %v", got, err)
		}
	}
}

// Rules of very great number in one another are left to the evaluator, and no stack is kept that is large.
func TestDeep(t *testing.T) {
	for depth, want := range map[int]bool{maxDepth - 2: true, maxDepth: false} {
		var b strings.Builder
		fmt.Fprintf(&b, "p := r0\nr%d := input.a\n", depth)
		for i := range depth {
			fmt.Fprintf(&b, "r%d := r%d\n", i, i+1)
		}
		got, _, err := eval(mustProgram(t, b.String()), `{"a": 1}`, never)
		if (err == nil) != want || want && got != "1" || !want && !errors.Is(err, errDeep) {
			t.Errorf("%d rules: %s %v", depth, got, err)
		}
	}
}
