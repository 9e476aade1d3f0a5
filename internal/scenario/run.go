package scenario

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/siogw/siogw/engine"
	"github.com/siogw/siogw/gateway"
	"github.com/siogw/siogw/internal/app"
)

// state is what a case's session has become.
type state struct {
	rooms      map[string][]string // by namespace, sorted
	namespaces []string            // sorted; nil: as given
	identity   *engine.Identity    // by a token; nil: as given
}

// Run decides the steps of a case, in their order, all of them.
func Run(ctx context.Context, o *app.Offline, file string, c *Case) (Result, error) {
	r := Result{File: file, Line: c.Line, Name: c.Name}
	st := &state{rooms: map[string][]string{}}
	for i := range c.Steps {
		s := &c.Steps[i]
		in, err := c.input(file, s)
		if err != nil {
			return r, err
		}
		d, err := st.decide(ctx, o, c, in)
		if err != nil {
			return r, &Error{file, s.when.line, err.Error()}
		}
		r.Steps = append(r.Steps, summary(in, &d))
		for _, diff := range s.compare(in, &d, st.rooms[in.Namespace]) {
			diff.Step = i + 1
			r.Diffs = append(r.Diffs, diff)
		}
	}
	if len(r.Diffs) > 0 {
		r.Line = r.Diffs[0].Line
	}
	return r, nil
}

// decide judges in where the session stands, and notes what that changes.
func (st *state) decide(ctx context.Context, o *app.Offline, c *Case, in *engine.Input) (engine.Decision, error) {
	st.enter(c, in)
	if d, stopped := st.prove(o, c, in); stopped {
		return d, nil
	}
	wanted := in.Kind
	if wanted == engine.Join || wanted == engine.Leave {
		in.Kind = engine.Event
	}
	mapped := o.Map(in)
	if wanted != in.Kind && wanted != engine.Event {
		return engine.Decision{}, fmt.Errorf("when.kind: the configuration maps %q of %s to %s, not to %s (rooms)", in.Event, in.Namespace, in.Kind, wanted)
	}
	if told := mapped.Tells(); told != 0 && mapped.Code == engine.CodeNone { // whatever becomes of it
		st.enterRooms(in, told, mapped.Rooms)
	}
	d := o.Decide(ctx, in, mapped)
	if d.Effect == engine.Allow {
		st.enterRooms(in, in.Kind, mapped.Rooms)
		if i, found := slices.BinarySearch(st.namespaces, in.Namespace); in.Kind == engine.Connect && !found {
			st.namespaces = slices.Insert(st.namespaces, i, in.Namespace)
		}
	}
	return d, nil
}

// enterRooms has the session enter rooms, or leave them.
func (st *state) enterRooms(in *engine.Input, kind engine.Kind, about []string) {
	st.rooms[in.Namespace] = app.Enter(st.rooms[in.Namespace], kind, about...)
	in.Session.Rooms = st.rooms[in.Namespace]
}

// enter puts in into the session as it has become. The rooms that are given are those of the namespace that is.
func (st *state) enter(c *Case, in *engine.Input) {
	s := in.Session
	if _, known := st.rooms[in.Namespace]; !known {
		var rooms []string
		if home := c.namespace(); home == "" || home == in.Namespace || in.Kind == engine.Handshake {
			rooms = slices.Compact(slices.Sorted(slices.Values(s.Rooms)))
		}
		st.rooms[in.Namespace] = rooms
	}
	s.Rooms = st.rooms[in.Namespace]
	slices.Sort(s.Namespaces)
	if st.namespaces == nil {
		st.namespaces = s.Namespaces
	}
	s.Namespaces = slices.Clone(st.namespaces)
	if st.identity != nil {
		in.Identity = st.identity
	}
}

// namespace is the one that is given, "" for none.
func (c *Case) namespace() string {
	n := c.given.get("namespace")
	if none(n) {
		return ""
	}
	return strings.Trim(n.text, `"`)
}

// prove finds the identity in a token, where none is given and the packet is one that brings a token.
func (st *state) prove(o *app.Offline, c *Case, in *engine.Input) (engine.Decision, bool) {
	if o.Verifier == nil || c.given.get("identity") != nil || in.Kind != engine.Connect && in.Kind != engine.Handshake {
		return engine.Decision{}, false
	}
	r := &http.Request{Header: http.Header{}, URL: &url.URL{}}
	for k, v := range in.Session.Headers {
		r.Header.Set(k, v)
	}
	q := url.Values{}
	for k, v := range in.Session.Query {
		q.Set(k, v)
	}
	r.URL.RawQuery = q.Encode()
	id, denial := o.Verifier.Verify(gateway.Credentials{Request: r, Auth: in.Auth})
	if denial != nil {
		return engine.Refuse(denial.Code, denial.Reason), true
	}
	if id != nil {
		st.identity, in.Identity = id, id
	}
	return engine.Decision{}, false
}

// summary tells a decision in words.
func summary(in *engine.Input, d *engine.Decision) string {
	text := in.Kind.String()
	if in.Event != "" {
		text += " " + in.Event
	}
	if in.Room != "" {
		text += " of " + in.Room
	}
	text += ": " + d.Effect.String()
	if d.Effect != engine.Allow {
		text += fmt.Sprintf(" %s, %s", d.Shown(), d.Reason)
	}
	if d.By != "" {
		text += ", by " + d.By
	}
	for i := range d.Steps {
		if err := d.Steps[i].Verdict.Err; err != nil {
			text += ", " + d.Steps[i].Plugin + " failed: " + err.Error()
		}
	}
	return text
}
