// Package contract judges events by what an AsyncAPI document, or a plain YAML file of siogw's own, says of
// them: which events there are in each namespace and direction, the number and types of their arguments,
// where binary stands, and whether they are answered and how. Schemas are JSON Schema 2020-12.
package contract

import (
	"context"
	"errors"
	"regexp"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/siogw/siogw/engine"
	"github.com/siogw/siogw/internal/strictjson"
)

// Options says which contract to load.
type Options struct {
	// Files are AsyncAPI 2.x and 3.x documents and plain contracts, YAML or JSON. References may lead to
	// files in their folders and below, never out of them and never to the network.
	Files []string
	// AllowUnknown lets events and namespaces pass that no file describes.
	AllowUnknown bool
	// Recovery says that the server has connection state recovery: its emits may have one string more,
	// the offset, than the contract says.
	Recovery bool
}

// Contract is a loaded contract, an [engine.Plugin]. It is immutable and safe for concurrent use.
type Contract struct {
	opt      Options
	exact    map[string]*namespace
	patterns []*namespace // whose name has parameters
	order    []*namespace // all, as the files have them
	names    map[string]bool
}

type namespace struct {
	name    string
	pattern *regexp.Regexp // nil for an exact name
	in, out map[string]*event
}

// event is what the contract says of one event in one direction.
type event struct {
	place  string             // file:line, for the log
	args   *jsonschema.Schema // of the array of arguments
	ack    ack
	answer *jsonschema.Schema // nil: any

	quickArgs, quickAnswer *quick // the same; nil tells nothing
}

// ack says whether the sender of an event asks for an answer.
type ack uint8

const (
	ackForbidden ack = iota
	ackOptional
	ackRequired
)

// Load reads and compiles all files. It goes on after mistakes; its error joins all, each an *[Error].
func Load(o Options) (*Contract, error) {
	c := &Contract{opt: o, exact: map[string]*namespace{}, names: map[string]bool{}}
	var errs []error
	for _, name := range o.Files {
		errs = append(errs, c.file(name)...)
	}
	if len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	return c, nil
}

var abstain = engine.Verdict{Effect: engine.Abstain}

// Decide implements [engine.Plugin]: it denies what breaks the contract, and has no opinion on the rest.
func (c *Contract) Decide(_ context.Context, in *engine.Input) engine.Verdict {
	if in.Kind == engine.Handshake {
		return abstain
	}
	ns := c.find(in.Namespace)
	if ns == nil {
		return c.unknown("namespace not in contract")
	}
	if in.Kind == engine.Connect {
		return abstain
	}
	ev := ns.event(in)
	switch {
	case ev == nil:
		return c.unknown(engine.CodeUnknownEvent.String())
	case in.Kind == engine.Ack && ev.ack == ackForbidden:
		return ev.deny("an answer, where the contract has none")
	case in.Kind == engine.Ack:
		return c.check(ev, ev.answer, in)
	case ev.ack == ackRequired && !in.Ack:
		return ev.deny("asks for no answer, where the contract requires it")
	case ev.ack == ackForbidden && in.Ack:
		return ev.deny("asks for an answer, where the contract has none")
	}
	return c.check(ev, ev.args, in)
}

func (c *Contract) find(name string) *namespace {
	if ns := c.exact[name]; ns != nil {
		return ns
	}
	for _, ns := range c.patterns {
		if ns.pattern.MatchString(name) {
			return ns
		}
	}
	return nil
}

// event gives what is said of the event that in is, or that it answers.
func (n *namespace) event(in *engine.Input) *event {
	if (in.Direction == engine.In) == (in.Kind != engine.Ack) {
		return n.in[in.Event]
	}
	return n.out[in.Event]
}

func (c *Contract) unknown(reason string) engine.Verdict {
	if c.opt.AllowUnknown {
		return abstain
	}
	return engine.Denied(engine.CodeUnknownEvent, reason)
}

func (e *event) deny(reason string) engine.Verdict {
	v := engine.Denied(engine.CodeContract, reason)
	v.Rules = []string{e.place}
	return v
}

// check holds the arguments against s.
func (c *Contract) check(ev *event, s *jsonschema.Schema, in *engine.Input) engine.Verdict {
	if s == nil {
		return abstain
	}
	if in.Shared == nil {
		return c.judge(ev, s, in)
	}
	about := judged{ev, s}
	if known, ok := in.Shared.Get(about).(*engine.Verdict); ok {
		return *known
	}
	v := c.judge(ev, s, in)
	if v.Err == nil {
		in.Shared.Keep(about, &v, verdictBytes+len(v.Reason))
	}
	return v
}

// judged is what a verdict is kept by, for a packet that goes to many sessions.
type judged struct {
	*event
	schema *jsonschema.Schema
}

const verdictBytes = 512 // of a verdict that is kept, about

func (c *Contract) judge(ev *event, s *jsonschema.Schema, in *engine.Input) engine.Verdict {
	quick := ev.quickArgs
	if in.Kind == engine.Ack {
		quick = ev.quickAnswer
	}
	if len(in.Attachments) == 0 && quick.fits(in.Args) {
		return abstain
	}
	args, err := decode(in.Args, in.Attachments)
	if err != nil {
		return engine.Failed(engine.CodeContract, err)
	}
	reason := c.violation(s, args, len(in.Attachments) > 0)
	if reason != "" && c.opt.Recovery && in.Kind == engine.Emit && !in.Ack {
		if less, ok := withoutOffset(args); ok && c.violation(s, less, len(in.Attachments) > 0) == "" {
			return abstain
		}
	}
	if reason != "" {
		return ev.deny(reason)
	}
	return abstain
}

// violation gives the first rule that args break, "" for none.
func (c *Contract) violation(s *jsonschema.Schema, args []any, binary bool) string {
	if err := s.Validate(args); err != nil {
		return c.reason(err, args)
	}
	if !binary {
		return ""
	}
	for _, slot := range slots(args) {
		if !saysBinary(s, args, slot) {
			return c.pointer(slot, args) + ": binary, where the contract has none"
		}
	}
	return ""
}

// maxOffset is generous: adapters use 7 to 40 bytes.
const maxOffset = 128

func withoutOffset(args []any) ([]any, bool) {
	if len(args) == 0 {
		return nil, false
	}
	last, ok := args[len(args)-1].(string)
	return args[:len(args)-1], ok && len(last) <= maxOffset
}

// isArray guards what is not written by the gateway's own codec.
func isArray(raw []byte) bool { return strictjson.KindOf(raw) == strictjson.Array }
