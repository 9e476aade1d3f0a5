package scenario

import (
	"net/http"
	"strings"

	"github.com/siogw/siogw/engine"
	"github.com/siogw/siogw/internal/inputjson"
	"github.com/siogw/siogw/internal/strictjson"
)

// now is when scenarios happen that do not say so: the same answer on every day.
var now = &node{kind: strictjson.Object, keys: []string{"time"}, items: []*node{{kind: strictjson.Text, text: `"2026-01-01T00:00:00Z"`}}}

// defaults of a session that is given, or not.
const (
	defaultID        = "scenario"
	defaultEIO       = 4
	defaultTransport = "websocket"
	defaultIP        = "127.0.0.1"
)

// input makes the packet of a step, in the session as it is given.
func (c *Case) input(file string, s *Step) (*engine.Input, error) {
	doc := now.merge(c.given).merge(s.when)
	lines := map[string]int{}
	in, err := inputjson.ParseInput(doc.json(nil, "input", lines))
	if err != nil {
		return nil, &Error{file, lineOf(err.Error(), lines, s.when.line), c.words(err.Error())}
	}
	if in.Kind == engine.Disconnect {
		return nil, &Error{file, s.when.line, "when.kind: a disconnect is not decided"}
	}
	given := c.given
	fill(in, given.get("session"))
	if id := given.get("identity"); id != nil && id.get("authenticated") == nil {
		in.Identity.Authenticated = true // who is somebody has proved it
	}
	if s.when.get("bytes") == nil {
		in.Bytes = size(in)
	}
	return in, nil
}

// fill gives what was not said the values of an ordinary session.
func fill(in *engine.Input, session *node) {
	if in.Namespace == "" && in.Kind != engine.Handshake {
		in.Namespace = "/"
	}
	if in.Kind == engine.Handshake {
		in.Namespace = ""
	}
	if in.Kind == engine.Connect && in.Auth == nil {
		in.Auth = []byte("{}")
	}
	if in.Args == nil && in.Kind != engine.Handshake && in.Kind != engine.Connect {
		in.Args = []byte("[]")
	}
	s := in.Session
	if session.get("id") == nil {
		s.ID = defaultID
	}
	if session.get("eio") == nil {
		s.EIO = defaultEIO
	}
	if session.get("transport") == nil {
		s.Transport = defaultTransport
	}
	if session.get("ip") == nil {
		s.IP = defaultIP
	}
	if session.get("namespaces") == nil && in.Kind != engine.Handshake && in.Kind != engine.Connect {
		s.Namespaces = []string{in.Namespace}
	}
	for i := range in.Attachments {
		if a := &in.Attachments[i]; a.Type == "" {
			a.Type = http.DetectContentType(a.Data)
		}
	}
}

// size is about what the packet weighs on the wire.
func size(in *engine.Input) int {
	n := len(in.Args) + len(in.Auth)
	if in.Event != "" {
		n += len(in.Event) + len(`"",`)
	}
	for i := range in.Attachments {
		n += len(in.Attachments[i].Data)
	}
	return n
}

// words puts the paths of the input document as the file has them.
func (c *Case) words(text string) string {
	rest, ok := strings.CutPrefix(text, "input.")
	if !ok {
		return text
	}
	key, _, _ := strings.Cut(rest, ".")
	key = strings.TrimRight(strings.FieldsFunc(key, func(r rune) bool { return r == ' ' || r == ':' || r == '[' })[0], ":")
	if key == "identity" || key == "session" || c.given.get(key) != nil {
		return "given." + rest
	}
	return "when." + rest
}

// lineOf gives the line of the longest path that text begins with.
func lineOf(text string, lines map[string]int, otherwise int) int {
	best := "input"
	for path := range lines {
		if len(path) > len(best) && strings.HasPrefix(text, path) && strings.ContainsAny(text[len(path):][:min(1, len(text)-len(path))], ".[ :") {
			best = path
		}
	}
	if best == "input" {
		return otherwise
	}
	return lines[best]
}

// none is the value of a node that says nothing.
func none(n *node) bool { return n == nil || n.kind == strictjson.Null }
