package hostabi

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync/atomic"
	"time"
)

// PoolOptions bounds the instances of a module. Zero means the default.
type PoolOptions struct {
	Memory       int64         // bytes of linear memory of each instance; default 16 MiB, at most 4 GiB
	Timeout      time.Duration // of one decision; default 5 ms. A sooner deadline of the caller's holds too
	StartTimeout time.Duration // of starting and configuring an instance; default 10 s
	Fuel         int64         // of one decision, in units of package meter; default none but the time
	Size         int           // most instances at a time; default GOMAXPROCS, at most 256
	Config       []byte        // what siogw_configure gets
	Sink         Sink          // default: nowhere

	Lifetime Lifetime   // of what the guest keeps in its memory; default Shared
	Sessions int        // most sessions with an instance, with lifetime Session; default MaxSessions, at most 65,536
	Granted  Capability // what the guest may import beyond log, label and counter
	Store    Store      // of the capability KV; it must be there with it
}

func (o PoolOptions) withDefaults() PoolOptions {
	if o.Memory <= 0 {
		o.Memory = defaultMemory
	}
	if o.Timeout <= 0 {
		o.Timeout = defaultTimeout
	}
	if o.StartTimeout <= 0 {
		o.StartTimeout = defaultStart
	}
	if o.Size <= 0 {
		o.Size = runtime.GOMAXPROCS(0)
	}
	o.Size = min(o.Size, maxSize)
	if o.Sessions <= 0 {
		o.Sessions = MaxSessions
	}
	o.Sessions = min(o.Sessions, maxSessions)
	if o.Sink == nil {
		o.Sink = nowhere{}
	}
	return o
}

// Result is what a guest answered.
type Result struct {
	Verdict []byte // nil: allow, unchanged
	Labels  []Label
	Fuel    int64   // used
	Memory  int64   // bytes of linear memory that the instance has after it
	Counts  []Count // what it counted, and the sink was told
	Silent  bool    // it logged and printed nothing
}

// Call is what a guest is asked.
type Call struct {
	View    []byte
	Session string    // whose instance is asked, with lifetime Session; "" for none
	Time    time.Time // what the clock tells
	Turn    Turn      // of who asks, during the call; nil for one that may wait
}

// Pool holds the instances of one module that serve under one configuration. Safe for concurrent use.
// There are Size slots; each is at any time in ready (with an instance, or with why there is none), in
// empty, or held by a call or by a goroutine that starts an instance.
type Pool struct {
	module *Module
	opt    PoolOptions
	ready  chan slot
	empty  chan struct{}
	closed atomic.Bool
	done   chan struct{} // closed with it

	snapshot *snapshot // nil with lifetime Shared
	seats    seats

	unconfigured bool // its instance is asked for the manifest and for nothing else
}

type slot struct {
	inst *instance
	err  error
}

// NewPool makes a pool with one instance started and configured, so that the first decision is not slow.
// It fails with one of this package's errors when that instance does not start.
func NewPool(m *Module, opt PoolOptions) (*Pool, error) {
	opt = opt.withDefaults()
	if need := int64(m.info.Memory.Min) * pageSize; need > opt.Memory {
		return nil, fmt.Errorf("%w: the guest begins with %d bytes of memory and may have %d", ErrMemory, need, opt.Memory)
	}
	if err := m.checkGrant(opt.Granted); err != nil {
		return nil, err
	}
	if opt.Granted&KV != 0 && opt.Store == nil {
		return nil, fmt.Errorf("%w: the capability kv and no store", ErrABI)
	}
	if opt.Lifetime != Shared && m.info.Hidden != "" {
		return nil, fmt.Errorf("%w: no lifetime but shared goes with %s", ErrABI, m.info.Hidden)
	}
	p := &Pool{module: m, opt: opt, ready: make(chan slot, opt.Size), empty: make(chan struct{}, opt.Size), done: make(chan struct{})}
	inst, err := newInstance(p)
	if err != nil {
		return nil, err
	}
	if opt.Lifetime != Shared {
		p.snapshot = inst.snapshot()
	}
	p.ready <- slot{inst: inst}
	for range opt.Size - 1 {
		p.empty <- struct{}{}
	}
	return p, nil
}

// Decide is Ask for a guest that is told nothing but the view.
func (p *Pool) Decide(ctx context.Context, view []byte) (Result, error) {
	return p.Ask(ctx, &Call{View: view})
}

// Ask lets a guest judge, and returns by the deadline of ctx or the pool's timeout, about a millisecond late at
// the most. With all instances at work it waits for one. The errors are this package's.
func (p *Pool) Ask(ctx context.Context, c *Call) (Result, error) {
	if p.opt.Lifetime == Session && c.Session != "" {
		return p.askSession(ctx, c)
	}
	i, err := p.take(ctx, c)
	if err != nil {
		return Result{}, err
	}
	res, err := i.serve(ctx, c)
	if err != nil || !i.renew() {
		i.close()
		go p.start() // ends with the start timeout; Close waits for it
		return res, err
	}
	p.ready <- slot{inst: i}
	return res, nil
}

func (p *Pool) take(ctx context.Context, c *Call) (*instance, error) {
	if p.closed.Load() {
		return nil, ErrClosed
	}
	select {
	case s := <-p.ready:
		return p.taken(s)
	default:
	}
	if !c.leave() {
		return nil, errCrowded
	}
	select {
	case <-p.empty:
		go p.start()
	default:
	}
	patience := time.NewTimer(p.opt.StartTimeout)
	defer patience.Stop()
	select {
	case s := <-p.ready:
		return p.taken(s)
	case <-p.done:
		return nil, ErrClosed
	case <-patience.C:
	case <-ctx.Done():
	}
	return nil, fmt.Errorf("%w: %w", ErrTimeout, ErrBusy)
}

func (p *Pool) taken(s slot) (*instance, error) {
	if s.err != nil {
		p.empty <- struct{}{}
		return nil, s.err
	}
	return s.inst, nil
}

// start fills the slot that its caller holds.
func (p *Pool) start() {
	if p.closed.Load() {
		p.empty <- struct{}{}
		return
	}
	inst, err := newInstance(p)
	p.ready <- slot{inst, err}
}

// Close waits for the calls that run, each bounded by its timeout, and releases the instances. Later
// calls of Decide fail with ErrClosed. It fails when ctx ends first.
func (p *Pool) Close(ctx context.Context) error {
	if p.closed.Swap(true) {
		return nil
	}
	close(p.done)
	if err := p.closeSeats(ctx); err != nil {
		return err
	}
	for range p.opt.Size {
		select {
		case s := <-p.ready:
			if s.inst != nil {
				s.inst.close()
			}
		case <-p.empty:
		case <-ctx.Done():
			return errors.Join(ErrTimeout, ctx.Err())
		}
	}
	return nil
}
