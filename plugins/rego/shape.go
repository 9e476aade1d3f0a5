package rego

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
)

// pkg is the package that counts.
const pkg = "data.siogw.authz"

const (
	ruleAllow     = "allow"
	ruleDeny      = "deny"
	ruleTransform = "transform"
)

// forms say what the contract wants each rule to be.
var forms = map[string]string{
	ruleAllow:     "a boolean",
	ruleDeny:      "a set or an array",
	ruleTransform: "an array of operations",
}

// defaultsName is the name of the module made by defaults. It is no file's: those end in .rego.
const defaultsName = "siogw:defaults"

// rules gives the rules of package siogw.authz with this name, in the order of their files.
func rules(modules map[string]*ast.Module, name string) []*ast.Rule {
	var out []*ast.Rule
	for _, m := range modules {
		if m.Package.Path.String() != pkg {
			continue
		}
		for _, r := range m.Rules {
			if head := r.Head.Ref(); len(head) > 0 && head[0].Value.Compare(ast.Var(name)) == 0 {
				out = append(out, r)
			}
		}
	}
	slices.SortFunc(out, func(a, b *ast.Rule) int { return a.Loc().Compare(b.Loc()) })
	return out
}

// checkNames refuses a policy that can only ever give one answer by mistake, and rules that cannot have
// the form that the contract gives them.
func checkNames(modules map[string]*ast.Module) error {
	allow, deny := rules(modules, ruleAllow), rules(modules, ruleDeny)
	if len(allow) == 0 && len(deny) == 0 {
		return fmt.Errorf("no rule of package siogw.authz is named allow or deny%s", packages(modules))
	}
	var errs []error
	for _, r := range slices.Concat(allow, deny, rules(modules, ruleTransform)) {
		name := string(r.Head.Ref()[0].Value.(ast.Var))
		switch {
		case len(r.Head.Args) > 0:
			errs = append(errs, fmt.Errorf("%s: %s must not be a function", r.Loc(), name))
		case len(r.Head.Ref()) > 1:
			errs = append(errs, fmt.Errorf("%s: %s must be one rule, not an object of rules", r.Loc(), name))
		case r.Head.RuleKind() == ast.MultiValue && name != ruleDeny:
			errs = append(errs, fmt.Errorf("%s: %s must not be a set but %s", r.Loc(), name, forms[name]))
		default:
			errs = append(errs, checkValues(name, r))
		}
	}
	return errors.Join(errs...)
}

// packages tells which packages are there instead, for the error.
func packages(modules map[string]*ast.Module) string {
	var names []string
	for _, m := range modules {
		names = append(names, strings.TrimPrefix(m.Package.Path.String(), "data."))
	}
	if len(names) == 0 {
		return ": there is no .rego file"
	}
	slices.Sort(names)
	return ": the files are of package " + strings.Join(slices.Compact(names), ", ")
}

// defaults makes a module that gives the rules that are there a value for when none of them holds, so that
// one query over all is always defined.
func defaults(modules map[string]*ast.Module) (*ast.Module, error) {
	var b strings.Builder
	b.WriteString("package siogw.authz\n")
	for _, d := range []struct{ name, value string }{{ruleAllow, "false"}, {ruleDeny, "[]"}, {ruleTransform, "[]"}} {
		list := rules(modules, d.name)
		if len(list) == 0 || slices.ContainsFunc(list, func(r *ast.Rule) bool { return r.Default || r.Head.RuleKind() == ast.MultiValue }) {
			continue
		}
		fmt.Fprintf(&b, "default %s := %s\n", d.name, d.value)
	}
	m, err := ast.ParseModuleWithOpts(defaultsName, b.String(), ast.ParserOptions{RegoVersion: ast.RegoV1})
	if err != nil {
		return nil, fmt.Errorf("defaults: %w", err)
	}
	return m, nil
}

// fits reports whether a constant may be the value of the rule; what is no constant may.
func fits(name string, v ast.Value) bool {
	if !ast.IsConstant(v) {
		return true
	}
	switch v.(type) {
	case ast.Boolean:
		return name == ruleAllow
	case *ast.Array:
		return name == ruleDeny || name == ruleTransform
	case ast.Set:
		return name == ruleDeny
	}
	return false
}

// checkValues refuses constant values of the wrong type, in the rule and its else branches: every packet
// that reached them would be denied for an error.
func checkValues(name string, r *ast.Rule) error {
	if r.Head.RuleKind() == ast.MultiValue {
		return nil
	}
	for ; r != nil; r = r.Else {
		if v := r.Head.Value; v != nil && !fits(name, v.Value) {
			return fmt.Errorf("%s: %s must be %s, this is %s", r.Loc(), name, forms[name], v)
		}
	}
	return nil
}
