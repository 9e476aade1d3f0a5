package rego

import (
	"fmt"
	"slices"

	"github.com/siogw/siogw/engine"
	"github.com/siogw/siogw/internal/inputjson"
)

// MemoPlan tells what a decision on some inputs depends on, or why that cannot be told.
type MemoPlan struct {
	Kind      string         `json:"kind"`
	Direction string         `json:"direction"`
	Event     string         `json:"event,omitempty"`     // "" for every event that no other plan of this kind names
	Namespace string         `json:"namespace,omitempty"` // the same
	Memoized  bool           `json:"memoized"`
	Key       []string       `json:"key"` // parts of the input, beside the names above
	Obstacles []MemoObstacle `json:"obstacles,omitempty"`
}

// MemoObstacle is a place in the policy that keeps a decision from being remembered.
type MemoObstacle struct {
	At     string `json:"at"`     // file:line
	Reason string `json:"reason"` // as the metric siogw_policy_memo_skipped_total has it
	Text   string `json:"text"`
}

// flows are the kinds with the directions that they come in.
var flows = []engine.Input{
	{Kind: engine.Handshake, Direction: engine.In}, {Kind: engine.Connect, Direction: engine.In},
	{Kind: engine.Join, Direction: engine.In}, {Kind: engine.Leave, Direction: engine.In}, {Kind: engine.Event, Direction: engine.In},
	{Kind: engine.Ack, Direction: engine.In}, {Kind: engine.Ack, Direction: engine.Out}, {Kind: engine.Emit, Direction: engine.Out},
}

// MemoPlans tells, by kind, direction, event and namespace, what the key of the memo has. The first plan of a kind is
// for events and namespaces that the policy does not name; those that the others give are named because their plans
// differ from it. It does not matter whether there is a memo.
func (p *Policy) MemoPlans() []MemoPlan {
	var out []MemoPlan
	for _, flow := range flows {
		if p.silent(&flow) {
			out = append(out, MemoPlan{Kind: flow.Kind.String(), Direction: flow.Direction.String(), Memoized: true, Key: []string{}})
			continue
		}
		first := len(out)
		for event := classNone; event < p.plans.wide || event == classNone; event++ {
			for space := classNone; space < p.plans.deep || space == classNone; space++ {
				if m, ok := p.memoPlan(&flow, event, space); ok && !slices.ContainsFunc(out[first:], m.covered) {
					out = append(out, m)
				}
			}
		}
	}
	return out
}

// memoPlan gives the plan of one class; ok is false when there is none such, or when it is that of a name not told.
func (p *Policy) memoPlan(flow *engine.Input, event, space int) (m MemoPlan, ok bool) {
	l := p.plans
	if !possible(l.wide, event, inputjson.HasEvent(flow) || flow.Kind == engine.Ack) ||
		!possible(l.deep, space, inputjson.HasNamespace(flow)) {
		return m, false
	}
	c := l.class(int(flow.Kind)-1, int(flow.Direction)-1, event, space)
	pl := p.plan(0, c)
	m = MemoPlan{Kind: c.kind, Direction: c.direction, Event: c.event.text, Namespace: c.namespace.text, Memoized: len(pl.culprits) == 0, Key: []string{}}
	for _, s := range pl.sources {
		m.Key = append(m.Key, s.String())
	}
	for _, u := range pl.culprits {
		m.Obstacles = append(m.Obstacles, MemoObstacle{At: u.at, Reason: obstacleNames[u.obstacle], Text: u.what})
	}
	return m, true
}

// memoPlanOf gives the plan of one input; nil where it has none.
func (p *Policy) memoPlanOf(in *engine.Input) *MemoPlan {
	l := p.plans
	if p.memo == nil || l.of(in) == nil {
		return nil
	}
	m, ok := p.memoPlan(in, classOf(l.wide, l.eventOf, in.Event, inputjson.HasEvent(in)),
		classOf(l.deep, l.spaceOf, in.Namespace, inputjson.HasNamespace(in)))
	if !ok {
		return nil
	}
	return &m
}

// possible reports whether a name can be of class i. An ack may answer an event that is not known; what is so of it is
// what is so of any event not told.
func possible(n, i int, has bool) bool {
	return n == 1 || has == (i != classNone)
}

// covered reports whether other tells the same of all that m is about.
func (m *MemoPlan) covered(other MemoPlan) bool {
	return (other.Event == "" || other.Event == m.Event) && (other.Namespace == "" || other.Namespace == m.Namespace) &&
		slices.Equal(m.Key, other.Key) && slices.Equal(m.Obstacles, other.Obstacles)
}

// String gives the class in one line: event in message /chat.
func (m *MemoPlan) String() string {
	s := m.Kind + " " + m.Direction
	if m.Event != "" {
		s += fmt.Sprintf(" %q", m.Event)
	}
	if m.Namespace != "" {
		s += " of " + m.Namespace
	}
	return s
}
