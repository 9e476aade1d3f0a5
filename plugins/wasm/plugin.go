// Package wasm makes an engine.Plugin of a WebAssembly guest: it renders the view that the guest's manifest
// asks for, lets package hostabi run it, and takes its verdict apart as strictly as if a client had sent it.
package wasm

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/siogw/siogw/engine"
	"github.com/siogw/siogw/hostabi"
	"github.com/siogw/siogw/internal/backoff"
	"github.com/siogw/siogw/internal/memo"
	"github.com/siogw/siogw/internal/strictjson"
)

// Options says which guest to load, and its bounds. Zero values are hostabi's defaults.
type Options struct {
	Name     string
	Wasm     []byte
	Manifest []byte        // nil: the module's custom section, or the defaults of ABI.md
	Config   []byte        // JSON; nil for none
	Memory   int64         // bytes of each instance; default 16 MiB
	Timeout  time.Duration // of one verdict; default 5 ms
	Size     int           // instances at most; default GOMAXPROCS
	Logger   *slog.Logger  // nil: the guest's logs are dropped

	Lifetime string             // in place of the manifest's; "" leaves it
	Sessions int                // instances at most with lifetime session; default hostabi.MaxSessions
	Granted  hostabi.Capability // of what the manifest asks for; all of that must be here
	Store    hostabi.Store      // for the capability kv
	Backoff  backoff.Options    // when it keeps failing; zero asks it always
	Memo     int64              // bytes of verdicts kept of a pure guest; 0 for none
	Tally    *Tally             // counts on where another plugin of this name ended; nil begins anew
}

// Plugin is a loaded guest. Safe for concurrent use.
type Plugin struct {
	manifest Manifest
	kinds    uint32   // bit set of engine.Kind; 0 for all
	fields   []string // that narrow the strings view
	module   *hostabi.Module
	pool     *hostabi.Pool
	name     string
	logger   *slog.Logger // nil for none
	tally    *Tally
	breaker  *backoff.Breaker
	memo     *memo.Table[*kept] // nil for none
	sharings atomic.Uint64      // verdicts that were kept with their packet
	acts     atomic.Bool        // it has counted or logged
	buffers  sync.Pool
}

// Load compiles a guest, reads its manifest, and starts and configures a first instance. Errors name the
// plugin and wrap those of package hostabi.
func Load(ctx context.Context, rt *hostabi.Runtime, opt Options) (*Plugin, error) {
	p, err := load(ctx, rt, opt)
	if err != nil {
		return nil, fmt.Errorf("plugin %s: %w", opt.Name, err)
	}
	return p, nil
}

func load(ctx context.Context, rt *hostabi.Runtime, opt Options) (_ *Plugin, err error) {
	p := &Plugin{name: opt.Name, logger: opt.Logger, tally: opt.Tally, breaker: backoff.New(opt.Backoff)}
	if p.tally == nil {
		p.tally = &Tally{}
	}
	p.buffers.New = func() any { return new([]byte) }
	if p.fields, err = configFields(opt.Config); err != nil {
		return nil, fmt.Errorf("config: %w", err)
	}
	if p.module, err = rt.Compile(ctx, opt.Wasm); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, p.module.Close(ctx))
		}
	}()
	raw := opt.Manifest
	if raw == nil {
		if raw, err = p.module.Manifest(ctx); err != nil {
			return nil, err
		}
	}
	if p.manifest, err = ParseManifest(raw); err != nil {
		return nil, fmt.Errorf("manifest: %w", err)
	}
	if p.fields != nil && p.manifest.View != ViewStrings {
		return nil, errors.New("config: fields need the strings view")
	}
	for _, name := range p.manifest.Kinds {
		k, _ := engine.ParseKind(name)
		p.kinds |= 1 << k
	}
	if p.manifest.Pure && p.manifest.View != ViewInput && opt.Memo > 0 { // the whole input has the time in it: no two are the same
		p.memo = memo.New[*kept](memo.Options{Bytes: int(opt.Memo), Entry: int(opt.Memo / memoShare)})
	}
	po := hostabi.PoolOptions{Memory: opt.Memory, Timeout: opt.Timeout, Size: opt.Size, Config: opt.Config,
		Sink: sink{p}, Sessions: opt.Sessions, Store: opt.Store}
	if po.Granted, err = p.granted(opt.Granted); err != nil {
		return nil, err
	}
	if po.Lifetime, err = hostabi.ParseLifetime(cmp.Or(opt.Lifetime, p.manifest.Lifetime)); err != nil {
		return nil, fmt.Errorf("lifetime: %w", err)
	}
	p.pool, err = hostabi.NewPool(p.module, po)
	return p, err
}

// ErrNotGranted says that a guest asks for a capability that the operator does not grant.
var ErrNotGranted = errors.New("is asked for and not granted")

// granted gives the capabilities that the guest gets: those of its manifest, if all are granted.
func (p *Plugin) granted(by hostabi.Capability) (hostabi.Capability, error) {
	asked, _ := ParseCapabilities(p.manifest.Capabilities) // checked
	if missing := p.module.Needs() &^ asked; missing != 0 {
		return 0, fmt.Errorf("%w: it imports functions of the capability %s, which its manifest does not ask for", hostabi.ErrABI, missing)
	}
	if missing := asked &^ by; missing != 0 {
		return 0, fmt.Errorf("capability %s %w", missing, ErrNotGranted)
	}
	return asked, nil
}

// configFields gives the member "fields" of the config, which is the host's: see ABI.md, section 4.
func configFields(config []byte) ([]string, error) {
	if config = bytes.TrimSpace(config); len(config) == 0 {
		return nil, nil
	}
	if err := strictjson.Scan(config, strictjson.Limits{}); err != nil {
		return nil, err
	}
	if strictjson.KindOf(config) != strictjson.Object {
		return nil, nil
	}
	raw, ok := strictjson.Member(config, "fields")
	if !ok {
		return nil, nil
	}
	fields, err := stringList(raw)
	if err == nil {
		err = checkPointers(fields)
	}
	return fields, err
}

// Manifest gives what the guest says of itself.
func (p *Plugin) Manifest() Manifest { return p.manifest }

// Counters gives the guest's counters, at most 32 of them.
func (p *Plugin) Counters() map[string]int64 { return p.tally.Counters() }

// EndSession tells that a session is over; it implements engine.SessionEnder.
func (p *Plugin) EndSession(id string) { p.pool.End(id) }

// Decide implements engine.Plugin. A kind that the manifest does not name is abstained from.
func (p *Plugin) Decide(ctx context.Context, in *engine.Input) engine.Verdict {
	v, _ := p.Measure(ctx, in)
	return v
}

// answers reports whether the manifest names a kind, or none.
func (p *Plugin) answers(k engine.Kind) bool { return p.kinds == 0 || p.kinds&(1<<k) != 0 }

// Usage is what one decision took of a guest; all zero when it was not asked, or did not answer.
type Usage struct {
	Fuel   int64 // units of package meter
	Memory int64 // bytes of linear memory that the instance has after it
}

// Measure is Decide, and tells what the decision took.
func (p *Plugin) Measure(ctx context.Context, in *engine.Input) (engine.Verdict, Usage) {
	if !p.answers(in.Kind) {
		return engine.Verdict{Effect: engine.Abstain}, Usage{}
	}
	call := hostabi.Call{Time: in.Time, Turn: in.Turn}
	address := ""
	if in.Session != nil {
		call.Session, address = in.Session.ID, in.Session.IP
	}
	if v, ok := p.sharedBy(in); ok {
		return v, Usage{}
	}
	buf := p.buffers.Get().(*[]byte)
	defer p.buffers.Put(buf)
	view, picked := p.view((*buf)[:0], in)
	if cap(view) <= 1<<20 && !sameArray(view, in.Args) {
		*buf = view
	}
	call.View = view
	if p.manifest.Silent(view) {
		v := engine.Verdict{Effect: engine.Allow}
		p.share(in, v, nil)
		return v, Usage{}
	}
	if v, ok := p.known(in, view, picked); ok {
		return v, Usage{}
	}
	pass, ok := p.breaker.Enter(address)
	if !ok {
		p.tally.refused.Add(1)
		return engine.Failed(engine.CodePluginBackoff, errOut), Usage{}
	}
	end, why := backoff.Bad, errPanic // a trial must end, also by a defect of ours
	defer func() { p.note(p.breaker.Leave(pass, end), why) }()
	v, used := p.ask(ctx, in, &call, picked)
	end, why = outcome(v.Err), v.Err
	return v, used
}

// ask has the guest judge the view of call.
func (p *Plugin) ask(ctx context.Context, in *engine.Input, call *hostabi.Call, picked []int) (engine.Verdict, Usage) {
	res, err := p.pool.Ask(ctx, call)
	if err != nil {
		return engine.Failed(failureCode(err), err), Usage{}
	}
	if !res.Silent || len(res.Counts) > 0 {
		p.acts.Store(true)
	}
	v := p.read(in, res, picked)
	if v.Err == nil && res.Silent {
		p.remember(call.View, res, v)
		p.share(in, v, res.Counts)
	}
	return v, Usage{Fuel: res.Fuel, Memory: res.Memory}
}

// read makes a verdict of what the guest answered.
func (p *Plugin) read(in *engine.Input, res hostabi.Result, picked []int) engine.Verdict {
	if res.Verdict == nil && res.Labels == nil {
		return engine.Verdict{Effect: engine.Allow}
	}
	v, err := verdict(in, res, picked)
	if err != nil {
		code := engine.CodePluginError
		if errors.Is(err, errTransform) {
			code = engine.CodeTransform
		}
		return engine.Failed(code, fmt.Errorf("verdict: %w", err))
	}
	return v
}

func failureCode(err error) engine.Code {
	switch {
	case errors.Is(err, hostabi.ErrSessions):
		return engine.CodePluginSession
	case errors.Is(err, hostabi.ErrTimeout):
		return engine.CodePluginTimeout
	case errors.Is(err, hostabi.ErrMemory):
		return engine.CodePluginMemory
	}
	return engine.CodePluginError
}

// Close waits for the verdicts that are being made and releases everything.
func (p *Plugin) Close(ctx context.Context) error {
	return errors.Join(p.pool.Close(ctx), p.module.Close(ctx))
}
