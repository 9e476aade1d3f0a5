// Package native makes an engine.Plugin of a program: a process of its own, for what a sandbox cannot do, such as asking a
// directory or a database. hashicorp/go-plugin starts it, by its checksum and under mutual TLS; one stream carries all
// questions, many at a time, and whatever goes wrong with the process ends in a verdict that failed.
package native

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/siogw/siogw/engine"
	"github.com/siogw/siogw/internal/backoff"
	"github.com/siogw/siogw/plugins/wasm"
)

// The errors of a question.
var (
	ErrDown    = errors.New("the process is not running")
	ErrBusy    = errors.New("too many questions are under way")
	ErrTimeout = errors.New("no answer in time")
	ErrLarge   = errors.New("the view is too large for a message")

	errOut   = errors.New("it kept failing, and is out of service for a while")
	errPanic = errors.New("panic")
)

// Plugin asks a process, by the rules of one configuration. Safe for concurrent use.
type Plugin struct {
	name     string
	process  *Process
	manifest *wasm.Manifest
	kinds    uint32 // bit set of engine.Kind; 0 for all
	timeout  time.Duration
	tally    *wasm.Tally
	breaker  *backoff.Breaker
}

// DefaultTimeout is for a verdict, where nothing is said: a process may ask others.
const DefaultTimeout = 100 * time.Millisecond

// New makes a plugin that asks p, which stays the caller's. A timeout of 0 is DefaultTimeout; tally may be nil.
func New(p *Process, timeout time.Duration, tally *wasm.Tally) *Plugin {
	if timeout <= 0 {
		timeout = DefaultTimeout
	}
	if tally == nil {
		tally = &wasm.Tally{}
	}
	out := &Plugin{name: p.opt.Name, process: p, manifest: &p.manifest, timeout: timeout, tally: tally, breaker: backoff.New(p.opt.Backoff)}
	for _, name := range p.manifest.Kinds {
		k, _ := engine.ParseKind(name) // checked
		out.kinds |= 1 << k
	}
	return out
}

// Decide implements engine.Plugin. A kind that the manifest does not name is abstained from. It waits for the process, at
// most as long as the timeout.
func (p *Plugin) Decide(ctx context.Context, in *engine.Input) engine.Verdict {
	if p.kinds != 0 && p.kinds&(1<<in.Kind) == 0 {
		return engine.Verdict{Effect: engine.Abstain}
	}
	l, err := p.process.link()
	if err != nil {
		return engine.Failed(engine.CodePluginDown, err)
	}
	address := ""
	if in.Session != nil {
		address = in.Session.IP
	}
	pass, ok := p.breaker.Enter(address)
	if !ok {
		p.tally.NoteRefused()
		return engine.Failed(engine.CodePluginBackoff, errOut)
	}
	end, why := backoff.Bad, errPanic // a trial must end, also by a defect of ours
	defer func() { p.note(l, p.breaker.Leave(pass, end), why) }()
	v := p.ask(ctx, l, in)
	end, why = outcome(v.Err), v.Err
	return v
}

// ask has the process judge in.
func (p *Plugin) ask(ctx context.Context, l *link, in *engine.Input) engine.Verdict {
	if !in.Leave() { // the answer is that of another process
		return engine.Failed(engine.CodePluginBusy, ErrBusy)
	}
	view, picked := p.manifest.Render(nil, in)
	raw, err := l.ask(ctx, view, p.timeout)
	if err != nil {
		return engine.Failed(failureCode(err), err)
	}
	v, err := wasm.ReadVerdict(in, raw, picked)
	if err != nil {
		code := engine.CodePluginError
		if errors.Is(err, wasm.ErrTransform) {
			code = engine.CodeTransform
		}
		return engine.Failed(code, fmt.Errorf("verdict: %w", err))
	}
	return v
}

func failureCode(err error) engine.Code {
	switch {
	case errors.Is(err, ErrTimeout), errors.Is(err, context.DeadlineExceeded):
		return engine.CodePluginTimeout
	case errors.Is(err, ErrBusy):
		return engine.CodePluginBusy
	case errors.Is(err, ErrDown):
		return engine.CodePluginDown
	}
	return engine.CodePluginError
}

// outcome says what a verdict's error tells of the plugin: nothing, where the caller gave up or nobody was free, nor where the
// process ended, which has pauses of its own.
func outcome(err error) backoff.Outcome {
	switch {
	case err == nil:
		return backoff.Good
	case errors.Is(err, context.Canceled), errors.Is(err, ErrBusy), errors.Is(err, ErrDown):
		return backoff.Neither
	}
	return backoff.Bad
}

// note tells of a change of service. A process that does not answer is replaced; one that answers with errors of its own
// is not, since what it needs may be what is down.
func (p *Plugin) note(l *link, c backoff.Change, err error) {
	if c.Out {
		p.tally.NoteOut()
		p.process.warn("plugin is out of service", "pause", c.Pause, "error", err)
		if errors.Is(err, ErrTimeout) {
			l.fail(errStalled)
		}
	}
	if c.Back {
		p.process.info("plugin is in service again")
	}
}

// Manifest gives what the plugin says of itself.
func (p *Plugin) Manifest() wasm.Manifest { return *p.manifest }

// InService reports whether the plugin is asked: not while it is out of service for its failures, or not running.
func (p *Plugin) InService() bool {
	_, err := p.process.link()
	return err == nil && !p.breaker.Stats().Out
}

// Stats gives the figures of its process.
func (p *Plugin) Stats() Stats { return p.process.Stats() }
