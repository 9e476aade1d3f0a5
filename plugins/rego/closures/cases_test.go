package closures

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"testing"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/storage"
	"github.com/open-policy-agent/opa/v1/storage/inmem"
	"github.com/open-policy-agent/opa/v1/test/cases"
	"github.com/open-policy-agent/opa/v1/test/cases/testdata"
	"github.com/open-policy-agent/opa/v1/topdown"
	"github.com/open-policy-agent/opa/v1/util"
)

// one is a query to evaluate both ways.
type one struct {
	modules map[string]string
	query   string
	data    map[string]any
	input   *ast.Term
	options ast.ParserOptions
}

// outcome is what became of it.
type outcome int

const (
	alike       outcome = iota
	unsupported         // left to the evaluator as a whole
	handed              // to the evaluator after an error
)

var now = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// everything calls all functions of OPA's whose answers can be compared.
func everything(name string) bool { return !impure[name] }

var impure = map[string]bool{"rand.intn": true, "uuid.rfc4122": true, "net.lookup_ip_addr": true, "http.send": true, "opa.runtime": true,
	"io.jwt.encode_sign": true, "io.jwt.encode_sign_raw": true, "io.jwt.decode_verify": true, "print": true, "internal.print": true, "trace": true,
	"crypto.x509.parse_and_verify_certificates": true, "crypto.x509.parse_and_verify_certificates_with_options": true}

// compile makes what both ways evaluate.
func (o *one) compile(t *testing.T) (*Source, ast.QueryCompiler, *ast.Compiler) {
	t.Helper()
	c, err := ast.CompileModulesWithOpt(o.modules, ast.CompileOpts{ParserOptions: o.options})
	if err != nil {
		t.Fatal(err)
	}
	qc := c.QueryCompiler()
	q, err := qc.Compile(ast.MustParseBody(o.query))
	if err != nil {
		t.Fatal(err)
	}
	if o.data == nil {
		o.data = map[string]any{}
	}
	store := inmem.NewFromObjectWithOpts(o.data, inmem.OptReturnASTValuesOnRead(true))
	txn := storage.NewTransactionOrDie(t.Context(), store)
	return &Source{Compiler: c, Query: q, Store: store, Txn: txn, Pure: everything}, qc, c
}

// both evaluates both ways and compares the sets of solutions.
func (o *one) both(t *testing.T) outcome {
	t.Helper()
	s, qc, c := o.compile(t)
	query := s.Query
	s.Query = ast.MustParseBody(o.query)
	p, err := Compile(t.Context(), s)
	var u *Unsupported
	if errors.As(err, &u) {
		t.Logf("unsupported: %v", u)
		return unsupported
	}
	if err != nil {
		t.Fatal(err)
	}
	want := ast.NewSet()
	errWant := topdown.NewQuery(query).WithCompiler(c).WithQueryCompiler(qc).WithStore(s.Store).WithTransaction(s.Txn).
		WithInput(o.input).WithTime(now).WithStrictBuiltinErrors(true).
		Iter(t.Context(), func(r topdown.QueryResult) error {
			obj := ast.NewObject()
			for k, v := range r {
				if !k.IsGenerated() && !k.IsWildcard() {
					obj.Insert(ast.StringTerm(string(k)), v)
				}
			}
			want.Add(ast.NewTerm(obj))
			return nil
		})
	outcome := alike
	for range 2 { // the second time with what is kept of the first
		got := ast.NewSet()
		err := p.Run(context.Background(), Eval{Input: o.input, Time: now}, func(values []*ast.Term) {
			obj := ast.NewObject()
			for i, name := range p.Vars() {
				obj.Insert(ast.StringTerm(name), values[i])
			}
			got.Add(ast.NewTerm(obj))
		})
		switch {
		case errors.Is(err, errPanic):
			t.Fatal(err)
		case err != nil:
			t.Logf("handed to the evaluator (%v): %v", errWant, err)
			outcome = handed
		case errWant != nil:
			t.Fatalf("got %v, the evaluator fails: %v", got, errWant)
		case got.Compare(want) != 0:
			t.Fatalf("got  %v\nwant %v", got, want)
		}
	}
	return outcome
}

// OPA's own cases give what its evaluator gives.
func TestCases(t *testing.T) {
	count := map[outcome]int{}
	err := fs.WalkDir(testdata.V1, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := testdata.V1.ReadFile(path)
		if err != nil {
			return err
		}
		var set cases.Set
		if err := util.Unmarshal(text, &set); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		for i := range set.Cases {
			if strings.Contains(strings.Join(set.Cases[i].Modules, ""), "test.sleep") {
				continue // no function of OPA's
			}
			t.Run(set.Cases[i].Note, func(t *testing.T) { count[runCase(t, &set.Cases[i])]++ })
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d alike, %d handed to the evaluator for an error, %d not supported", count[alike], count[handed], count[unsupported])
	if count[alike] < 1000 {
		t.Errorf("only %d cases are compared", count[alike])
	}
}

func runCase(t *testing.T, tc *cases.TestCase) outcome {
	t.Helper()
	o := one{modules: map[string]string{}, query: tc.Query, options: ast.ParserOptions{RegoVersion: ast.RegoV1}}
	for i, m := range tc.Modules {
		o.modules[fmt.Sprintf("test-%d.rego", i)] = m
	}
	if tc.ExperimentalKeywords {
		o.options.Capabilities = ast.CapabilitiesForThisVersion(ast.CapabilitiesExperimentalKeywords(true))
	}
	for k, v := range tc.Env {
		t.Setenv(k, v)
	}
	if tc.Data != nil {
		o.data = *tc.Data
	}
	if tc.InputTerm != nil {
		o.input = ast.MustParseTerm(*tc.InputTerm)
	} else if tc.Input != nil {
		o.input = ast.NewTerm(ast.MustInterfaceToValue(*tc.Input))
	}
	return o.both(t)
}
