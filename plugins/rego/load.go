package rego

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/loader"
	"github.com/open-policy-agent/opa/v1/metrics"
	"github.com/open-policy-agent/opa/v1/storage"
	"github.com/open-policy-agent/opa/v1/storage/inmem"
	"github.com/open-policy-agent/opa/v1/util"

	"github.com/siogw/siogw/policies"
)

// Policy is a compiled policy with its data. It is immutable and safe for concurrent use.
type Policy struct {
	compiler *ast.Compiler
	store    storage.Store
	txn      storage.Transaction // one read transaction for all evaluations: the store is never written
	full     query               // allow, deny, transform
	answer   query               // deny, transform: for the server's acks
	reads    reads               // what of the input the policy can see
	named    map[string]string   // deny members that stand in the text, with their file and line
	timeout  time.Duration       // 0 for none
	maxBytes int
	plans    *plans // what decisions depend on, by class of input
	memo     *memo  // nil for none
	topdown  bool   // closures are not asked for
	waits    bool   // it may ask the network

	logs *ast.Compiler // of the rules for OPA's decision logs and all that they may ask; nil for none

	transforms bool // there is a transform rule
	warnings   []string
}

// Load reads, checks and compiles. Its errors carry file and line where they have one, and all of them at
// once (a joined error).
func Load(ctx context.Context, o Options) (*Policy, error) {
	modules, data, err := read(&o)
	if err != nil {
		return nil, err
	}
	return loadModules(ctx, modules, storeOf(data), &o)
}

// loadModules compiles modules, which may be shared, over the data in store, which is not written again.
func loadModules(ctx context.Context, modules map[string]*ast.Module, store storage.Store, o *Options) (*Policy, error) {
	p := &Policy{timeout: o.timeout(), maxBytes: o.maxBytes(), memo: newMemo(o.Memo), topdown: o.Topdown,
		waits: slices.ContainsFunc(o.Unsafe, asksNetwork)}
	if err := p.fill(ctx, store); err != nil {
		return nil, err
	}
	modules, err := p.splitLogRules(ctx, modules, o)
	if err != nil {
		return nil, err
	}
	if err := checkNames(modules); err != nil {
		return nil, err
	}
	if err := p.compile(ctx, modules, o); err != nil {
		return nil, err
	}
	if err := p.prepare(modules); err != nil {
		return nil, err
	}
	return p, p.checkArgs(ctx, modules, o)
}

func storeOf(data map[string]any) storage.Store {
	return inmem.NewFromObjectWithOpts(data, inmem.OptRoundTripOnWrite(false), inmem.OptReturnASTValuesOnRead(true))
}

// fill takes the data in store.
func (p *Policy) fill(ctx context.Context, store storage.Store) (err error) {
	p.store = store
	if p.txn, err = store.NewTransaction(ctx); err != nil {
		return fmt.Errorf("policy data: %w", err)
	}
	return nil
}

// Baseline loads the embedded policy that authorizes nothing.
func Baseline(ctx context.Context) (*Policy, error) {
	return Load(ctx, Options{Files: policies.Baseline(), Memo: MemoOptions{Bytes: 64 << 10}}) // by kind alone: a handful
}

// read loads all files into modules by name and one document.
func read(o *Options) (map[string]*ast.Module, map[string]any, error) {
	if len(o.Paths) == 0 && o.Files == nil {
		return nil, nil, errors.New("no policy files are given")
	}
	modules, data := map[string]*ast.Module{}, map[string]any{}
	if len(o.Paths) > 0 {
		if err := readFrom(nil, o.Paths, modules, data); err != nil {
			return nil, nil, err
		}
	}
	if o.Files != nil {
		if err := readFrom(o.Files, []string{"."}, modules, data); err != nil {
			return nil, nil, err
		}
	}
	return modules, data, nil
}

// readFrom adds what is at paths of fsys; nil is the disk.
func readFrom(fsys fs.FS, paths []string, modules map[string]*ast.Module, data map[string]any) error {
	res, err := loader.NewFileLoader().WithFS(fsys).WithMetrics(metrics.NoOp()).
		WithRegoVersion(ast.RegoV1).WithProcessAnnotation(true).Filtered(paths, skip)
	if err != nil {
		return flatten(err)
	}
	for name, m := range res.ParsedModules() {
		if modules[name] != nil {
			return fmt.Errorf("%s is given twice", name)
		}
		modules[name] = m
	}
	return merge(data, res.Documents, "data")
}

// skip passes over tests, and over hidden names: Kubernetes mounts every file a second time below one.
func skip(_ string, info fs.FileInfo, depth int) bool {
	return depth > 0 && (strings.HasPrefix(info.Name(), ".") || strings.HasSuffix(info.Name(), "_test.rego"))
}

// merge puts src into dst; two values at one place are an error.
func merge(dst, src map[string]any, path string) error {
	for k, v := range src {
		old, there := dst[k]
		a, aok := old.(map[string]any)
		b, bok := v.(map[string]any)
		switch {
		case !there:
			dst[k] = v
		case aok && bok:
			if err := merge(a, b, path+"."+k); err != nil {
				return err
			}
		default:
			return fmt.Errorf("%s.%s is given by two data files", path, k)
		}
	}
	return nil
}

func (p *Policy) compile(ctx context.Context, modules map[string]*ast.Module, o *Options) error {
	c, all, err := p.newCompiler(ctx, modules, o)
	if err != nil {
		return err
	}
	p.compiler = c
	if c.Compile(all); c.Failed() {
		return explainUnsafe(flatten(c.Errors))
	}
	return nil
}

// newCompiler gives what compiles modules, and all that it has to compile.
func (p *Policy) newCompiler(ctx context.Context, modules map[string]*ast.Module, o *Options) (*ast.Compiler, map[string]*ast.Module, error) {
	schema := o.Schema
	if schema == nil {
		schema = policies.Schema
	}
	set, err := schemaSet(schema)
	if err != nil {
		return nil, nil, err
	}
	all := maps.Clone(modules)
	if all[defaultsName], err = defaults(modules); err != nil {
		return nil, nil, err
	}
	if err := addLibrary(all); err != nil {
		return nil, nil, err
	}
	return ast.NewCompiler().
		WithDefaultRegoVersion(ast.RegoV1).
		WithSchemas(set).
		WithUseTypeCheckAnnotations(true).
		WithStageAfterID(ast.StageResolveRefs, ownPlaces).
		WithStrict(o.Strict).
		WithCapabilities(capabilities(o.Unsafe)).
		WithPathConflictsCheck(storage.NonEmpty(ctx, p.store, p.txn)), all, nil
}

// schemaSet makes s the type of input in every module.
func schemaSet(s []byte) (*ast.SchemaSet, error) {
	var doc map[string]any
	if err := util.UnmarshalJSON(s, &doc); err != nil {
		return nil, fmt.Errorf("input schema: %w", err)
	}
	set := ast.NewSchemaSet()
	set.Put(ast.SchemaRootRef, doc)
	return set, nil
}

var unsafe = []string{"http.send", "net.lookup_ip_addr", "opa.runtime"}

func asksNetwork(name string) bool { return name == "http.send" || name == "net.lookup_ip_addr" }

// capabilities are OPA's without the unsafe functions that are not permitted, and without schemas from
// the network.
func capabilities(permitted []string) *ast.Capabilities {
	c := ast.CapabilitiesForThisVersion()
	c.AllowNet = []string{}
	c.Builtins = slices.DeleteFunc(slices.Clone(c.Builtins), func(b *ast.Builtin) bool {
		return slices.Contains(unsafe, b.Name) && !slices.Contains(permitted, b.Name)
	})
	return c
}

// explainUnsafe adds to OPA's words why a function that it knows is not there.
func explainUnsafe(err error) error {
	for _, name := range unsafe {
		if strings.Contains(err.Error(), "undefined function "+name) {
			return fmt.Errorf("%w\n(%s are refused in policies unless the options permit them)", err, strings.Join(unsafe, ", "))
		}
	}
	return err
}

// flatten makes one error of OPA's lists, one line each.
func flatten(err error) error {
	var list []error
	switch e := err.(type) {
	case loader.Errors:
		for _, x := range e {
			list = append(list, flatten(x))
		}
	case ast.Errors:
		for _, x := range e {
			list = append(list, x)
		}
	default:
		return err
	}
	return errors.Join(list...)
}
