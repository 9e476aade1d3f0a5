package rego

import (
	"context"
	"iter"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/storage"
	"github.com/open-policy-agent/opa/v1/topdown"
)

// Value is what a name in an expression stood for.
type Value struct {
	Name string `json:"name"`            // as the policy writes it, as far as it goes: input.identity.roles of input.identity.roles[_]
	Text string `json:"value,omitempty"` // JSON, cut where it is long, with *** for secrets; "" where it is undefined
}

const (
	maxNames = 6   // of one expression
	maxText  = 160 // bytes of one
)

// secret matches the names of members that are not shown.
var secret = regexp.MustCompile(`(?i)passw|passphrase|secret|token|authorization|cookie|credential|api[-_]?key|private[-_]?key`)

// secrets are the texts below such names in one input: variables may hold them.
type secrets []string

const (
	maxSecrets = 64
	minSecret  = 6 // bytes, from which a text within another one is looked for
)

// secretsOf finds them in v.
func secretsOf(v ast.Value) (out secrets) {
	var walk func(v ast.Value, below bool)
	walk = func(v ast.Value, below bool) {
		switch v := v.(type) {
		case ast.String:
			if below && v != "" && len(out) < maxSecrets {
				out = append(out, string(v))
			}
		case ast.Object:
			v.Foreach(func(k, e *ast.Term) {
				s, _ := k.Value.(ast.String)
				walk(e.Value, below || secret.MatchString(string(s)))
			})
		case *ast.Array:
			for e := range elements(v) {
				walk(e.Value, below)
			}
		}
	}
	walk(v, false)
	return out
}

// hide gives v with *** for each member whose name is that of a secret, and for each text that is one or holds one.
func (l secrets) hide(v ast.Value) ast.Value {
	switch v := v.(type) {
	case ast.String:
		if slices.ContainsFunc(l, func(s string) bool { return s == string(v) || len(s) >= minSecret && strings.Contains(string(v), s) }) {
			return ast.String("***")
		}
	case ast.Object:
		out := ast.NewObject()
		v.Foreach(func(k, e *ast.Term) {
			if s, ok := k.Value.(ast.String); ok && secret.MatchString(string(s)) {
				out.Insert(k, ast.StringTerm("***"))
			} else {
				out.Insert(k, ast.NewTerm(l.hide(e.Value)))
			}
		})
		return out
	case *ast.Array:
		return ast.NewArray(l.hideAll(elements(v))...)
	case ast.Set:
		return ast.NewSet(l.hideAll(slices.Values(v.Slice()))...)
	}
	return v
}

func (l secrets) hideAll(terms iter.Seq[*ast.Term]) (out []*ast.Term) {
	for t := range terms {
		out = append(out, ast.NewTerm(l.hide(t.Value)))
	}
	return out
}

// HideSecrets gives JSON text with *** for what is below names such as token and password; text that is no JSON as it is.
func HideSecrets(text []byte) []byte {
	if len(text) == 0 || !secret.Match(text) {
		return text
	}
	t, err := parse(text, nil)
	if err != nil {
		return text
	}
	return appendJSON(nil, secrets(nil).hide(t.Value))
}

// scope is where expressions of one rule are looked at: with its variables bound as they are at an event.
type scope struct {
	policy *Policy
	input  ast.Value
	hidden secrets
	locals map[ast.Var]ast.Var // by the name in the text, that of the compiler
	event  *topdown.Event
}

// scope finds the variables of r.
func (w *watch) scope(r *ast.Rule, e *topdown.Event) *scope {
	s := &scope{policy: w.policy, input: w.input, hidden: w.hidden, locals: map[ast.Var]ast.Var{}, event: e}
	note := func(v ast.Var) bool {
		if name, ok := w.policy.compiler.RewrittenVars[v]; ok {
			s.locals[name] = v
		}
		return false
	}
	ast.WalkVars(r.Body, note)
	for _, a := range r.Head.Args {
		ast.WalkVars(a, note)
	}
	return s
}

// values gives what the names in an expression stand for, in their order.
func (s *scope) values(e *ast.Expr) (out []Value) {
	add := func(name string, v ast.Value) {
		known := slices.ContainsFunc(out, func(o Value) bool { return o.Name == name })
		if len(out) < maxNames && !known {
			out = append(out, Value{name, s.shown(name, v)})
		}
	}
	for _, ref := range namesIn(e) {
		if name, v, ok := s.find(ref); ok {
			add(name, v)
		}
	}
	ast.WalkRefs(e, func(ref ast.Ref) bool { // data, which only the compiled expression has by its whole name
		if name, v, ok := s.data(ref); ok {
			add(name, v)
		}
		return false
	})
	return out
}

// namesIn gives the references and variables in the text of e.
func namesIn(e *ast.Expr) (out []ast.Ref) {
	if e.Loc() == nil {
		return nil
	}
	body, err := ast.ParseBodyWithOpts(string(e.Loc().Text), ast.ParserOptions{RegoVersion: ast.RegoV1})
	if err != nil {
		return nil
	}
	var vis *ast.GenericVisitor
	vis = ast.NewGenericVisitor(func(x any) bool {
		switch x := x.(type) {
		case *ast.Expr:
			if x.IsCall() { // the function's name is none
				for _, t := range x.Operands() {
					vis.Walk(t)
				}
				return true
			}
		case ast.Call:
			for _, t := range x[1:] {
				vis.Walk(t)
			}
			return true
		case ast.Ref:
			out = append(out, x)
			for _, t := range x[1:] {
				vis.Walk(t)
			}
			return true
		case ast.Var:
			out = append(out, ast.Ref{ast.NewTerm(x)})
		}
		return false
	})
	vis.Walk(body)
	return out
}

// bound gives the value of a variable in the text; nil where it has none.
func (s *scope) bound(name ast.Var) ast.Value {
	local, ok := s.locals[name]
	if !ok {
		return nil
	}
	if t := s.event.Plug(ast.NewTerm(local)); t != nil && t.IsGround() {
		return t.Value
	}
	return nil
}

// find gives the part of ref that is known, and its value: nil where it is undefined.
func (s *scope) find(ref ast.Ref) (name string, v ast.Value, ok bool) {
	head, isVar := ref[0].Value.(ast.Var)
	switch {
	case !isVar:
		return "", nil, false
	case head.Equal(ast.InputRootDocument.Value):
		v = s.input
	case head.Equal(ast.DefaultRootDocument.Value):
		return s.data(ref)
	default:
		if v = s.bound(head); v == nil {
			return "", nil, false
		}
	}
	part := ref[:1]
	for _, t := range ref[1:] {
		key := t.Value
		if k, isVar := key.(ast.Var); isVar {
			if key = s.bound(k); key == nil {
				break
			}
		}
		if !ast.IsConstant(key) {
			break
		}
		part = append(slices.Clip(part), t)
		var err error
		if v, err = v.Find(ast.Ref{ast.NewTerm(key)}); err != nil {
			return part.String(), nil, true
		}
	}
	return part.String(), v, len(part) > 1 || !head.Equal(ast.InputRootDocument.Value)
}

// data gives a part of the data that is no rule's.
func (s *scope) data(ref ast.Ref) (name string, v ast.Value, ok bool) {
	if !ref.HasPrefix(ast.DefaultRootRef) || len(s.policy.compiler.GetRulesDynamicWithOpts(ref, ast.RulesOptions{IncludeHiddenModules: true})) > 0 {
		return "", nil, false
	}
	ref = ref.ConstantPrefix()
	path, err := storage.NewPathForRef(ref)
	if err != nil || len(path) == 0 {
		return "", nil, false
	}
	got, err := s.policy.store.Read(context.Background(), s.policy.txn, path)
	if err != nil {
		return ref.String(), nil, true
	}
	v, err = ast.InterfaceToValue(got)
	return ref.String(), v, err == nil
}

// shown writes a value for people.
func (s *scope) shown(name string, v ast.Value) string {
	if v == nil {
		return ""
	}
	if secret.MatchString(name[strings.LastIndexByte(name, '.')+1:]) {
		return "***"
	}
	b := appendJSON(nil, s.hidden.hide(v))
	if len(b) <= maxText {
		return string(b)
	}
	cut := maxText
	for cut > maxText-utf8.UTFMax && !utf8.RuneStart(b[cut]) {
		cut--
	}
	return string(b[:cut]) + "…"
}
