package rooms

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Rule says which rooms the events of a namespace are about. Namespace and Event are exact, or patterns with * and
// {name}; Room is a JSON pointer or a template.
type Rule struct {
	Namespace, Event, Room string
}

// Rules are the rules by their use.
type Rules struct {
	Join, Leave  []Rule // events by which a client enters and leaves rooms
	Target       []Rule // what events and emits are about
	Joined, Left []Rule // emits by which the server tells that the client is in rooms, or no longer
}

// Use is what a rule is for. The zero value is no use.
type Use uint8

// The uses.
const (
	Join Use = iota + 1
	Leave
	Target
	Joined
	Left
)

var useNames = [...]string{"", "join", "leave", "target", "joined", "left"}

// String gives the name of the list in the configuration.
func (u Use) String() string { return useNames[u] }

// Error is a rule that cannot work.
type Error struct {
	Use   Use
	Index int
	Field string // namespace, event, room; "" for the rule as a whole
	Err   error
}

// Error implements error.
func (e *Error) Error() string {
	key := fmt.Sprintf("%s.%d", e.Use, e.Index)
	if e.Field != "" {
		key += "." + e.Field
	}
	return fmt.Sprintf("rooms: %s: %v", key, e.Err)
}

// Unwrap implements errors.Unwrap.
func (e *Error) Unwrap() error { return e.Err }

// maxRules bounds each list: patterns are tried one by one.
const maxRules = 256

// rule is a Rule that is ready for use.
type rule struct {
	use              Use
	index            int
	namespace, event pattern
	room             template
}

func (r *rule) exact() bool { return r.namespace.exact() && r.event.exact() }

func (r *rule) covers(o *rule) bool {
	return r.namespace.covers(&o.namespace) && r.event.covers(&o.event)
}

func (r *rule) meets(o *rule) bool { return r.namespace.meets(&o.namespace) && r.event.meets(&o.event) }

// name is the rule's key below rooms.
func (r *rule) name() string { return fmt.Sprintf("%s.%d", r.use, r.index) }

// group is rules of which one counts: the exact one, else the first whose patterns match.
type group struct {
	exact    map[[2]string]*rule
	patterns []*rule
}

// Map finds rooms. The zero value finds none.
type Map struct {
	events  group // join and leave
	emits   group // joined and left
	targets group
}

// Compile makes rules ready for use. It fails on the rules that cannot work, or never match, by joined errors of type
// *[Error].
func Compile(all Rules) (*Map, error) {
	var errs []error
	m := &Map{}
	for _, l := range []struct {
		use   Use
		rules []Rule
		to    *group
	}{{Join, all.Join, &m.events}, {Leave, all.Leave, &m.events}, {Target, all.Target, &m.targets},
		{Joined, all.Joined, &m.emits}, {Left, all.Left, &m.emits}} {
		if len(l.rules) > maxRules {
			errs = append(errs, &Error{Use: l.use, Index: maxRules, Err: fmt.Errorf("more than %d rules", maxRules)})
			continue
		}
		for i := range l.rules {
			r, err := compile(l.use, i, &l.rules[i])
			if err == nil {
				err = l.to.add(r)
			}
			if err != nil {
				errs = append(errs, err)
			}
		}
	}
	return m, errors.Join(errs...)
}

func compile(use Use, i int, from *Rule) (*rule, error) {
	fail := func(field string, err error) error { return &Error{use, i, field, err} }
	r := &rule{use: use, index: i}
	var err error
	switch r.namespace, err = parsePattern(from.Namespace); {
	case err != nil:
		return nil, fail("namespace", err)
	case !strings.HasPrefix(r.namespace.literals[0], "/") && (r.namespace.exact() || r.namespace.literals[0] != ""):
		return nil, fail("namespace", fmt.Errorf("want a namespace, which begins with a slash, found %q", from.Namespace))
	case from.Event == "":
		return nil, fail("event", errors.New("required"))
	}
	if r.event, err = parsePattern(from.Event); err != nil {
		return nil, fail("event", err)
	}
	names := slices.Concat(r.namespace.names, r.event.names)
	for _, name := range r.event.names {
		if name != "" && slices.Contains(r.namespace.names, name) {
			return nil, fail("event", fmt.Errorf("{%s} is a variable of the namespace already", name))
		}
	}
	if r.room, err = parseTemplate(from.Room, names); err != nil {
		return nil, fail("room", fmt.Errorf("%w, found %q", err, from.Room))
	}
	return r, nil
}

// add takes a rule after those before it, unless these leave nothing for it.
func (g *group) add(r *rule) error {
	for _, before := range g.rules() {
		if before.exact() == r.exact() && before.covers(r) {
			return &Error{r.use, r.index, "", fmt.Errorf("can never match: rooms.%s comes before it and takes the same events", before.name())}
		}
	}
	if !r.exact() {
		g.patterns = append(g.patterns, r)
		return nil
	}
	if g.exact == nil {
		g.exact = map[[2]string]*rule{}
	}
	g.exact[[2]string{r.namespace.literals[0], r.event.literals[0]}] = r
	return nil
}

// rules gives the rules in the order in which they count.
func (g *group) rules() []*rule {
	out := make([]*rule, 0, len(g.exact)+len(g.patterns))
	for _, r := range g.exact {
		out = append(out, r)
	}
	slices.SortFunc(out, func(a, b *rule) int { return cmp.Or(cmp.Compare(a.use, b.use), a.index-b.index) })
	return append(out, g.patterns...)
}

// Overlaps tells of patterns that share events with a pattern before them, which takes these: one line for each pair.
func (m *Map) Overlaps() []string {
	var out []string
	for _, g := range []*group{&m.events, &m.targets, &m.emits} {
		all := g.rules()
		for i, r := range all {
			for _, before := range all[:i] {
				if !before.exact() && before.meets(r) { // what is exact comes first on purpose
					out = append(out, fmt.Sprintf("rooms.%s and rooms.%s share events, which are those of rooms.%s", r.name(), before.name(), before.name()))
				}
			}
		}
	}
	return out
}

// Match is the rule that an event falls under. The zero value is none.
type Match struct {
	rule   *rule
	values []string
}

// Use gives what the rule is for, 0 for no rule.
func (x *Match) Use() Use {
	if x.rule == nil {
		return 0
	}
	return x.rule.use
}

// Rooms gives the rooms that the array args names, each once, in the order of args; or [ErrNone], [ErrMany] or [ErrLong].
func (x *Match) Rooms(args []byte, lim Limits) ([]string, error) {
	return x.rule.room.rooms(x.values, args, lim)
}

// Event finds the join or leave rule of a client's event.
func (m *Map) Event(namespace, event string) Match { return m.events.find(namespace, event) }

// Emit finds the joined or left rule of a server's event.
func (m *Map) Emit(namespace, event string) Match { return m.emits.find(namespace, event) }

// Target finds the target rule of an event of either side.
func (m *Map) Target(namespace, event string) Match { return m.targets.find(namespace, event) }

func (g *group) find(namespace, event string) Match {
	if r := g.exact[[2]string{namespace, event}]; r != nil {
		return Match{rule: r}
	}
	for _, r := range g.patterns {
		values, ok := r.namespace.match(namespace, nil)
		if !ok {
			continue
		}
		if values, ok = r.event.match(event, values); ok {
			return Match{r, values}
		}
	}
	return Match{}
}
