package cli

import (
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/siogw/siogw/engine"
	"github.com/siogw/siogw/plugins/rego"
)

// about tells in one line what is decided.
func about(in *engine.Input) string {
	s := in.Kind.String()
	if in.Event != "" {
		s += fmt.Sprintf(" %q", in.Event)
	}
	if in.Namespace != "" {
		s += " in " + in.Namespace
	}
	if in.Room != "" {
		s += fmt.Sprintf(", room %q", in.Room)
	}
	s += map[engine.Direction]string{engine.In: ", from the client", engine.Out: ", from the server"}[in.Direction]
	if id := in.Identity; id != nil && id.Authenticated {
		s += fmt.Sprintf(", of %q", id.Sub)
		if len(id.Roles) > 0 {
			s += " (" + strings.Join(id.Roles, ", ") + ")"
		}
		return s
	}
	return s + ", of nobody"
}

// screen is text for a terminal, or for a file.
type screen struct {
	b      strings.Builder
	width  int // characters of a line; 0 for any number
	colour bool
}

// newScreen asks to whether it is a terminal.
func newScreen(to io.Writer) *screen {
	s := &screen{}
	f, ok := to.(*os.File)
	if !ok {
		return s
	}
	if width, ok := columns(f); ok {
		s.width, s.colour = max(40, width), os.Getenv("NO_COLOR") == ""
	}
	return s
}

// line writes a line below others by so many steps.
func (s *screen) line(depth int, text string) { s.wrap(strings.Repeat("  ", depth), text) }

func (s *screen) field(label, value string) {
	if value != "" {
		s.wrap(fmt.Sprintf("%-8s ", label), value)
	}
}

// wrap writes text after a prefix; what is longer than the terminal goes on below, between two words.
func (s *screen) wrap(prefix, text string) {
	s.b.WriteString(prefix)
	indent := utf8.RuneCountInString(prefix)
	at := indent
	for i, word := range strings.Fields(text) {
		n := utf8.RuneCountInString(word)
		switch {
		case i == 0:
		case s.width > 0 && at+1+n > s.width:
			at = indent + 2
			s.b.WriteString("\n" + strings.Repeat(" ", at))
		default:
			s.b.WriteByte(' ')
			at++
		}
		s.b.WriteString(word)
		at += n
	}
	s.b.WriteByte('\n')
}

// effect writes the outcome, in its colour.
func (s *screen) effect(effect string) {
	text := strings.ToUpper(effect)
	if s.colour {
		text = "\x1b[1;" + map[bool]string{true: "32", false: "31"}[effect == engine.Allow.String()] + "m" + text + "\x1b[0m"
	}
	s.b.WriteString(text + "\n")
}

func (e *evaluation) text(to io.Writer) error {
	s := newScreen(to)
	s.effect(e.Effect)
	s.field("input", e.Input)
	s.field("code", string(e.Code))
	s.field("reason", e.Reason)
	s.field("data", string(e.Data))
	s.field("by", e.By)
	s.field("args", string(e.Args))
	s.field("auth", string(e.Auth))
	for i := range e.Steps {
		s.field("asked", e.Steps[i].String())
	}
	s.b.WriteByte('\n')
	if e.Policy == nil {
		s.line(0, "policy: not asked")
	} else {
		s.policy("policy", e.Policy)
	}
	if e.Shadow != nil {
		s.b.WriteByte('\n')
		s.policy("shadow", e.Shadow)
	}
	_, err := io.WriteString(to, s.b.String())
	return err
}

func (st *step) String() string {
	s := st.Plugin + " (" + st.Mode + "): " + st.Effect
	if st.Code != nil {
		s += " " + string(st.Code)
	}
	if st.Reason != "" {
		s += ", " + st.Reason
	}
	if st.Transformed {
		s += ", transformed"
	}
	if st.Error != "" {
		s += ", failed: " + st.Error
	}
	if st.Labels != nil {
		s += ", says " + string(st.Labels)
	}
	return s + ", " + strconv.FormatFloat(st.Micros, 'f', -1, 64) + " µs"
}

// policy writes how a policy came to its verdict.
func (s *screen) policy(name string, x *rego.Explanation) {
	head := name + ": " + x.Effect
	if x.Code != 0 {
		head += fmt.Sprintf(" (%d), %s", x.Code, x.Reason)
	}
	s.line(0, head)
	if x.Error != "" {
		s.line(1, "error: "+x.Error)
	}
	if len(x.Deny) > 0 {
		s.line(1, "denied by")
		s.causes(x.Deny)
	}
	switch {
	case x.Error != "":
	case len(x.Allow) > 0 && len(x.Deny) > 0:
		s.line(1, "would be allowed by")
		s.causes(x.Allow)
	case len(x.Allow) > 0:
		s.line(1, "allowed by")
		s.causes(x.Allow)
	case x.Code == engine.CodePolicyUndefined && len(x.Missed) == 0:
		s.line(1, "there is no allow rule")
	case len(x.Missed) > 0:
		s.line(1, "no allow rule holds")
		s.causes(x.Missed)
	}
	if len(x.Transform) > 0 && len(x.Deny) == 0 {
		s.line(1, "transformed by")
		s.causes(x.Transform)
	}
	if len(x.Helpers) > 0 {
		s.line(1, "rules that hold beside them")
		for i := range x.Helpers {
			s.line(2, x.Helpers[i].At+" "+short(x.Helpers[i].Rule))
		}
	}
	s.memo(x.Memo)
}

func short(rule string) string { return strings.TrimPrefix(rule, "data.siogw.authz.") }

func (s *screen) causes(list []rego.Cause) {
	for i := range list {
		c := &list[i]
		s.line(2, c.At+" "+short(c.Rule)+" "+c.Value)
		s.failure(3, c)
	}
}

// failure writes what c says of itself and of those below it.
func (s *screen) failure(depth int, c *rego.Cause) {
	if c.Expr != "" {
		tries := ""
		if c.Tries > 1 {
			tries = fmt.Sprintf(" (tried %d times; the first)", c.Tries)
		}
		s.line(depth, "failed at "+c.Expr+tries)
	}
	for _, v := range c.Values {
		switch {
		case v.Text == "":
			s.line(depth, v.Name+" is undefined")
		case v.Name != v.Text:
			s.line(depth, v.Name+" is "+v.Text)
		}
	}
	for i := range c.Because {
		b := &c.Because[i]
		s.line(depth, "for "+short(b.Rule)+" does not hold, "+b.At)
		s.failure(depth+1, b)
	}
}

func (s *screen) memo(m *rego.MemoPlan) {
	switch {
	case m == nil:
	case !m.Memoized:
		s.line(1, "not remembered, since")
		for _, o := range slices.Compact(m.Obstacles) {
			s.line(2, o.At+": "+o.Text)
		}
	case len(m.Key) == 0:
		s.line(1, "remembered for all such inputs")
	default:
		s.line(1, "remembered by "+strings.Join(m.Key, ", "))
	}
}
