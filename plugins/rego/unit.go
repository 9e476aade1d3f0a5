package rego

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/tester"

	"github.com/siogw/siogw/policies"
)

// UnitOptions say which Rego unit tests to run.
type UnitOptions struct {
	// Options load the policy under test. Without paths and files it is the baseline.
	Options
	// Tests are *_test.rego files: rules whose names begin with test_ (todo_test_ for those to skip), with `with input as`.
	Tests []string
	// Run, when not nil, chooses tests by their full name, data.siogw.authz_test.test_x.
	Run *regexp.Regexp
	// Coverage, when not nil, takes note of the lines that the tests reached.
	Coverage *Coverage
}

// UnitResult is the outcome of one test. It passed when it neither failed, nor was skipped, nor has an error.
type UnitResult struct {
	Name    string // package and rule, data.siogw.authz_test.test_x
	File    string
	Line    int
	Failed  bool
	Skipped bool
	Err     error  // it did not evaluate
	Output  string // what it printed
	Took    time.Duration
}

// unitTimeout bounds one test where Options do not: a test may try many inputs.
const unitTimeout = 5 * time.Second

// RunUnits runs the tests, and gives their results sorted by file and line. Its errors are those of [Load], which
// here cover the tests too.
func RunUnits(ctx context.Context, o UnitOptions) ([]UnitResult, error) {
	modules, data, err := o.modules()
	if err != nil {
		return nil, err
	}
	p := &Policy{}
	if err := p.fill(ctx, storeOf(data)); err != nil {
		return nil, err
	}
	c, all, err := p.unitCompiler(ctx, modules, &o.Options)
	if err != nil {
		return nil, err
	}
	r := tester.NewRunner().SetCompiler(c.WithEnablePrintStatements(true)).SetModules(all).SetStore(p.store).
		SetTimeout(unitTimeout).RaiseBuiltinErrors(false).CapturePrintOutput(true)
	if o.Run != nil {
		r.Filter(o.Run.String())
	}
	if o.Coverage != nil {
		o.Coverage.add(modules)
		r.SetCoverageQueryTracer(o.Coverage.cover).SetCoverageRuns(nil)
	}
	found, err := r.RunTests(ctx, p.txn)
	if err != nil {
		return nil, explainUnsafe(flatten(err))
	}
	var out []UnitResult
	for one := range found {
		out = append(out, unitResult(one))
	}
	slices.SortFunc(out, func(a, b UnitResult) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Name, b.Name))
	})
	return out, nil
}

// unitCompiler is newCompiler for all modules at once. Where some are rules for OPA's decision logs, whose input is
// another, each side has its types checked by itself before.
func (p *Policy) unitCompiler(ctx context.Context, modules map[string]*ast.Module, o *Options) (*ast.Compiler, map[string]*ast.Module, error) {
	rest, err := p.splitLogRules(ctx, modules, o)
	if err != nil {
		return nil, nil, err
	}
	c, all, err := p.newCompiler(ctx, rest, o)
	if err != nil || p.logs == nil {
		return c, all, err
	}
	if c.Compile(all); c.Failed() {
		return nil, nil, explainUnsafe(flatten(c.Errors))
	}
	if c, all, err = p.newCompiler(ctx, modules, o); err == nil {
		c.WithSchemas(nil)
	}
	return c, all, err
}

// modules reads the policy and the tests.
func (o *UnitOptions) modules() (map[string]*ast.Module, map[string]any, error) {
	if len(o.Paths) == 0 && o.Files == nil {
		o.Files = policies.Baseline()
	}
	modules, data, err := read(&o.Options)
	if err != nil {
		return nil, nil, err
	}
	for _, name := range o.Tests {
		if !strings.HasSuffix(name, "_test.rego") {
			return nil, nil, fmt.Errorf("%s: tests are in files named *_test.rego", name)
		}
		if modules[name] == nil { // else the policy names it, too
			if err := readFrom(nil, []string{name}, modules, data); err != nil {
				return nil, nil, err
			}
		}
	}
	return modules, data, nil
}

func unitResult(r *tester.Result) UnitResult {
	u := UnitResult{Name: r.Package + "." + r.Name, Failed: r.Fail, Skipped: r.Skip, Err: r.Error, Output: string(r.Output), Took: r.Duration}
	if r.Location != nil {
		u.File, u.Line = r.Location.File, r.Location.Row
	}
	if u.Err != nil && errors.Is(u.Err, context.DeadlineExceeded) {
		u.Err = fmt.Errorf("took longer than %v: %w", unitTimeout, u.Err)
	}
	return u
}
