package closures

import (
	"context"
	"testing"

	"github.com/open-policy-agent/opa/v1/ast"
)

// whole gives parts of a document that is there, and counts what it is asked for.
type whole struct {
	doc   *ast.Term
	keys  [][]*ast.Term
	asked map[string]int
}

func (w *whole) number(keys []*ast.Term) int {
	w.keys = append(w.keys, keys)
	return len(w.keys) - 1
}

func (w *whole) Part(n int) (*ast.Term, bool) {
	at := w.doc
	for _, k := range w.keys[n] {
		at = dot(at, k)
	}
	w.asked[ast.NewTerm(ast.Ref(w.keys[n])).String()]++
	return at, true
}

const splitInput = `{"a": {"b": [1, {"c": 2}], "d": "x"}, "e": [3]}`

// What a program gives for an input is what it gives for the input's parts; one that needs the whole is not split.
func TestSplit(t *testing.T) {
	for text, want := range map[string]bool{
		`p := input.a.b[1].c`:                                  true,
		`p if input.a.d == "x"`:                                true,
		`p := [x | some x in input.a.b]`:                       true,
		`p := [input.a.b, input.a.b[0], input.e[0]]`:           true,
		`p := [input.e[0], input.a.b[0], input.a]`:             true,
		"f(x) := y if y := x + input.e[0]\np := f(input.e[0])": true,
		`p if not input.none.b`:                                true,
		`p if count(input.e) == 1 with data.x as 1`:            true,
		"q if data.x == input.e[0]\np if q with data.x as 3":   true,
		`p := input`:                                               false,
		`p := input[k] if k := ["a"][0]`:                           false,
		`p := input[_][0]`:                                         false,
		`p := count(input)`:                                        false,
		`p := x.e if x := input`:                                   false,
		"f(x) := x.e if true\np := f(input)":                       false,
		`p if input == input`:                                      false,
		`p if input.e with input.e as 4`:                           false,
		`p if input.e with input as {"e": 4}`:                      false,
		`p := [k | some k, x in input; x]`:                         false,
		`p := json.filter(input, ["e"])`:                           false,
		"q := input\np := q.a":                                     false,
		`p := {"x": input}`:                                        false,
		`p if every k, v in input { k != v }`:                      false,
		"q.r := input.e\nq.s := 1\np := data.t.q[k] if k := \"r\"": true,
	} {
		plain := mustProgram(t, text)
		doc := ast.MustParseTerm(splitInput)
		give := func(p *Program, e Eval) (out string) {
			if err := p.Run(context.Background(), e, func(v []*ast.Term) { out += v[0].String() }); err != nil {
				t.Fatalf("%s: %v", text, err)
			}
			return out
		}
		split := mustProgram(t, text)
		w := &whole{doc: doc, keys: make([][]*ast.Term, 1), asked: map[string]int{}}
		if ok := split.Split(w.number); ok != want {
			t.Errorf("%s: split %v, want %v", text, ok, want)
			continue
		}
		if !want {
			continue
		}
		for range 2 {
			if got, want := give(split, Eval{Parts: w}), give(plain, Eval{Input: doc}); got != want || got == "" {
				t.Errorf("%s: %q by parts, %q by the whole", text, got, want)
			}
		}
		if got, want := give(split, Eval{Input: doc}), give(plain, Eval{Input: doc}); got != want {
			t.Errorf("%s: split, %q by the whole, want %q", text, got, want)
		}
	}
}

// Only what is looked at is asked for, once in an evaluation.
func TestPartsAsked(t *testing.T) {
	p := mustProgram(t, `
p if { input.a.d == "y"; input.e[0] == 3 }
p if { input.a.d == "x"; input.a.b[1].c == 2 }`)
	w := &whole{doc: ast.MustParseTerm(splitInput), keys: make([][]*ast.Term, 1), asked: map[string]int{}}
	if !p.Split(w.number) {
		t.Fatal("not split")
	}
	if err := p.Run(t.Context(), Eval{Parts: w}, func([]*ast.Term) {}); err != nil {
		t.Fatal(err)
	}
	if len(w.asked) != 2 || w.asked["a.d"]+w.asked["a.b[1].c"] != 2 {
		t.Errorf("%v", w.asked)
	}
}

// doubts are parts that nobody is sure of.
type doubts struct{}

func (doubts) Part(int) (*ast.Term, bool) { return nil, false }

func TestPartsUnsure(t *testing.T) {
	p := mustProgram(t, `p if not input.a`)
	if !p.Split(func([]*ast.Term) int { return 1 }) {
		t.Fatal("not split")
	}
	if err := p.Run(t.Context(), Eval{Parts: doubts{}}, func([]*ast.Term) {}); err == nil {
		t.Error("an answer in spite of a doubt")
	}
	if mustProgram(t, `p if input.a`).Split(func([]*ast.Term) int { return 0 }) {
		t.Error("split with a part that has no number")
	}
}
