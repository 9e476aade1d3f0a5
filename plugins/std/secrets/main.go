// Command secrets is a guest that finds keys, tokens, card and account numbers in every string of the
// arguments, and redacts them or denies the packet.
package main

import (
	"encoding/binary"
	"errors"
	"slices"
	"strconv"
	"strings"
	"unsafe"

	siogw "github.com/siogw/siogw/sdk/go"
)

var (
	deny    bool
	enabled map[string]bool // nil: all
	allowed []string        // found texts that stay
)

func init() {
	siogw.OnConfig(configure)
	siogw.OnRaw(judge)
}

var errView = errors.New("not a strings view")

// judge goes through the view (ABI.md, section 4) and writes the verdict as it goes.
func judge(view []byte) ([]byte, error) {
	if len(view) < 4 {
		return nil, errView
	}
	a := answer{kinds: a0[:0]}
	rest := view[4:]
	for i := range binary.LittleEndian.Uint32(view) {
		if len(rest) < 4 || uint64(binary.LittleEndian.Uint32(rest)) > uint64(len(rest)-4) {
			return nil, errView
		}
		n := binary.LittleEndian.Uint32(rest)
		s := unsafe.String(unsafe.SliceData(rest[4:]), n)
		rest = rest[4+n:]
		if found := find(s); len(found) > 0 {
			a.add(int(i), s, found)
		}
	}
	if len(rest) > 0 {
		return nil, errView
	}
	return a.verdict(), nil
}

var a0 [16]string

// answer is a verdict in the making.
type answer struct {
	strings []byte   // the member "strings"
	kinds   []string // that were found
	count   int
}

func (a *answer) add(i int, s string, found []secret) {
	for _, f := range found {
		if !slices.Contains(a.kinds, f.kind) {
			a.kinds = append(a.kinds, f.kind)
		}
	}
	a.count += len(found)
	if deny {
		return
	}
	a.strings = append(a.strings, ",{"[btoi(a.strings == nil)])
	a.strings = append(strconv.AppendInt(append(a.strings, '"'), int64(i), 10), `":`...)
	a.strings = siogw.AppendText(a.strings, redact(s, found))
}

// redact puts "[redacted:kind]" in the place of each secret, and leaves what is around it.
func redact(s string, found []secret) string {
	var out strings.Builder
	at := 0
	for _, f := range found {
		out.WriteString(s[at:f.from])
		out.WriteString("[redacted:" + f.kind + "]")
		at = f.to
	}
	out.WriteString(s[at:])
	return out.String()
}

func (a *answer) verdict() []byte {
	if a.count == 0 {
		return nil
	}
	siogw.Count("found", int64(a.count))
	out := []byte(`{"effect":"allow","strings":`)
	if deny {
		out = append(out[:0], `{"effect":"deny","code":"secret","reason":"holds a secret"`...)
	} else {
		out = append(append(out, a.strings...), '}')
	}
	out = strconv.AppendInt(append(out, `,"labels":{"count":`...), int64(a.count), 10)
	out = append(out, `,"kinds":[`...)
	for i, k := range a.kinds {
		if i > 0 {
			out = append(out, ',')
		}
		out = siogw.AppendText(out, k)
	}
	return append(out, "]}}"...)
}

func configure(raw []byte) error {
	deny, enabled, allowed = false, nil, nil
	if len(raw) == 0 {
		return nil
	}
	return siogw.Walk(raw, configureNode)
}

// configureNode reads {"action": "redact" | "deny", "kinds": [name…], "allow": [text…], "fields": …}; fields
// are the host's.
func configureNode(n *siogw.Node) error {
	at := n.Pointer()
	item := n.Kind == siogw.Text && n.Depth() == 2
	switch {
	case n.Kind == siogw.Key && (at == "/action" || at == "/kinds" || at == "/allow" || at == "/fields"), strings.HasPrefix(at, "/fields/"):
	case at == "/action" && n.Kind == siogw.Text && (n.Text == "redact" || n.Text == "deny"):
		deny = n.Text == "deny"
	case at == "/action":
		return errors.New("action: want redact or deny")
	case item && strings.HasPrefix(at, "/kinds/"):
		if !slices.Contains(kinds, n.Text) {
			return errors.New("kinds: no kind " + strconv.Quote(n.Text) + "; there are: " + strings.Join(kinds, ", "))
		}
		if enabled == nil {
			enabled = map[string]bool{}
		}
		enabled[strings.Clone(n.Text)] = true
	case item && strings.HasPrefix(at, "/allow/"):
		allowed = append(allowed, strings.Clone(n.Text))
	default:
		return errors.New("want {action: redact or deny, kinds: [name], allow: [text], fields: [pointer]}, found something else at " + strconv.Quote(at))
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
