package rego

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/siogw/siogw/engine"
	"github.com/siogw/siogw/policies"
)

// ArgsTypes say what args can be, event by event: policies are checked against it at load. What a policy reads and no
// input that gets there has is a mistake. Where only some have it, it is none.
type ArgsTypes struct {
	Events []ArgsType
	// Closed says that there are no other events than these; else others have any args.
	Closed bool
	// Certain makes mistakes errors of [Load]; else all of them are [Policy.Warnings], as those always are that only
	// the lists of members show.
	Certain bool
	// Find gives the Namespace in Events that is for a namespace, "" for none.
	Find func(namespace string) string
}

// ArgsType is of one event, or of the answers to it.
type ArgsType struct {
	Kind             engine.Kind // Event (with Join and Leave), Emit or Ack
	Direction        engine.Direction
	Namespace, Event string
	At               string // where that is said, file:line

	Possible map[string]any // a JSON Schema of all that args can be
	Listed   map[string]any // the same, as if objects had no other members than those that are listed
}

// argsCheck holds a policy against ArgsTypes: OPA's type checker looks at it once for each schema that args can have.
// What it finds in a body counts for the inputs that the guards of this body let pass.
type argsCheck struct {
	policy  *Policy
	modules map[string]*ast.Module
	options Options
	schema  map[string]any
	guards  map[*ast.Rule][]guard
	at      map[string][]*ast.Rule // by the place of a term: the bodies that it stands in
}

// maxArgsSchemas bounds the different schemas that are tried.
const maxArgsSchemas = 128

// checkArgs adds to the policy's warnings, and gives the errors.
func (p *Policy) checkArgs(ctx context.Context, modules map[string]*ast.Module, o *Options) error {
	if o.Args == nil || !p.reads.has(partArgs) {
		return nil
	}
	c := &argsCheck{policy: p, modules: modules, options: *o}
	if c.options.Schema == nil {
		c.options.Schema = policies.Schema
	}
	if err := json.Unmarshal(c.options.Schema, &c.schema); err != nil {
		return fmt.Errorf("input schema: %w", err)
	}
	c.index()
	found, err := c.find(ctx, func(t *ArgsType) map[string]any { return t.Listed })
	if err != nil || len(found) == 0 {
		return err
	}
	certain := map[string]string{}
	if o.Args.Certain {
		if certain, err = c.find(ctx, func(t *ArgsType) map[string]any { return t.Possible }); err != nil {
			return err
		}
	}
	var errs []error
	for _, place := range slices.Sorted(maps.Keys(found)) {
		if text, ok := certain[place]; ok {
			errs = append(errs, errors.New(text))
		} else {
			p.warnings = append(p.warnings, found[place])
		}
	}
	return errors.Join(errs...)
}

// index notes the guards of each body, and what stands where.
func (c *argsCheck) index() {
	c.guards, c.at = map[*ast.Rule][]guard{}, map[string][]*ast.Rule{}
	for r := range allRules(c.policy.compiler) {
		bound := map[ast.Var]string{}
		for _, e := range r.Body {
			if g, ok := guardOf(e, bound); ok {
				c.guards[r] = append(c.guards[r], g)
			}
		}
		note := func(x any) bool {
			var l *ast.Location
			switch x := x.(type) {
			case *ast.Expr:
				l = x.Location
			case *ast.Term: // not the names in a reference, which share theirs: see ownPlaces
				if _, name := x.Value.(ast.String); !name {
					l = x.Location
				}
			}
			if l != nil && l.File != "" {
				if list := c.at[spot(l)]; len(list) == 0 || list[len(list)-1] != r {
					c.at[spot(l)] = append(list, r)
				}
			}
			return false
		}
		ast.NewGenericVisitor(note).Walk(r.Head)
		ast.NewGenericVisitor(note).Walk(r.Body)
	}
}

func spot(l *ast.Location) string { return fmt.Sprintf("%s:%06d:%04d", l.File, l.Row, l.Col) }

// reaches reports whether inputs of cl get through the guards of a body that has the place.
func (c *argsCheck) reaches(cl *class, place string) bool {
	return slices.ContainsFunc(c.at[place], func(r *ast.Rule) bool {
		return !slices.ContainsFunc(c.guards[r], func(g guard) bool { return cl.decide(g) == fails })
	})
}

// argsClass is the inputs of one class, with the schemas of their args.
type argsClass struct {
	class
	types  []*ArgsType
	others bool // there may be inputs that none is for
	errors map[string]*ast.Error
}

// find gives the mistakes, by their places.
func (c *argsCheck) find(ctx context.Context, of func(*ArgsType) map[string]any) (map[string]string, error) {
	classes := c.classes()
	tried := map[string]map[string]*ast.Error{}
	out := map[string]string{}
	for i := range classes {
		cl := &classes[i]
		schema := argsSchema(cl, of)
		text, err := json.Marshal(schema)
		if err != nil {
			return nil, fmt.Errorf("schema of args: %w", err)
		}
		known, ok := tried[string(text)]
		if !ok && len(tried) < maxArgsSchemas {
			if known, err = c.try(ctx, schema); err != nil {
				return nil, err
			}
			tried[string(text)] = known
		}
		cl.errors = known
	}
	done := map[string]bool{}
	for i := range classes {
		for at, e := range classes[i].errors {
			if done[at] || !c.reaches(&classes[i].class, at) {
				continue
			}
			if done[at] = true; c.unanimous(classes, at) {
				out[at] = argsError(&classes[i], e)
			}
		}
	}
	return out, nil
}

// unanimous reports whether what stands at a place is a mistake for all inputs that get there.
func (c *argsCheck) unanimous(classes []argsClass, at string) bool {
	for i := range classes {
		if classes[i].errors[at] == nil && c.reaches(&classes[i].class, at) {
			return false
		}
	}
	return true
}

// classes gives the classes of inputs that have args, those first that tell most: of one event, and no answers.
func (c *argsCheck) classes() []argsClass {
	l, out := c.policy.plans, []argsClass{}
	for i := range flows {
		f := &flows[i]
		if f.Kind == engine.Handshake || f.Kind == engine.Connect {
			continue
		}
		for event := range l.wide {
			for space := range l.deep {
				cl := argsClass{class: *l.class(int(f.Kind)-1, int(f.Direction)-1, event, space)}
				if cl.event.state == nameNone || cl.namespace.state == nameNone {
					continue
				}
				if c.fill(&cl, f); len(cl.types) > 0 || cl.others {
					out = append(out, cl)
				}
			}
		}
	}
	ack := func(cl *argsClass) int { return strings.Count(cl.kind, engine.Ack.String()) }
	slices.SortStableFunc(out, func(a, b argsClass) int { return cmp.Or(ack(&a)-ack(&b), len(a.types)-len(b.types)) })
	return out
}

// fill finds the types of the inputs of cl, which are of the kind and direction of f.
func (c *argsCheck) fill(cl *argsClass, f *engine.Input) {
	t, kind := c.options.Args, f.Kind
	if kind == engine.Join || kind == engine.Leave {
		kind = engine.Event
	}
	named := map[string]bool{} // namespaces that have a class of their own
	for _, s := range c.policy.plans.namespaces {
		if t.Find(s) == s {
			named[s] = true
		}
	}
	described := false
	for i := range t.Events {
		e := &t.Events[i]
		described = described || cl.event.state == nameIs && cl.event.text == e.Event
		_, known := c.policy.plans.eventOf[e.Event]
		event := cl.event.state == nameIs && cl.event.text == e.Event || cl.event.state == nameOther && !known || cl.event.state == nameAny
		space := cl.namespace.state == nameIs && t.Find(cl.namespace.text) == e.Namespace ||
			cl.namespace.state == nameOther && !named[e.Namespace] || cl.namespace.state == nameAny
		if e.Kind == kind && e.Direction == f.Direction && event && space {
			cl.types = append(cl.types, e)
		}
	}
	cl.others = !t.Closed && !described
}

// argsSchema gives the schema of args for the inputs of cl.
func argsSchema(cl *argsClass, of func(*ArgsType) map[string]any) map[string]any {
	if cl.others {
		return map[string]any{}
	}
	var all []any
	seen := map[string]bool{}
	for _, t := range cl.types {
		s := of(t)
		text, _ := json.Marshal(s)
		if len(s) == 0 {
			return map[string]any{}
		}
		if !seen[string(text)] {
			seen[string(text)] = true
			all = append(all, s)
		}
	}
	if len(all) == 1 {
		return all[0].(map[string]any)
	}
	return map[string]any{"anyOf": all}
}

// try gives what OPA's type checker says with this schema of args.
func (c *argsCheck) try(ctx context.Context, args map[string]any) (map[string]*ast.Error, error) {
	whole := maps.Clone(c.schema)
	props, _ := whole["properties"].(map[string]any)
	props = maps.Clone(props)
	props["args"] = args
	whole["properties"] = props
	o := c.options
	var err error
	if o.Schema, err = json.Marshal(whole); err != nil {
		return nil, fmt.Errorf("input schema: %w", err)
	}
	compiler, all, err := c.policy.newCompiler(ctx, c.modules, &o)
	if err != nil {
		return nil, err
	}
	compiler.SetErrorLimit(0).WithSkipStages(ast.StageCheckUnsafeBuiltins, ast.StageCheckDeprecatedBuiltins, ast.StageBuildRuleIndices,
		ast.StageBuildComprehensionIndices, ast.StageBuildRequiredCapabilities).Compile(all)
	out := map[string]*ast.Error{}
	for _, e := range compiler.Errors {
		if e.Location != nil && e.Code == ast.TypeErr {
			out[spot(e.Location)] = e
		}
	}
	return out, nil
}

// argsError tells a mistake, and by which events.
func argsError(cl *argsClass, e *ast.Error) string {
	const most = 3
	var by []string
	for i, t := range cl.types {
		if i == most {
			by = append(by, fmt.Sprintf("and %d more", len(cl.types)-i))
			break
		}
		by = append(by, fmt.Sprintf("%s %q of %s, %s", t.Kind, t.Event, t.Namespace, t.At))
	}
	return e.Error() + "\n\tby the contract: " + strings.Join(by, "; ")
}

// Warnings tells of what is probably a mistake in the policy, one text each with file and line.
func (p *Policy) Warnings() []string { return p.warnings }
