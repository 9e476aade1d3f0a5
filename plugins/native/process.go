package native

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/siogw/siogw/plugins/wasm"
)

// ErrMemory says that a process had more memory than it may.
var ErrMemory = errors.New("too much memory")

const lookTime = 500 * time.Millisecond // between two looks at the memory of a process

// The pauses before a process is started again, where Options.Backoff says nothing.
const (
	firstPause = time.Second
	lastPause  = time.Minute
)

// Process is a program that is kept running. Safe for concurrent use.
type Process struct {
	opt      Options
	manifest wasm.Manifest

	current  atomic.Pointer[run] // nil while it does not run
	restarts atomic.Uint64
	late     atomic.Uint64

	stop    context.Context
	cancel  context.CancelFunc
	stopped chan struct{}
}

// Start starts the program and waits till it serves. When it ends it is started again, after a pause that doubles, till Close.
// Errors name the plugin; ErrChecksum and ErrRefused are among them.
func Start(ctx context.Context, o Options) (*Process, error) {
	o.defaults()
	p := &Process{opt: o, stopped: make(chan struct{})}
	p.stop, p.cancel = context.WithCancel(context.Background())
	var r *run
	var err error
	if p.manifest, err = parseManifest(o.Manifest); err != nil {
		err = fmt.Errorf("manifest: %w", err)
	} else {
		r, err = p.start(ctx)
	}
	if err != nil {
		p.cancel()
		return nil, fmt.Errorf("plugin %s: %w", o.Name, err)
	}
	p.current.Store(r)
	go p.supervise(r)
	return p, nil
}

// link gives the stream to the process, or ErrDown.
func (p *Process) link() (*link, error) {
	r := p.current.Load()
	if r == nil {
		return nil, ErrDown
	}
	return r.link, nil
}

// supervise sees to it that the program runs.
func (p *Process) supervise(r *run) {
	defer close(p.stopped)
	first, last := p.opt.Backoff.Pause, p.opt.Backoff.MaxPause
	if first <= 0 {
		first, last = firstPause, lastPause
	}
	for pause := first; ; {
		since := time.Now()
		err := p.attend(r)
		p.current.Store(nil)
		if err == nil {
			r.end(graceTime)
			return
		}
		r.end(0)
		if time.Since(since) > last {
			pause = first
		}
		for r = nil; r == nil; {
			p.warn("plugin is down", "pause", pause, "error", err)
			select {
			case <-time.After(pause):
			case <-p.stop.Done():
				return
			}
			pause = min(2*pause, last)
			r, err = p.start(p.stop)
		}
		p.restarts.Add(1)
		p.current.Store(r)
		p.info("plugin is up again", "pid", r.child.pid())
	}
}

// attend returns why r serves no longer, nil when it is to stop.
func (p *Process) attend(r *run) error {
	ticker := time.NewTicker(lookTime)
	defer ticker.Stop()
	for {
		select {
		case <-r.link.done:
			return r.link.err
		case <-r.child.exited:
			return fmt.Errorf("%w: it has ended: %w", ErrDown, errOr(r.child.err, "by itself"))
		case <-p.stop.Done():
			return nil
		case <-ticker.C:
			if n, err := resident(r.child.pid()); err == nil && n > p.opt.Memory {
				r.link.fail(fmt.Errorf("%w: %d bytes, more than %d", ErrMemory, n, p.opt.Memory))
			}
		}
	}
}

func errOr(err error, text string) error {
	if err == nil {
		return errors.New(text)
	}
	return err
}

// Close ends the process. It returns when that is gone, or ctx ends.
func (p *Process) Close(ctx context.Context) error {
	p.cancel()
	select {
	case <-p.stopped:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("plugin %s: its process has not ended: %w", p.opt.Name, ctx.Err())
	}
}

// Stats is how a process is.
type Stats struct {
	PID      int    // 0 while it does not run
	Restarts uint64 // since it was first started
	Late     uint64 // answers that came when nobody waited for them any more
	UnderWay int    // questions without an answer
}

// Stats gives the figures of now.
func (p *Process) Stats() Stats {
	s := Stats{Restarts: p.restarts.Load(), Late: p.late.Load()}
	if r := p.current.Load(); r != nil {
		s.PID, s.UnderWay = r.child.pid(), r.link.underWay()
	}
	return s
}
