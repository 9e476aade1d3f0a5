package closures

import (
	"strings"
	"unicode/utf8"

	"github.com/open-policy-agent/opa/v1/ast"
)

// nativeFunc is a builtin function written here, for two operands (y is nil for one). It gives nil where OPA's own is
// to be called: for operands of other types than usual, above all.
type nativeFunc func(x, y *ast.Term) *ast.Term

// natives are the functions that policies call most.
var natives = map[string]nativeFunc{
	"internal.member_2": member,
	"count":             func(x, _ *ast.Term) *ast.Term { return count(x) },
	"startswith":        onStrings(strings.HasPrefix),
	"endswith":          onStrings(strings.HasSuffix),
	"contains":          onStrings(strings.Contains),
	"equal":             func(x, y *ast.Term) *ast.Term { return ast.InternedTerm(same(x, y)) },
	"neq":               func(x, y *ast.Term) *ast.Term { return ast.InternedTerm(!same(x, y)) },
	"gt":                compare(func(n int) bool { return n > 0 }),
	"gte":               compare(func(n int) bool { return n >= 0 }),
	"lt":                compare(func(n int) bool { return n < 0 }),
	"lte":               compare(func(n int) bool { return n <= 0 }),
}

// native gives the function of this name for these operands, if there is one.
func native(name string, args []operand) func(m *machine, f []*ast.Term) (t *ast.Term, undefined bool) {
	fn := natives[name]
	if fn == nil || len(args) == 0 || len(args) > 2 {
		return nil
	}
	x := args[0]
	if len(args) == 1 {
		return func(m *machine, f []*ast.Term) (*ast.Term, bool) {
			if a := x.get(m, f); a != nil {
				return fn(a, nil), false
			}
			return nil, true
		}
	}
	y := args[1]
	return func(m *machine, f []*ast.Term) (*ast.Term, bool) {
		a, b := x.get(m, f), y.get(m, f)
		if a == nil || b == nil {
			return nil, true
		}
		return fn(a, b), false
	}
}

func nativeStep(fn func(m *machine, f []*ast.Term) (*ast.Term, bool), general slowCall, to int) step {
	return func(m *machine, f []*ast.Term) signal {
		t, undefined := fn(m, f)
		switch {
		case undefined:
			return out
		case t == nil:
			return general(m, f, to)
		}
		f[to] = t
		return next
	}
}

func member(x, y *ast.Term) *ast.Term {
	switch c := y.Value.(type) {
	case ast.Set:
		return ast.InternedTerm(c.Contains(x))
	case *ast.Array:
		if c.Len() > maxInline {
			return nil
		}
		for i := range c.Len() {
			if same(x, c.Elem(i)) {
				return ast.InternedBooleanTrue
			}
		}
		return ast.InternedBooleanFalse
	}
	return nil
}

// maxInline bounds the elements that are looked at without a look at the time.
const maxInline = 128

func count(x *ast.Term) *ast.Term {
	if s, ok := x.Value.(ast.String); ok {
		return ast.InternedTerm(utf8.RuneCountInString(string(s)))
	}
	if n := length(x); n >= 0 {
		return ast.InternedTerm(n)
	}
	return nil
}

func onStrings(test func(s, part string) bool) nativeFunc {
	return func(x, y *ast.Term) *ast.Term {
		a, ok := x.Value.(ast.String)
		b, both := y.Value.(ast.String)
		if !ok || !both {
			return nil
		}
		return ast.InternedTerm(test(string(a), string(b)))
	}
}

func compare(test func(int) bool) nativeFunc {
	return func(x, y *ast.Term) *ast.Term { return ast.InternedTerm(test(x.Value.Compare(y.Value))) }
}
