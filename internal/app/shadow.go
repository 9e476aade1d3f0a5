package app

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"sync/atomic"

	"github.com/siogw/siogw/engine"
	"github.com/siogw/siogw/internal/compare"
	"github.com/siogw/siogw/internal/config"
	"github.com/siogw/siogw/plugins/rego"
)

// What may wait for the shadow. Beyond it packets are passed over, and counted.
const (
	shadowWaiting = 1024
	shadowBytes   = 8 << 20 // of args, auth, labels and attachments
)

// shadow stands in the policy's place and gives its verdicts. A second policy is asked about the same inputs, on a
// goroutine of its own, so that nobody waits for it; where it decides otherwise, that is counted and logged.
type shadow struct {
	enforced engine.Plugin // in whose place it stands
	policy   *rego.Policy  // the same, to explain
	second   *rego.Policy
	sample   uint64
	counts   *shadowCounts
	log      *shadowLog
	events   map[string]bool // that either policy asks for

	seen    atomic.Uint64
	waiting atomic.Int64 // bytes
	queue   chan shadowed
	stop    context.CancelFunc
	done    chan struct{}
}

// shadowed is one input with what was decided.
type shadowed struct {
	in      *engine.Input
	verdict engine.Verdict
	bytes   int64
}

// loadShadow loads the second policy, if there is one.
func (j *Judge) loadShadow(ctx context.Context, cfg *config.Config) (err error) {
	s := &cfg.Policy.Shadow
	if len(s.Paths) == 0 {
		return nil
	}
	j.Shadow, err = j.load(ctx, cfg, shadowPaths, s.Timeout)
	return err
}

// startShadow puts the shadow beside a stage of the policy.
func (j *Judge) startShadow(cfg *config.Config, stage *engine.Stage, o JudgeOptions) {
	if j.Shadow == nil || o.Keep == nil {
		return
	}
	ctx, stop := context.WithCancel(context.Background())
	s := &shadow{enforced: stage.Plugin, policy: j.Policy, second: j.Shadow, sample: uint64(cfg.Policy.Shadow.Sample), counts: &o.Keep.shadow,
		log: &shadowLog{to: o.Logger}, events: map[string]bool{}, queue: make(chan shadowed, shadowWaiting), stop: stop, done: make(chan struct{})}
	for _, p := range []*rego.Policy{j.Policy, j.Shadow} {
		for _, n := range p.Names() {
			s.events[n.Name] = s.events[n.Name] || n.Key == "event"
		}
	}
	j.shadow, stage.Plugin = s, s
	go s.run(ctx)
}

// close ends the goroutine. What waits is passed over.
func (s *shadow) close() {
	if s != nil {
		s.stop()
		<-s.done
	}
}

// Decide implements [engine.Plugin].
func (s *shadow) Decide(ctx context.Context, in *engine.Input) engine.Verdict {
	v := s.enforced.Decide(ctx, in)
	if s.seen.Add(1)%s.sample == 0 {
		s.offer(in, v)
	}
	return v
}

// offer puts in, of which only a copy outlives the call, before the second policy.
func (s *shadow) offer(in *engine.Input, v engine.Verdict) {
	n := int64(len(in.Args) + len(in.Auth) + len(v.Args) + len(v.Auth))
	for i := range in.Plugins {
		n += int64(len(in.Plugins[i].Labels))
	}
	for i := range in.Attachments {
		n += int64(len(in.Attachments[i].Data))
	}
	if s.waiting.Add(n) <= shadowBytes {
		select {
		case s.queue <- shadowed{own(in), v, n}:
			return
		default:
		}
	}
	s.waiting.Add(-n)
	s.counts.dropped.Add(1)
}

// own copies an input. Policies see of attachments their type and length alone, so that the content is not copied.
func own(in *engine.Input) *engine.Input {
	out := *in
	out.Turn = nil // the call's own
	out.Args, out.Auth = bytes.Clone(in.Args), bytes.Clone(in.Auth)
	out.Attachments, out.Plugins = slices.Clone(in.Attachments), slices.Clone(in.Plugins)
	for i := range out.Plugins {
		out.Plugins[i].Labels = bytes.Clone(out.Plugins[i].Labels)
	}
	return &out
}

func (s *shadow) run(ctx context.Context) {
	defer close(s.done)
	for {
		select {
		case <-ctx.Done():
			return
		case one := <-s.queue:
			s.judge(ctx, &one)
			s.waiting.Add(-one.bytes)
		}
	}
}

// judge asks the second policy, and compares. Whatever goes wrong there stays there.
func (s *shadow) judge(ctx context.Context, one *shadowed) {
	var v engine.Verdict
	defer func() {
		if r := recover(); r != nil {
			s.counts.failed.Add(1)
			s.log.failed(fmt.Errorf("panic: %v", r))
		}
	}()
	v = s.second.Decide(ctx, one.in)
	if ctx.Err() != nil {
		return
	}
	s.counts.asked.Add(1)
	if v.Err != nil {
		s.counts.failed.Add(1)
	}
	a, b := compare.OfVerdict(&one.verdict), compare.OfVerdict(&v)
	differs := compare.Differ(&a, &b)
	if differs == "" {
		return
	}
	d := disagreement{in: one.in, differs: differs, policy: a, shadow: b, err: v.Err}
	d.policyRules, d.shadowRules = causes(s.policy.Explain(ctx, one.in)), causes(s.second.Explain(ctx, one.in))
	s.counts.add(&d, s.events[one.in.Event])
	s.log.disagreement(&d)
}

// maxCauses bounds the rules that one line of the log names of one side.
const maxCauses = 8

// causes gives the places of the rules that made a verdict: those that deny, or those that allow and change.
func causes(e rego.Explanation) (out []string) {
	list := e.Deny
	if len(list) == 0 && e.Effect == engine.Allow.String() {
		list = append(slices.Clip(e.Allow), e.Transform...)
	}
	for _, c := range list {
		if !slices.Contains(out, c.At) && len(out) < maxCauses {
			out = append(out, c.At)
		}
	}
	return out
}
