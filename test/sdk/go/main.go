// Command main is message-guard: see README.md above this folder.
package main

import (
	"bytes"
	"encoding/json"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	siogw "github.com/siogw/siogw/sdk/go"
)

func init() {
	siogw.OnConfig(configure)
	siogw.OnBytes(judge)
}

func main() {}

// guard is what is known of one packet.
type guard struct {
	v       siogw.Verdict
	section string   // the member of the input that the walk is in
	event   *string  // nil: the packet has none
	roles   []string // kept only where a role is wanted

	attachment, masked, cards, shouting int
}

func judge(view []byte) siogw.Verdict {
	var g guard
	if err := siogw.Walk(view, func(n *siogw.Node) error {
		g.node(n)
		return nil
	}); err != nil {
		panic(err)
	}
	g.role()
	if g.v.Effect == siogw.Deny {
		siogw.Infof("denied: %v", g.v.Code)
		return siogw.Verdict{Effect: siogw.Deny, Code: g.v.Code, Reason: g.v.Reason, Data: g.v.Data}
	}
	g.label("shouting", g.shouting)
	if g.cards > 0 {
		g.label("masked", g.masked)
		g.v.Score = float64(g.cards)
		siogw.Count("masked", int64(g.cards))
	}
	return g.v
}

func (g *guard) label(key string, n int) {
	if n > 0 && g.v.Labels == nil {
		g.v.Labels = map[string]any{}
	}
	if n > 0 {
		g.v.Labels[key] = n
	}
}

func (g *guard) node(n *siogw.Node) {
	if n.Kind == siogw.Key && n.Depth() == 1 {
		g.section = n.Text
		return
	}
	switch g.section {
	case "event":
		g.event = new(strings.Clone(n.Text))
	case "args", "auth":
		if g.v.Effect == "" {
			g.look(n)
		}
	case "attachments":
		if n.Kind == siogw.Key && n.Text == "bytes" {
			g.attachment = -1 // the number that follows is a size
		} else if n.Kind == siogw.Number && g.attachment == -1 {
			g.size(n)
		}
	case "identity":
		if conf.roles != nil && n.Kind == siogw.Text && strings.HasPrefix(n.Pointer(), "/identity/roles/") {
			g.roles = append(g.roles, strings.Clone(n.Text))
		}
	}
}

func (g *guard) size(n *siogw.Node) {
	g.attachment = 0
	if bytes, err := strconv.ParseInt(n.Text, 10, 64); err != nil || bytes <= conf.limits["max_attachment"] {
		return
	}
	if g.v.Attachments == nil {
		g.v.Attachments = map[string][]byte{}
	}
	number, _, _ := strings.Cut(strings.TrimPrefix(n.Pointer(), "/attachments/"), "/")
	g.v.Attachments[number] = []byte("removed")
}

func (g *guard) role() {
	if g.event == nil {
		return
	}
	want, ok := conf.roles[*g.event]
	if !ok || slices.Contains(g.roles, want) {
		return
	}
	g.v = siogw.Denied("role", "a role is missing")
	g.v.Data = map[string]string{"role": want}
}

// look judges a node of the arguments. The depth there begins with theirs.
func (g *guard) look(n *siogw.Node) {
	switch {
	case int64(n.Depth()-1) > conf.limits["max_depth"]:
		g.v = siogw.Denied("too_deep", "nested too deep")
	case n.Kind == siogw.Text:
		g.text(n)
	case n.Kind == siogw.Number:
		if f, err := strconv.ParseFloat(n.Text, 64); err != nil || math.Abs(f) > float64(conf.limits["max_number"]) {
			g.v = siogw.Verdict{Effect: siogw.Deny, Code: 422, Reason: "a number is too large"}
		}
	}
}

func (g *guard) text(n *siogw.Node) {
	if int64(utf8.RuneCountInString(n.Text)) > conf.limits["max_length"] {
		g.v = siogw.Denied("too_long", "a text is too long")
		return
	}
	if len(conf.words) > 0 {
		small := lower([]byte(n.Text))
		if slices.ContainsFunc(conf.words, func(w []byte) bool { return bytes.Contains(small, w) }) {
			g.v = siogw.Denied("banned_word", "a word is not allowed")
			return
		}
	}
	if shouts(n.Text) {
		g.shouting++
	}
	if masked, cards := mask(n.Text); cards > 0 {
		g.v.Patch = append(g.v.Patch, siogw.Operation{Op: "replace", Path: n.Pointer(), Value: json.RawMessage(siogw.AppendText(nil, masked))})
		g.masked++
		g.cards += cards
	}
}

func shouts(s string) bool {
	capitals := 0
	for i := range len(s) {
		switch c := s[i]; {
		case 'a' <= c && c <= 'z':
			return false
		case 'A' <= c && c <= 'Z':
			capitals++
		}
	}
	return capitals >= 8
}
