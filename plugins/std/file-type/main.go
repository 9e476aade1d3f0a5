// Command file-type is a guest that tells what binary attachments really are, by their content, and denies or
// empties those that are not wanted.
package main

import (
	"errors"
	"slices"
	"strconv"
	"strings"

	siogw "github.com/siogw/siogw/sdk/go"
)

var (
	allow []string // types, or classes as image/*; empty: all that are not dangerous
	limit int      // bytes of each attachment; 0: the gateway's
	drop  bool
)

func init() {
	siogw.OnConfig(configure)
	siogw.OnRaw(judge)
}

func judge(view []byte) ([]byte, error) {
	all, err := siogw.SplitAttachments(view)
	if err != nil || len(all) == 0 {
		return nil, err
	}
	out := []byte(`{"effect":"allow","labels":{"types":[`)
	var empty []byte
	for i, b := range all {
		kind := typeOf(b.Data, b.Size)
		out = siogw.AppendText(append(out, ","[:min(i, 1)]...), kind)
		reason := refuses(kind, b.Size)
		if reason == "" {
			continue
		}
		siogw.Count("refused", 1)
		if !drop {
			return denial(i, kind, reason), nil
		}
		empty = append(empty, `,"`[btoi(empty == nil):]...)
		empty = append(strconv.AppendInt(empty, int64(i), 10), `":""`...)
	}
	out = append(out, "]}"...)
	if empty != nil {
		out = append(append(append(out, `,"attachments":{`...), empty...), '}')
	}
	return append(out, '}'), nil
}

func denial(i int, kind, reason string) []byte {
	out := siogw.AppendText([]byte(`{"effect":"deny","code":"file-type","reason":`), reason)
	out = siogw.AppendText(append(out, `,"data":{"type":`...), kind)
	out = strconv.AppendInt(append(out, `,"attachment":`...), int64(i), 10)
	return append(out, "}}"...)
}

// refuses says why an attachment is not wanted, "" when it is.
func refuses(kind string, size int) string {
	switch {
	case limit > 0 && size > limit:
		return "attachment is too large"
	case len(allow) == 0 && dangerous[kind], len(allow) > 0 && !slices.ContainsFunc(allow, func(a string) bool { return covers(a, kind) }):
		return "attachment of a type that is not allowed"
	}
	return ""
}

// covers: a class covers no dangerous type; image/* is not for SVG.
func covers(pattern, kind string) bool {
	class, ok := strings.CutSuffix(pattern, "*")
	return pattern == kind || ok && strings.HasPrefix(kind, class) && !dangerous[kind]
}

func configure(raw []byte) error {
	allow, limit, drop = nil, 0, false
	if len(raw) == 0 {
		return nil
	}
	return siogw.Walk(raw, configureNode)
}

// configureNode reads {"allow": [type…], "max": bytes, "action": "deny" | "drop"}.
func configureNode(n *siogw.Node) error {
	at := n.Pointer()
	switch {
	case n.Kind == siogw.Key && (at == "/allow" || at == "/max" || at == "/action"):
	case n.Kind == siogw.Text && n.Depth() == 2 && strings.HasPrefix(at, "/allow/"):
		if !slices.ContainsFunc(types(), func(t string) bool { return t == n.Text || strings.HasSuffix(n.Text, "/*") && covers(n.Text, t) }) {
			return errors.New("allow: no type " + strconv.Quote(n.Text) + "; there are: " + strings.Join(types(), ", "))
		}
		allow = append(allow, strings.Clone(n.Text))
	case at == "/max" && n.Kind == siogw.Number:
		v, err := strconv.Atoi(n.Text)
		if err != nil || v < 1 {
			return errors.New("max: want a number of bytes, 1 or more")
		}
		limit = v
	case at == "/action" && n.Kind == siogw.Text && (n.Text == "deny" || n.Text == "drop"):
		drop = n.Text == "drop"
	default:
		return errors.New("want {allow: [type], max: bytes, action: deny or drop}, found something else at " + strconv.Quote(at))
	}
	return nil
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

func main() {}
