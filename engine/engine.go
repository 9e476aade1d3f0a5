package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/siogw/siogw/internal/clock"
)

// Mode says what a plugin's verdict is worth. The zero value enforces.
type Mode uint8

// The modes.
const (
	Enforce Mode = iota // the verdict counts
	Monitor             // the plugin is asked and logged; its verdict and its changes do not count
	Off                 // the plugin is not asked
)

// String gives the name used in the configuration.
func (m Mode) String() string {
	switch m {
	case Enforce:
		return "enforce"
	case Monitor:
		return "monitor"
	case Off:
		return "off"
	}
	return "unknown"
}

// Phase is the place of a plugin in the order of questions.
type Phase uint8

// The phases, in their order.
const (
	Contract Phase = iota + 1 // first, so that all others see what has the right types
	BeforePolicy
	Policy
	AfterPolicy
)

// Match says which inputs a plugin is asked about. An empty list matches everything.
type Match struct {
	Kinds      []Kind
	Directions []Direction
	Namespaces []string
	Events     []string
}

func (m *Match) covers(in *Input) bool {
	return (len(m.Kinds) == 0 || slices.Contains(m.Kinds, in.Kind)) &&
		(len(m.Directions) == 0 || slices.Contains(m.Directions, in.Direction)) &&
		(len(m.Namespaces) == 0 || slices.Contains(m.Namespaces, in.Namespace)) &&
		(len(m.Events) == 0 || slices.Contains(m.Events, in.Event))
}

// Stage is one plugin in its place.
type Stage struct {
	Name    string // unique; input.plugins.NAME and the log
	Plugin  Plugin
	Phase   Phase
	Match   Match
	Mode    Mode
	OnError Effect        // what a verdict with Err counts as: Allow or Abstain by the operator's word, else Deny
	Timeout time.Duration // for one verdict; 0 for none beside the caller's
}

// Engine asks its stages in order of phase, and in the given order within one. It is immutable and safe
// for concurrent use. The zero value denies everything.
type Engine struct {
	stages []Stage
}

// New makes an engine. It fails on a stage without name, plugin or phase, and on a name given twice.
func New(stages ...Stage) (*Engine, error) {
	e := &Engine{stages: slices.Clone(stages)}
	seen := map[string]bool{}
	for i := range e.stages {
		s := &e.stages[i]
		switch {
		case s.Name == "":
			return nil, fmt.Errorf("stage %d has no name", i)
		case seen[s.Name]:
			return nil, fmt.Errorf("two stages are named %q", s.Name)
		case s.Plugin == nil:
			return nil, fmt.Errorf("stage %q has no plugin", s.Name)
		case s.Phase < Contract || s.Phase > AfterPolicy:
			return nil, fmt.Errorf("stage %q has no phase", s.Name)
		}
		seen[s.Name] = true
	}
	slices.SortStableFunc(e.stages, func(a, b Stage) int { return int(a.Phase) - int(b.Phase) })
	return e, nil
}

// Decide judges in. It always answers: the first enforced denial ends the questions and is the
// decision; an enforced change is what later stages see; without one Allow the decision denies.
func (e *Engine) Decide(ctx context.Context, in *Input) (d Decision) {
	e.DecideInto(ctx, in, &d)
	return d
}

// DecideInto is Decide, and writes to d, of which it keeps Room alone: who decides on packet after packet
// allocates nothing.
func (e *Engine) DecideInto(ctx context.Context, in *Input, d *Decision) {
	room := d.Spare()
	if in.Kind == 0 || in.Kind == Disconnect || in.Direction == 0 {
		*d = Refuse(CodeNoVerdict, "")
		d.By, d.Room = "", room
		return
	}
	begin := in.Begun
	if begin == 0 {
		begin = clock.Read()
	}
	k, key := e.again(in)
	if k != nil {
		*d = *k
		d.Room, d.Repeated = room, true
	} else {
		*d = Decision{}
		d.Effect, d.Room = Deny, room
		e.ask(ctx, in, d, begin)
		if key != nil {
			e.keep(in, d, key)
		}
	}
	if !in.Untimed || d.Effect != Allow {
		d.ID = NewID()
	}
	if d.Took == 0 { // else the last step has just said so
		d.Took = clock.Read().Sub(begin)
	}
}

// ask asks the stages about in. The decision began at begin.
func (e *Engine) ask(ctx context.Context, in *Input, d *Decision, begin clock.Reading) {
	allowed := false
	w := work{Input: in}
	d.Steps = d.Room
	for i := range e.stages {
		s := &e.stages[i]
		if s.Mode == Off || !s.Match.covers(w.Input) {
			continue
		}
		v := d.ask(ctx, s, &w, begin)
		if s.Mode == Monitor {
			allowed = true // what is only watched must not deny by its silence
			continue
		}
		switch v.Effect {
		case Allow:
			allowed = true
		case Abstain:
		default:
			d.Denial, d.By = v.Denial, s.Name
			d.Args, d.Auth, d.Attachments, d.Shared = nil, nil, nil, nil
			return
		}
		d.apply(v, &w)
	}
	if allowed {
		d.Effect = Allow
	} else {
		d.Code, d.Reason = CodeNoVerdict, CodeNoVerdict.String()
	}
}

// work is the input as the stages see it: the caller's own until one of them changes something.
type work struct {
	*Input
	copied bool
}

// own gives an input that may be changed.
func (w *work) own() *Input {
	if !w.copied {
		in := *w.Input
		w.Input, w.copied = &in, true
	}
	return w.Input
}

// ask gets one verdict, makes it whole, and notes it in the decision, which began at begin. The verdict is valid until
// the next one.
func (d *Decision) ask(ctx context.Context, s *Stage, w *work, begin clock.Reading) *Verdict {
	d.Steps = append(d.Steps, Step{Plugin: s.Name, Mode: s.Mode})
	step := &d.Steps[len(d.Steps)-1]
	v := &step.Verdict
	s.judge(ctx, w.Input, v)
	if v.Labels != nil {
		in := w.own()
		in.Plugins = append(slices.Clip(in.Plugins), Output{Plugin: s.Name, Labels: v.Labels})
	}
	if !w.Untimed {
		before := d.Took
		d.Took = clock.Read().Sub(begin)
		step.Took = d.Took - before
	}
	return v
}

// judge writes the verdict of s to v.
func (s *Stage) judge(ctx context.Context, in *Input, v *Verdict) {
	defer func() {
		if r := recover(); r != nil { // a bug in one plugin must not end the process, nor allow
			*v = s.failed(Failed(CodePluginError, fmt.Errorf("panic: %v", r)))
		}
	}()
	if s.Timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, s.Timeout)
		defer cancel()
	}
	*v = s.Plugin.Decide(ctx, in)
	switch {
	case v.Err != nil:
		*v = s.failed(*v)
	case v.Effect < Allow || v.Effect > Abstain:
		*v = s.failed(Failed(CodePluginError, errors.New("the verdict has no effect")))
	case v.Effect == Deny && v.Reason == "":
		v.Reason = v.Code.String()
	}
}

// failed applies on_error. A failure changes nothing, whatever it left behind.
func (s *Stage) failed(v Verdict) Verdict {
	out := Verdict{Effect: Deny, Denial: v.Denial, Err: v.Err}
	if out.Code == CodeNone {
		out.Code = CodePluginError
	}
	if out.Reason == "" {
		out.Reason = out.Code.String()
	}
	if s.OnError == Allow || s.OnError == Abstain {
		out.Effect = s.OnError
	}
	return out
}

// apply makes the changes of v those of the decision and of what later stages see.
func (d *Decision) apply(v *Verdict, w *work) {
	if !v.Transforms() {
		return
	}
	in := w.own()
	in.Shared = in.Shared.Changed(v)
	d.Shared = in.Shared
	if v.Args != nil {
		d.Args, in.Args = v.Args, v.Args
	}
	if v.Auth != nil {
		d.Auth, in.Auth = v.Auth, v.Auth
	}
	if v.Attachments != nil {
		d.Attachments, in.Attachments = v.Attachments, v.Attachments
	}
}
