package shields

import (
	"fmt"
	"maps"
	"slices"
	"sync/atomic"

	"github.com/siogw/siogw/engine"
)

// Options are the states that an operator sets.
type Options struct {
	// Default is the state of every shield that can be switched and is not one to opt in to. The zero value enforces.
	Default engine.Mode
	// Overrides are states by ID or alias, of shields that can be switched.
	Overrides map[string]engine.Mode
}

// UnknownError is an override that names no shield, or one that cannot be switched off.
type UnknownError struct {
	Name   string
	Shield *Shield // nil: there is none
}

// Error says what is wrong with the name.
func (e *UnknownError) Error() string {
	if e.Shield == nil {
		return fmt.Sprintf("no shield %s", e.Name)
	}
	return fmt.Sprintf("%s cannot be switched off: it is stopped by the %s", e.Name, e.Shield.By)
}

// Set is the shields of one gateway: their states and counts. It is safe for concurrent use.
type Set struct {
	modes []engine.Mode // as registry
	rules []int         // those to check: in registry, not off
	seen  []atomic.Uint64
}

// New makes a set. The error is an *UnknownError.
func New(o Options) (*Set, error) {
	s := &Set{modes: make([]engine.Mode, len(registry)), seen: make([]atomic.Uint64, len(registry))}
	for i, shield := range registry {
		s.modes[i] = shield.Default
		if shield.Switchable() && shield.Default == engine.Enforce {
			s.modes[i] = o.Default
		}
	}
	for _, name := range slices.Sorted(maps.Keys(o.Overrides)) {
		mode := o.Overrides[name]
		i, ok := index[name]
		switch {
		case !ok:
			return nil, &UnknownError{Name: name}
		case !registry[i].Switchable() && mode != engine.Enforce:
			return nil, &UnknownError{Name: name, Shield: registry[i]}
		}
		s.modes[i] = mode
	}
	for i, shield := range registry {
		if shield.Switchable() && s.modes[i] != engine.Off {
			s.rules = append(s.rules, i)
		}
	}
	return s, nil
}

// With gives a set with other states, which goes on with the counts of s. The error is an *UnknownError.
func (s *Set) With(o Options) (*Set, error) {
	other, err := New(o)
	if err != nil {
		return nil, err
	}
	other.seen = s.seen
	return other, nil
}

// Check holds a decoded packet against the rules, and counts. stopped is the shield that refuses it, nil for none;
// noted are those in monitor mode that would.
func (s *Set) Check(in *engine.Input) (stopped *Shield, noted []*Shield) {
	for _, i := range s.rules {
		shield := registry[i]
		if !shield.match(in) {
			continue
		}
		s.seen[i].Add(1)
		if s.modes[i] == engine.Enforce {
			return shield, noted
		}
		noted = append(noted, shield)
	}
	return nil, noted
}

// Count notes that another mechanism stopped the attack id; "" and what is no ID count nothing.
func (s *Set) Count(id string) {
	if i, ok := index[id]; ok {
		s.seen[i].Add(1)
	}
}

// Status is what a gateway tells of one shield.
type Status struct {
	ID      string    `json:"id"`
	Aliases []string  `json:"aliases,omitempty"`
	Stops   string    `json:"stops"`
	Affects string    `json:"affects"`
	By      Mechanism `json:"by"`
	How     string    `json:"how"`
	State   string    `json:"state"` // enforce, monitor, off; fixed where it cannot be switched
	// Count is how often it met its attack since the start; null where no gateway was asked or none notices.
	Count     *uint64 `json:"count"`
	CountedAs string  `json:"counted_as,omitempty"` // the shield under which its attacks are counted
}

// fixed is the state of what cannot be switched.
const fixed = "fixed"

// List gives the states, and the counts if the set is that of a running gateway.
func (s *Set) List(counts bool) []Status {
	out := make([]Status, len(registry))
	for i, shield := range registry {
		st := Status{ID: shield.ID, Aliases: shield.Aliases, Stops: shield.Stops, Affects: shield.Affects,
			By: shield.By, How: shield.How, State: fixed}
		if shield.Switchable() {
			st.State = s.modes[i].String()
		}
		switch {
		case shield.CountedAs == "":
			if counts {
				n := s.seen[i].Load()
				st.Count = &n
			}
		case shield.CountedAs != "-":
			st.CountedAs = shield.CountedAs
		}
		out[i] = st
	}
	return out
}
