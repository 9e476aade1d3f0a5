// Package replay decides a recorded decision log again with another configuration, and tells what would change. Nothing
// here touches the network.
package replay

import (
	"bytes"
	"encoding/json"
	"errors"
	"time"

	"github.com/siogw/siogw/engine"
)

// line is one line of the decision log, as far as it is needed. Keys that are not known are passed over: the log may
// be of a later version.
type line struct {
	Time        time.Time       `json:"time"`
	ID          string          `json:"decision_id"`
	Kind        string          `json:"kind"`
	Direction   string          `json:"direction"`
	Namespace   string          `json:"namespace"`
	Event       string          `json:"event"`
	Room        string          `json:"room"`
	Effect      string          `json:"effect"`
	Code        json.RawMessage `json:"code"`
	Reason      string          `json:"reason"`
	By          string          `json:"by"`
	Transformed bool            `json:"transformed"`
	Bytes       int             `json:"bytes"`
	Attachments int             `json:"attachments"`
	Args        json.RawMessage `json:"args"`
	Auth        json.RawMessage `json:"auth"`
	Session     struct {
		ID        string `json:"id"`
		IP        string `json:"ip"`
		Transport string `json:"transport"`
		EIO       int    `json:"eio"`
	} `json:"session"`
	Identity *struct {
		Sub   string   `json:"sub"`
		Roles []string `json:"roles"`
	} `json:"identity"`
	Steps []struct {
		Plugin string   `json:"plugin"`
		Effect string   `json:"effect"`
		Rules  []string `json:"rules"`
	} `json:"steps"`

	kind      engine.Kind
	direction engine.Direction
}

var errNoDecision = errors.New("no line of the decision log")

// maxAttachments is the most that a line may claim to have: they are made up.
const maxAttachments = 1024

func parseLine(text []byte) (*line, error) {
	l := &line{}
	if err := json.Unmarshal(text, l); err != nil {
		return nil, errNoDecision
	}
	var ok bool
	if l.kind, ok = engine.ParseKind(l.Kind); !ok || l.ID == "" || l.Attachments < 0 || l.Attachments > maxAttachments {
		return nil, errNoDecision
	}
	for _, d := range []engine.Direction{engine.In, engine.Out} {
		if d.String() == l.Direction {
			l.direction = d
		}
	}
	if l.direction == 0 || l.Effect != engine.Allow.String() && l.Effect != engine.Deny.String() {
		return nil, errNoDecision
	}
	return l, nil
}

// hidden reports whether the log's masks took something from a value, or its size all of it.
func hidden(raw json.RawMessage) bool {
	return bytes.HasPrefix(raw, []byte(`"***`)) || bytes.Contains(raw, []byte(`"***"`))
}

// input makes the input again, less what the log does not hold.
func (l *line) input(st *session) *engine.Input {
	in := &engine.Input{Kind: l.kind, Direction: l.direction, Time: l.Time, Namespace: l.Namespace, Event: l.Event, Room: l.Room,
		Bytes: l.Bytes, Args: value(l.Args, "[]"), Auth: value(l.Auth, "{}"), Identity: &engine.Identity{}}
	if l.Identity != nil {
		in.Identity = &engine.Identity{Authenticated: true, Sub: l.Identity.Sub, Roles: l.Identity.Roles}
	}
	for range l.Attachments {
		in.Attachments = append(in.Attachments, engine.Attachment{Type: "application/octet-stream"})
	}
	in.Session = &engine.Session{ID: l.Session.ID, IP: l.Session.IP, Transport: l.Session.Transport, EIO: l.Session.EIO, Opened: l.Time}
	if st != nil {
		in.Session.Opened, in.Session.Rooms, in.Session.Namespaces = st.opened, st.rooms[l.Namespace], st.namespaces
	}
	return in
}

// value gives what is known of a payload: what is hidden whole is empty.
func value(raw json.RawMessage, empty string) []byte {
	if len(raw) > 0 && raw[0] == '"' {
		return []byte(empty)
	}
	return raw
}

// rule names the rule that denied, "" for none.
func (l *line) rule() string {
	for i := range l.Steps {
		if s := &l.Steps[i]; s.Plugin == l.By && s.Effect == engine.Deny.String() && len(s.Rules) > 0 {
			return s.Rules[0]
		}
	}
	return ""
}
