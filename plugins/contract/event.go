package contract

import (
	"cmp"
	"slices"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/siogw/siogw/engine"
)

// Event is what a contract says of the arguments of one event, or of its answer.
type Event struct {
	Namespace string           // as the file has it, with its {parameters}
	Kind      engine.Kind      // Event and Emit for the event; Ack for the answer
	Direction engine.Direction // of the packets with these arguments
	Name      string
	Place     string // file:line

	args   *jsonschema.Schema // nil: any
	offset bool               // one string more may come
}

// Events lists all that the contract describes, in the order of its namespaces and then by name and kind.
func (c *Contract) Events() (out []Event) {
	for _, n := range c.order {
		first := len(out)
		for name, ev := range n.in {
			out = append(out, Event{n.name, engine.Event, engine.In, name, ev.place, ev.args, false})
			if ev.ack != ackForbidden {
				out = append(out, Event{n.name, engine.Ack, engine.Out, name, ev.place, ev.answer, false})
			}
		}
		for name, ev := range n.out {
			out = append(out, Event{n.name, engine.Emit, engine.Out, name, ev.place, ev.args, c.opt.Recovery})
			if ev.ack != ackForbidden {
				out = append(out, Event{n.name, engine.Ack, engine.In, name, ev.place, ev.answer, false})
			}
		}
		slices.SortFunc(out[first:], func(a, b Event) int {
			return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Direction, b.Direction))
		})
	}
	return out
}

// Find gives the name, as [Event.Namespace] has it, of what the contract says of a namespace; false for nothing.
func (c *Contract) Find(namespace string) (name string, ok bool) {
	if n := c.find(namespace); n != nil {
		return n.name, true
	}
	return "", false
}

// Schema gives what the arguments can be, as a JSON Schema of few words: anyOf, type (one), properties, items (one
// schema, or one for each place). It says too much rather than too little: what has no such words is anything. With
// listed an object has no other members than those that the contract lists, where it leaves open whether it may.
func (e *Event) Schema(listed bool) map[string]any {
	if e.args == nil {
		return schema{}
	}
	s := (&shaper{listed: listed, left: maxShapes}).shape(e.args, 0)
	if e.offset {
		s = s.longer()
	}
	return s.schema()
}
