// Package tck holds guests and hosts to the clauses of hostabi/ABI.md. Guest checks a module; Cases are modules, and what a
// host has to make of each.
package tck

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/siogw/siogw/engine"
	"github.com/siogw/siogw/hostabi"
	"github.com/siogw/siogw/hostabi/meter"
	"github.com/siogw/siogw/internal/kv"
	"github.com/siogw/siogw/plugins/wasm"
)

// Module is what is checked.
type Module struct {
	Name     string
	Wasm     []byte
	Manifest []byte // that stands beside the module; nil: the one in it counts
}

// Options says how a guest is checked. Zero values are the defaults.
type Options struct {
	Config   []byte        // JSON that the guest must accept; nil for none
	Memory   int64         // bytes; default 16 MiB, as of a gateway
	Timeout  time.Duration // patience for one call; default 10 s: time depends on the machine, and Fuel does not
	Fuel     int64         // that an ordinary packet may take; default DefaultFuel
	Calls    int           // of the longest run; default 10,000
	CacheDir string        // keeps compiled modules; "" keeps none
}

// DefaultFuel is what an ordinary packet may take: about the 5 ms that a gateway grants unless told otherwise.
const DefaultFuel = 5_000_000

func (o Options) withDefaults() Options {
	if o.Memory <= 0 {
		o.Memory = 16 << 20
	}
	if o.Timeout <= 0 {
		o.Timeout = 10 * time.Second
	}
	if o.Fuel <= 0 {
		o.Fuel = DefaultFuel
	}
	if o.Calls <= 0 {
		o.Calls = 10_000
	}
	return o
}

// checker is one run of the checks.
type checker struct {
	Report
	opt      Options
	wasm     []byte
	module   *hostabi.Module
	manifest wasm.Manifest
	granted  hostabi.Capability
	samples  []sample
}

// Guest checks a module against every clause that a guest can break. What is wrong with the guest is in the report; an error
// says that the checks could not be made.
func Guest(ctx context.Context, m Module, opt Options) (*Report, error) {
	sum := sha256.Sum256(m.Wasm)
	c := &checker{opt: opt.withDefaults(), wasm: m.Wasm}
	c.Report = Report{ABI: 1, Guest: m.Name, SHA256: hex.EncodeToString(sum[:]), Findings: []Finding{}}
	var err error
	if c.samples, err = samples(); err != nil {
		return nil, err
	}
	rt, err := hostabi.NewRuntime(ctx, hostabi.RuntimeOptions{CacheDir: opt.CacheDir})
	if err != nil {
		return nil, err
	}
	if c.declarations() && c.load(ctx, rt, m.Manifest) {
		c.run()
	}
	if c.module != nil {
		err = c.module.Close(ctx)
	}
	return &c.Report, errors.Join(err, rt.Close(ctx))
}

// load compiles the module and reads its manifest.
func (c *checker) load(ctx context.Context, rt *hostabi.Runtime, beside []byte) bool {
	var err error
	c.module, err = rt.Compile(ctx, c.wasm)
	if !c.expect("ABI-1.1", "the code is valid", "a module of WebAssembly 2.0", err) {
		return false
	}
	raw := beside
	if raw == nil {
		raw, err = c.module.Manifest(ctx)
		if c.module.Custom(hostabi.ProgramSection) != nil && !c.expect("ABI-10.3", "its program says a manifest", "the packed place of one", err) {
			return false
		}
	}
	if c.manifest, err = wasm.ParseManifest(raw); !c.expect("ABI-3.2", "the manifest", "JSON with abi 1 and no unknown key", err) {
		return false
	}
	asked, _ := wasm.ParseCapabilities(c.manifest.Capabilities) // ParseManifest did
	c.granted = asked
	if missing := c.module.Needs() &^ asked; missing != 0 {
		c.fail("ABI-3.6", "capabilities", "a manifest that asks for "+missing.String(), "imports without it")
		return false
	}
	c.pass("ABI-3.6", "the manifest asks for what is imported")
	hidden := c.module.Info().Hidden
	if c.manifest.Lifetime == "" || c.manifest.Lifetime == hostabi.Shared.String() {
		c.skip("ABI-2.9", "it can be put back", "its lifetime is shared")
	} else if hidden != "" {
		c.fail("ABI-2.9", "it can be put back", "no state but memory and plain globals, for lifetime "+c.manifest.Lifetime, hidden)
	} else {
		c.pass("ABI-2.9", "it can be put back")
	}
	return true
}

func (c *checker) options(config []byte) hostabi.PoolOptions {
	return hostabi.PoolOptions{Memory: c.opt.Memory, Timeout: c.opt.Timeout, StartTimeout: max(c.opt.Timeout, 10*time.Second), Config: config,
		Granted: c.granted, Store: kv.New(kv.Limits{})}
}

func (c *checker) probe(config []byte) (*hostabi.Probe, error) {
	return hostabi.NewProbe(c.module, c.options(config))
}

// run makes the checks that need a guest at work.
func (c *checker) run() {
	p, err := c.probe(c.opt.Config)
	if !c.expect(startClause(err), "it starts, and takes its configuration", "0 from siogw_configure, without a trap", err) {
		return
	}
	p.Close()
	c.buffers()
	c.configurations()
	answers := c.packets()
	c.leftovers(answers)
	c.again(answers)
	c.silences(answers)
	if c.OK() {
		c.longRun()
	} else {
		c.skip("ABI-7.1", "many calls", "another check failed")
	}
}

func startClause(err error) string {
	switch {
	case errors.Is(err, hostabi.ErrProgram):
		return "ABI-10.2"
	case errors.Is(err, hostabi.ErrMemory):
		return "ABI-7.1"
	case errors.Is(err, hostabi.ErrTimeout):
		return "ABI-7.3"
	}
	return "ABI-2.14"
}

// asks reports whether a host asks this guest about in.
func (c *checker) asks(in *engine.Input) bool {
	return len(c.manifest.Kinds) == 0 || slices.Contains(c.manifest.Kinds, in.Kind.String())
}

// ask has p judge a sample, and checks the answer: with no error it is a verdict that a host takes.
func (c *checker) ask(p *hostabi.Probe, s *sample) (hostabi.Result, error) {
	c.Calls++
	view, picked, err := c.manifest.RenderFor(s.in, c.opt.Config)
	if err != nil {
		return hostabi.Result{}, fmt.Errorf("config: %w", err)
	}
	before := bytes.Clone(s.in.Args)
	res, err := p.Decide(&hostabi.Call{View: view, Session: "tck", Time: s.in.Time})
	if err != nil {
		return res, err
	}
	kept := res // reading may take the verdict's bytes
	kept.Verdict = bytes.Clone(res.Verdict)
	_, err = wasm.ReadResult(s.in, kept, picked)
	if errors.Is(err, wasm.ErrOwn) {
		err = nil // ABI-5.16: it says that it could not judge, as it may
	}
	if !bytes.Equal(before, s.in.Args) {
		err = errors.Join(err, errors.New("the input changed"))
	}
	return res, err
}

// declarations checks what the module says without running it. It gives whether the rest makes sense.
func (c *checker) declarations() bool {
	info, err := meter.Inspect(c.wasm)
	if !c.expect("ABI-1.1", "it is a module", "a module in the binary format", err) {
		return false
	}
	if len(c.wasm) > hostabi.MaxModule {
		c.fail("ABI-1.1", "its size", fmt.Sprintf("at most %d bytes", hostabi.MaxModule), fmt.Sprintf("%d bytes", len(c.wasm)))
		return false
	}
	if _, err = hostabi.Check(c.wasm); err != nil {
		for _, rule := range declared {
			if why := rule.broken(info); why != "" {
				c.fail(rule.clause, rule.check, rule.want, why)
			}
		}
		if c.OK() {
			c.fail("ABI-1.1", "what it declares", "what a host accepts", err.Error())
		}
		return false
	}
	for _, rule := range declared {
		c.pass(rule.clause, rule.check)
	}
	return true
}

func sorted[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
