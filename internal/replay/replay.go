package replay

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/siogw/siogw/engine"
	"github.com/siogw/siogw/gateway"
	"github.com/siogw/siogw/internal/app"
	"github.com/siogw/siogw/internal/compare"
)

// Options say what to decide with.
type Options struct {
	New *app.Offline
	// Old, when not nil, decides each line again too, and New is held against it instead of against the record: what
	// the log does not hold (claims, headers) then counts for both.
	Old *app.Offline
	// Hidden decides also what the log's masks hide, as if it were empty. Otherwise such lines are skipped where the
	// policy or a plugin could look at it.
	Hidden bool
}

// Report tells what would change.
type Report struct {
	Lines        int      `json:"lines"`         // read
	NotDecisions int      `json:"not_decisions"` // lines that are no line of the log
	Ends         int      `json:"ends"`          // of sessions and namespaces
	Gateway      int      `json:"gateway"`       // refused by the gateway itself, before the policy was asked
	Hidden       int      `json:"hidden"`        // skipped: args or auth are masked, or there are attachments
	Decided      int      `json:"decided"`
	Otherwise    int      `json:"otherwise"` // of those, decided by the old configuration otherwise than is recorded
	Changed      int      `json:"changed"`
	Changes      []Change `json:"changes"`        // those alike together, most first
	More         int      `json:"more,omitempty"` // changes beside those listed
}

// Change is what happens to packets of one kind and event.
type Change struct {
	Kind      string `json:"kind"`
	Namespace string `json:"namespace,omitempty"`
	Event     string `json:"event,omitempty"`
	From      string `json:"from"` // allow, allow transformed, deny CODE
	To        string `json:"to"`
	Differs   string `json:"differs"`        // the first of effect, code, reason, transform
	By        string `json:"by,omitempty"`   // the plugin that denies, or no longer denies
	Rule      string `json:"rule,omitempty"` // its rule, with file and line
	Count     int    `json:"count"`
	Example   string `json:"example"` // the decision_id of the first
	Place     string `json:"place"`   // its file and line
}

const (
	maxLine    = 4 << 20 // bytes
	maxChanges = 1000    // different ones: clients choose the names of events
)

// Replay reads logs one after the other. It is not safe for concurrent use.
type Replay struct {
	o        Options
	report   Report
	sessions map[string]*session
	changes  map[Change]*Change // by what is alike
}

// New makes a Replay.
func New(o Options) *Replay {
	return &Replay{o: o, sessions: map[string]*session{}, changes: map[Change]*Change{}}
}

// Read decides the lines of log, whose name is for people.
func (r *Replay) Read(ctx context.Context, name string, log io.Reader) error {
	s := bufio.NewScanner(log)
	s.Buffer(make([]byte, 0, 64<<10), maxLine)
	for n := 1; s.Scan(); n++ {
		if err := ctx.Err(); err != nil {
			return err
		}
		r.report.Lines++
		l, err := parseLine(s.Bytes())
		if err != nil {
			r.report.NotDecisions++
			continue
		}
		r.line(ctx, l, fmt.Sprintf("%s:%d", name, n))
	}
	if err := s.Err(); errors.Is(err, bufio.ErrTooLong) {
		return fmt.Errorf("%s: a line of more than %d bytes", name, maxLine)
	} else if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

func (r *Replay) line(ctx context.Context, l *line, place string) {
	st := r.follow(l)
	defer r.note(l, st)
	switch {
	case l.kind == engine.Disconnect:
		r.report.Ends++
		return
	case l.By == "gateway":
		r.report.Gateway++
		return
	case !r.o.Hidden && (r.blind(r.o.New, l) || r.blind(r.o.Old, l)):
		r.report.Hidden++
		return
	}
	r.report.Decided++
	before := l.outcome()
	if r.o.Old != nil {
		old := decide(ctx, r.o.Old, l, st)
		if compare.Differ(&old.Outcome, &before.Outcome) != "" {
			r.report.Otherwise++
		}
		before = old
	}
	r.changed(l, before, decide(ctx, r.o.New, l, st), place)
}

// blind reports whether the log hides from o what it could look at; no log holds attachments.
func (r *Replay) blind(o *app.Offline, l *line) bool {
	return o != nil && ((hidden(l.Args) || l.Attachments > 0) && o.ReadsArgs() || hidden(l.Auth) && o.ReadsAuth())
}

// outcome is what is compared, with who denied and by which rule.
type outcome struct {
	compare.Outcome
	by, rule string
}

func (l *line) outcome() outcome {
	o := compare.Outcome{Effect: l.Effect, Transformed: l.Transformed}
	if l.Effect != engine.Allow.String() {
		o.Code, o.Reason, o.Transformed = string(l.Code), l.Reason, false
	}
	return outcome{o, l.By, l.rule()}
}

func decide(ctx context.Context, o *app.Offline, l *line, st *session) outcome {
	in, m := l.input(st), &gateway.Mapped{}
	if mapped := in.Kind == engine.Join || in.Kind == engine.Leave; (mapped || in.Kind == engine.Event || in.Kind == engine.Emit) && !hidden(l.Args) {
		if in.Room = ""; mapped {
			in.Kind = engine.Event
		}
		if m = o.Map(in); slices.Contains(m.Rooms, l.Room) { // one line is about one room
			in.Room, m.Rooms = l.Room, []string{l.Room}
		}
	}
	d := o.Decide(ctx, in, m)
	out := outcome{compare.OfDecision(&d), d.By, ""}
	for i := range d.Steps {
		if s := &d.Steps[i]; s.Plugin == d.By && len(s.Verdict.Rules) > 0 {
			out.rule = s.Verdict.Rules[0]
		}
	}
	return out
}

// changed notes one packet, if it is decided otherwise.
func (r *Replay) changed(l *line, before, after outcome, place string) {
	differs := compare.Differ(&before.Outcome, &after.Outcome)
	if differs == "" {
		return
	}
	r.report.Changed++
	c := Change{Kind: l.Kind, Namespace: l.Namespace, Event: l.Event, From: before.String(), To: after.String(), Differs: differs,
		By: cmp.Or(after.by, before.by), Rule: after.rule}
	if after.by == "" {
		c.Rule = before.rule
	}
	known := r.changes[c]
	if known == nil && len(r.changes) == maxChanges {
		r.report.More++
		return
	}
	if known == nil {
		first := c
		first.Example, first.Place = l.ID, place
		known = &first
		r.changes[c] = known
	}
	known.Count++
}

// Report gives what came of all that was read.
func (r *Replay) Report() Report {
	out := r.report
	out.Changes = []Change{}
	for _, c := range r.changes {
		out.Changes = append(out.Changes, *c)
	}
	slices.SortFunc(out.Changes, func(a, b Change) int {
		return cmp.Or(b.Count-a.Count, cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Event, b.Event), cmp.Compare(a.From, b.From),
			cmp.Compare(a.To, b.To), cmp.Compare(a.Rule, b.Rule), cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.By, b.By), cmp.Compare(a.Differs, b.Differs))
	})
	return out
}
