package rego

import (
	"cmp"
	"slices"

	"github.com/open-policy-agent/opa/v1/ast"
)

// obstacle is why a decision cannot be remembered.
type obstacle uint8

const (
	_                obstacle = iota
	obstacleInput             // input as a whole, or with a key that the policy computes
	obstacleTime              // input.time, session.age_ms: another one for each packet
	obstacleFunction          // a function that may answer differently the next time
	obstacleWith              // with replaces input as a whole, or a function
	obstacleSize              // the key or the verdict is too large
	obstacleText              // the text may be one that the evaluator refuses
	obstacleKind              // no kind, or no direction
	obstacleError             // the evaluation failed
	obstacles
)

var obstacleNames = [obstacles]string{obstacleInput: "input", obstacleTime: "time", obstacleFunction: "function", obstacleWith: "with",
	obstacleSize: "size", obstacleText: "text", obstacleKind: "kind", obstacleError: "error"}

// culprit is the place of an obstacle in the policy.
type culprit struct {
	obstacle obstacle
	at       string // file:line
	what     string
}

// maxCulprits bounds those that are kept of one plan.
const maxCulprits = 16

// walker finds what the rules that a query reaches can read, for the inputs of one class. What it finds
// may be too much, never too little.
type walker struct {
	policy   *Policy
	class    *class
	seen     map[*ast.Rule]bool // true: also with all bodies whole
	under    bool               // below a with that replaces part of input: no guard is decided
	at       *ast.Location
	sources  []source
	culprits []culprit
}

// reach walks the rules that ref can mean.
func (w *walker) reach(ref ast.Ref) {
	for _, r := range w.policy.compiler.GetRulesDynamicWithOpts(ref, ast.RulesOptions{IncludeHiddenModules: true}) {
		w.rule(r)
	}
}

// rule walks r with its else branches, and reports whether any can hold.
func (w *walker) rule(r *ast.Rule) (alive bool) {
	if whole, seen := w.seen[r]; seen && (whole || !w.under) {
		return true
	}
	w.seen[r] = w.under
	before := w.at
	defer func() { w.at = before }()
	for ; r != nil; r = r.Else {
		w.at = r.Loc()
		for _, part := range []any{r.Head.Args, r.Head.Key, r.Head.Value, r.Head.Reference} {
			w.walk(part)
		}
		if w.body(r.Body, !w.under && w.policy.plans.cuttable[r]) {
			alive = true
		}
	}
	return alive
}

// body walks b, as far as its expressions can be reached: with cut, a guard that fails ends it. It reports
// whether the end can be reached.
func (w *walker) body(b ast.Body, cut bool) bool {
	bound := map[ast.Var]string{}
	for _, e := range b {
		if cut {
			if g, ok := guardOf(e, bound); ok {
				switch w.class.decide(g) {
				case fails:
					return false
				case holds:
					if !g.binds {
						continue
					}
				}
			}
			cut = calm(e)
		}
		w.walk(e)
	}
	return true
}

// walk looks for references in any part of a rule.
func (w *walker) walk(x any) {
	if t, ok := x.(*ast.Term); ok && t == nil {
		return
	}
	ast.NewGenericVisitor(w.visit).Walk(x)
}

func (w *walker) visit(x any) (done bool) {
	switch x := x.(type) {
	case *ast.Expr:
		if l := x.Loc(); l != nil && l.File != "" {
			w.at = l
		}
		if s, ok := w.policy.plans.counts[x]; ok {
			w.sources = append(w.sources, s)
			return true
		}
		if x.IsCall() {
			w.call(x.Operator())
		}
		if len(x.With) > 0 && !w.under {
			return w.with(x)
		}
	case ast.Call:
		if op, ok := x[0].Value.(ast.Ref); ok {
			w.call(op)
		}
	case *ast.With:
		w.target(x)
	case ast.Ref:
		return w.ref(x)
	case ast.Var:
		if x.Equal(ast.InputRootDocument.Value) || x.Equal(ast.DefaultRootDocument.Value) {
			return w.ref(ast.Ref{ast.NewTerm(x)})
		}
	}
	return false
}

// with walks an expression that replaces something.
func (w *walker) with(e *ast.Expr) bool {
	w.under = slices.ContainsFunc(e.With, func(x *ast.With) bool {
		ref, ok := x.Target.Value.(ast.Ref)
		return !ok || !ref.HasPrefix(ast.DefaultRootRef)
	})
	if !w.under {
		return false
	}
	w.walk(e)
	w.under = false
	return true
}

// target judges what x replaces, and by what.
func (w *walker) target(x *ast.With) {
	ref, isRef := x.Target.Value.(ast.Ref)
	switch {
	case isRef && ref.HasPrefix(ast.InputRootRef) && len(ref) > 1:
		switch first, _ := constant(ref, 1); first { // what it is put into may be no object
		case "session":
		case "identity":
			w.input(ref[:min(len(ref), 3)])
		default:
			w.input(ref[:2])
		}
	case isRef && ref.HasPrefix(ast.InputRootRef):
		w.blame(obstacleWith, "with replaces input as a whole")
	case !isRef || !ref.HasPrefix(ast.DefaultRootRef):
		w.blame(obstacleWith, "with replaces a function")
	}
	if by, ok := x.Value.Value.(ast.Ref); ok && !by.HasPrefix(ast.InputRootRef) && !by.HasPrefix(ast.DefaultRootRef) {
		w.blame(obstacleWith, "with puts "+by.String()+" in the place of a function")
	}
}

// call judges the function of a call. One of the policy's own is a reference, which is walked as such.
func (w *walker) call(op ast.Ref) {
	if !op.HasPrefix(ast.DefaultRootRef) && !pure[op.String()] {
		w.blame(obstacleFunction, op.String()+" may not answer the same again")
	}
}

// ref notes what ref reads, and always takes care of its keys itself.
func (w *walker) ref(ref ast.Ref) bool {
	switch {
	case ref.HasPrefix(ast.InputRootRef):
		w.input(ref)
	case ref.HasPrefix(ast.DefaultRootRef):
		w.reach(ref)
	}
	for _, t := range ref[min(1, len(ref)):] {
		w.walk(t)
	}
	return true
}

// input notes a reference to input.
func (w *walker) input(ref ast.Ref) {
	first, ok := constant(ref, 1)
	switch {
	case !ok:
		w.blame(obstacleInput, "input is used as a whole, or with a key that is not in the text")
	case first == "time":
		w.blame(obstacleTime, "input.time is another one for each packet")
	case first == "session" || first == "identity":
		w.inner(first, ref)
	case fields[first] != 0:
		w.sources = append(w.sources, sourceOf(fields[first], ref, 2))
	case first != "kind" && first != "direction" && first != "version": // these are the same in all of the class
		w.blame(obstacleInput, "nothing is known of input."+first)
	}
}

// inner notes a reference to input.session or input.identity.
func (w *walker) inner(first string, ref ast.Ref) {
	second, ok := constant(ref, 2)
	switch {
	case first == "session" && !ok:
		w.blame(obstacleTime, "input.session as a whole has age_ms, another one for each packet")
	case first == "session" && second == "age_ms":
		w.blame(obstacleTime, "input.session.age_ms is another one for each packet")
	case !ok:
		for f := fieldAuthenticated; f <= fieldExpires; f++ {
			w.sources = append(w.sources, source{field: f})
		}
	case fields[first+"."+second] != 0:
		w.sources = append(w.sources, sourceOf(fields[first+"."+second], ref, 3))
	default:
		w.blame(obstacleInput, "nothing is known of input."+first+"."+second)
	}
}

func (w *walker) blame(o obstacle, what string) {
	c := culprit{obstacle: o, what: what}
	if w.at != nil {
		c.at = w.at.String()
	}
	if !slices.Contains(w.culprits, c) {
		w.culprits = append(w.culprits, c)
	}
}

// found gives the culprits, sorted.
func (w *walker) found() []culprit {
	slices.SortFunc(w.culprits, func(a, b culprit) int { return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.what, b.what)) })
	return w.culprits[:min(len(w.culprits), maxCulprits)]
}
