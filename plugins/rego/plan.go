package rego

import (
	"maps"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/siogw/siogw/engine"
	"github.com/siogw/siogw/internal/inputjson"
)

// plan says what a decision on the inputs of one class depends on.
type plan struct {
	number   uint32
	sources  []source
	fixed    *fixed    // those of identity and session
	flat     []source  // the others, but for parts of args and auth
	args     *picks    // parts of args; nil for none, and for the whole
	auth     *picks    // the same of auth
	culprits []culprit // why it cannot be told; then there are no sources
	whole    part      // those of args, auth, identity and plugins whose text is in the key as a whole, or in picks
}

// plans are the plans of a policy, each made when the first input of its class comes.
type plans struct {
	policy     *Policy
	events     []string // that guards ask for, sorted
	namespaces []string
	eventOf    map[string]int // their places
	spaceOf    map[string]int
	wide       int // classes by event: len(events)+2, or 1 where events are not told apart
	deep       int // the same of namespaces
	made       []atomic.Pointer[plan]
	cuttable   map[*ast.Rule]bool   // see there
	counts     map[*ast.Expr]source // see there

	mu    sync.Mutex
	fixed []*fixed // of all plans, each once
}

// maxPlans bounds the plans of one policy. Where events and namespaces make more classes, the namespaces are not
// told apart, and then the events neither.
const maxPlans = 4096

const allKinds, allDirections = int(engine.Emit), int(engine.Out)

func newPlans(p *Policy) *plans {
	l := &plans{policy: p, cuttable: cuttable(p.compiler), counts: counts(p.compiler)}
	events, spaces := map[string]bool{}, map[string]bool{}
	for g := range allGuards(p.compiler) {
		for _, v := range g.values {
			switch g.key {
			case "event":
				events[v] = true
			case "namespace":
				spaces[v] = true
			}
		}
	}
	l.events, l.eventOf = places(events)
	l.namespaces, l.spaceOf = places(spaces)
	l.wide, l.deep = len(events)+2, len(spaces)+2
	const each = allKinds * allDirections
	if each*l.wide*l.deep > maxPlans {
		l.namespaces, l.deep = nil, 1
	}
	if each*l.wide*l.deep > maxPlans {
		l.events, l.wide = nil, 1
	}
	l.made = make([]atomic.Pointer[plan], each*l.wide*l.deep)
	return l
}

// places sorts the names and numbers them.
func places(set map[string]bool) ([]string, map[string]int) {
	list, at := slices.Sorted(maps.Keys(set)), map[string]int{}
	for i, s := range list {
		at[s] = i
	}
	return list, at
}

// allRules gives every rule, and every else branch.
func allRules(c *ast.Compiler) func(yield func(*ast.Rule) bool) {
	return func(yield func(*ast.Rule) bool) {
		for _, m := range c.Modules {
			for _, r := range m.Rules {
				for ; r != nil; r = r.Else {
					if !yield(r) {
						return
					}
				}
			}
		}
	}
}

// allGuards gives what could be a guard in any body.
func allGuards(c *ast.Compiler) func(yield func(guard) bool) {
	return func(yield func(guard) bool) {
		for r := range allRules(c) {
			bound := map[ast.Var]string{}
			for _, e := range r.Body {
				if g, ok := guardOf(e, bound); ok && !yield(g) {
					return
				}
			}
		}
	}
}

// cuttable gives the rules whose bodies a failing guard may end. The evaluator leaves off at the first rule
// that holds where all that its index offers agree on their value, and the index looks at whole bodies. So where the
// values differ, what stands behind a guard can still decide whether another rule is tried, and fails with an error.
func cuttable(c *ast.Compiler) map[*ast.Rule]bool {
	groups := map[string][]*ast.Rule{}
	for r := range allRules(c) {
		name := r.Ref().GroundPrefix().String()
		groups[name] = append(groups[name], r)
	}
	out := map[*ast.Rule]bool{}
	for _, g := range groups {
		same := agree(g)
		for _, r := range g {
			out[r] = same
		}
	}
	return out
}

// agree reports whether the evaluator leaves off early for all subsets of list, or for none.
func agree(list []*ast.Rule) bool {
	var value ast.Value
	complete, partial, differ := false, false, false
	for _, r := range list {
		switch {
		case r.Default:
		case r.Head.DocKind() != ast.CompleteDoc:
			partial = true
		default:
			complete = true
			if v := r.Head.Value; v != nil {
				differ = differ || !v.IsGround() || value != nil && value.Compare(v.Value) != 0
				value = v.Value
			}
		}
	}
	return !complete || !partial && !differ
}

// of gives the plan of in; nil when in has no kind or direction that is decided.
func (l *plans) of(in *engine.Input) *plan {
	kind, direction := int(in.Kind)-1, int(in.Direction)-1
	if kind < 0 || kind >= allKinds || direction < 0 || direction >= allDirections {
		return nil
	}
	event := classOf(l.wide, l.eventOf, in.Event, inputjson.HasEvent(in))
	space := classOf(l.deep, l.spaceOf, in.Namespace, inputjson.HasNamespace(in))
	at := ((kind*allDirections+direction)*l.wide+event)*l.deep + space
	if pl := l.made[at].Load(); pl != nil {
		return pl
	}
	pl := l.policy.plan(at, l.class(kind, direction, event, space))
	l.made[at].Store(pl)
	return pl
}

// The classes of a name that come before those that guards ask for.
const (
	classNone = iota
	classOther
	classNamed
)

func classOf(n int, places map[string]int, text string, there bool) int {
	switch {
	case n == 1 || !there:
		return classNone
	}
	if i, ok := places[text]; ok {
		return classNamed + i
	}
	return classOther
}

// class gives the class with these places.
func (l *plans) class(kind, direction, event, space int) *class {
	return &class{
		kind: engine.Kind(kind + 1).String(), direction: engine.Direction(direction + 1).String(),
		event: nameAt(l.wide, l.events, event), namespace: nameAt(l.deep, l.namespaces, space),
	}
}

func nameAt(n int, list []string, i int) name {
	switch {
	case n == 1:
		return name{}
	case i == classNone:
		return name{state: nameNone}
	case i == classOther:
		return name{state: nameOther}
	}
	return name{nameIs, list[i-classNamed]}
}

// plan walks the policy for one class.
func (p *Policy) plan(number int, c *class) *plan {
	w := &walker{policy: p, class: c, seen: map[*ast.Rule]bool{}}
	names := []string{ruleDeny, ruleTransform, ruleAllow}
	if c.kind == engine.Ack.String() && c.direction == engine.Out.String() {
		names = names[:2] // see needsAllow
	}
	for _, name := range names {
		for _, r := range p.compiler.GetRulesDynamicWithOpts(ast.MustParseRef(pkg+"."+name), ast.RulesOptions{IncludeHiddenModules: true}) {
			if w.rule(r) && name == ruleTransform && !changesNothing(r) {
				w.sources = append(w.sources, source{field: fieldArgs}, source{field: fieldAuth})
			}
		}
	}
	pl := &plan{number: uint32(number), culprits: w.found()}
	if len(pl.culprits) > 0 {
		return pl
	}
	pl.sources = tidy(w.sources)
	pl.sort()
	pl.fixed.claims = p.reads.has(partIdentity) && pl.whole&partIdentity == 0
	pl.fixed = p.plans.share(pl.fixed)
	return pl
}

// sort makes what the key is built by.
func (pl *plan) sort() {
	pl.fixed = &fixed{}
	parts := map[field][]source{}
	for _, s := range pl.sources {
		if len(s.path) == 0 {
			pl.whole |= map[field]part{fieldArgs: partArgs, fieldAuth: partAuth, fieldClaims: partIdentity, fieldPlugins: partPlugins}[s.field]
		}
		switch {
		case s.field >= fieldAuthenticated:
			pl.fixed.sources = append(pl.fixed.sources, s)
		case len(s.path) > 0 && (s.field == fieldArgs || s.field == fieldAuth):
			parts[s.field] = append(parts[s.field], s)
		default:
			pl.flat = append(pl.flat, s)
		}
	}
	if pl.args = newPicks(parts[fieldArgs]); pl.args != nil {
		pl.whole |= partArgs // they look at all of it
	}
	if pl.auth = newPicks(parts[fieldAuth]); pl.auth != nil {
		pl.whole |= partAuth
	}
}

// changesNothing reports whether r is a default without operations.
func changesNothing(r *ast.Rule) bool {
	if !r.Default {
		return false
	}
	a, ok := r.Head.Value.Value.(*ast.Array)
	return ok && a.Len() == 0
}
