package replay

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/siogw/siogw/engine"
	"github.com/siogw/siogw/internal/app"
	"github.com/siogw/siogw/internal/config"
	"github.com/siogw/siogw/internal/decisionlog"
)

const mapped = "rooms: { join: [{ event: join, room: /args/0 }], leave: [{ event: leave, room: /args/0 }], target: [{ event: say, room: /args/0 }] }"

func offline(t testing.TB, rego string) *app.Offline {
	t.Helper()
	dir := t.TempDir()
	for name, content := range map[string]string{
		"siogw.yaml": "upstream: { url: http://127.0.0.1:3000 }\npolicy: { paths: [p.rego] }\n" + mapped,
		"p.rego":     "package siogw.authz\n\n" + rego,
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cfg, err := config.Load(filepath.Join(dir, "siogw.yaml"), nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	o, err := app.NewOffline(context.Background(), cfg, app.JudgeOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func read(t testing.TB, r *Replay, log string) Report {
	t.Helper()
	if err := r.Read(context.Background(), "log", strings.NewReader(log)); err != nil {
		t.Fatal(err)
	}
	return r.Report()
}

// packet is a decision to record.
type packet struct {
	kind             engine.Kind
	event, args      string
	namespace, rooms string // in which the session is, by then
}

// TestRecorded decides packets, records them by the gateway's own log, and replays that: a policy that looks at rooms,
// namespaces, roles and arguments decides the same again.
func TestRecorded(t *testing.T) {
	o := offline(t, `allow if input.kind in {"handshake", "connect", "join", "leave"}

allow if {
	input.kind == "event"
	input.room in input.session.rooms
	input.namespace in input.session.namespaces
	"member" in input.identity.roles
	input.session.ip == "203.0.113.9"
	count(input.args) == 1
}

transform := [{"op": "add", "path": "/args/-", "value": 1}] if input.args[0] == "b"`)
	var out bytes.Buffer
	log, err := decisionlog.Open(decisionlog.Options{Output: "stdout", Stdout: &out, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	id := &engine.Identity{Authenticated: true, Sub: "ada", Roles: []string{"member"}}
	for _, p := range []packet{
		{engine.Handshake, "", "", "", ""}, {engine.Connect, "", "", "/", ""}, {engine.Event, "join", `["a"]`, "/", ""},
		{engine.Event, "say", `["a"]`, "/", "a"}, {engine.Event, "say", `["b"]`, "/", "a"}, {engine.Event, "join", `["b"]`, "/", "a"},
		{engine.Event, "say", `["b"]`, "/", "a b"}, {engine.Event, "leave", `["a"]`, "/", "a b"}, {engine.Event, "say", `["a"]`, "/", "b"},
		{engine.Event, "join", `[1]`, "/", "b"},
	} {
		in := &engine.Input{Kind: p.kind, Direction: engine.In, Namespace: p.namespace, Event: p.event, Identity: id,
			Session: &engine.Session{ID: "s", IP: "203.0.113.9", Rooms: strings.Fields(p.rooms), Namespaces: []string{"/"}}}
		if p.args != "" {
			in.Args = []byte(p.args)
		}
		d := o.Decide(t.Context(), in, o.Map(in))
		log.Decision(in, &d)
	}
	if err := log.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	r := read(t, New(Options{New: o}), out.String())
	if r.Lines != 10 || r.Decided != 9 || r.Gateway != 1 || r.Changed != 0 {
		t.Errorf("%+v\n%s", r, out.String())
	}
	never := read(t, New(Options{New: offline(t, "allow if input.kind == \"never\"")}), out.String())
	if never.Changed != 7 || never.Changes[0].To != "deny 101" {
		t.Errorf("%+v", never)
	}
}

// said is a line of the log.
func said(session, kind, namespace, event, rest string) string {
	return fmt.Sprintf(`{"time":"2026-01-01T00:00:00.000000Z","decision_id":"d","kind":%q,"direction":"in","namespace":%q,"event":%q,"effect":"allow",`+
		`"transformed":false,"session":{"id":%q},"bytes":1%s}`+"\n", kind, namespace, event, session, rest)
}

// TestFollow: rooms are those of the session and the namespace, and end with them.
func TestFollow(t *testing.T) {
	o := offline(t, "allow if input.kind != \"event\"\n\nallow if \"a\" in input.session.rooms")
	join := said("s", "join", "/", "join", `,"room":"a","args":["a"]`)
	say := said("s", "event", "/", "x", `,"args":[]`)
	for name, c := range map[string]struct {
		log     string
		changed int
	}{
		"in it":             {join + say, 0},
		"before":            {say + join, 1},
		"another session":   {join + said("t", "event", "/", "x", `,"args":[]`), 1},
		"another namespace": {join + said("s", "event", "/x", "x", `,"args":[]`), 1},
		"left":              {join + said("s", "leave", "/", "leave", `,"room":"a","args":["a"]`) + say, 1},
		"disconnected":      {join + said("s", "disconnect", "/", "", "") + say, 1},
		"other one left":    {join + said("s", "disconnect", "/x", "", "") + say, 0},
		"closed":            {join + said("s", "disconnect", "", "", "") + say, 1},
		"connected again":   {join + said("s", "connect", "/", "", "") + say, 1},
		"refused":           {strings.Replace(join, `"effect":"allow"`, `"effect":"deny","code":100`, 1) + say, 2},
	} {
		if r := read(t, New(Options{New: o}), c.log); r.Changed != c.changed {
			t.Errorf("%s: %+v", name, r)
		}
	}
}

// TestHidden: what the log does not hold is not decided, where something could look at it.
func TestHidden(t *testing.T) {
	kind, args, auth := offline(t, "allow if input.kind"), offline(t, "allow if input.args"), offline(t, "allow if not input.auth")
	for rest, want := range map[string][3]int{ // hidden of a policy that looks at neither, at args, at auth
		`,"args":["a"]`:                     {0, 0, 0},
		`,"args":"***"`:                     {0, 1, 0},
		`,"args":"*** 70000 bytes"`:         {0, 1, 0},
		`,"args":[{"a":"***"}]`:             {0, 1, 0},
		`,"args":["a ***"]`:                 {0, 0, 0},
		`,"args":[],"auth":{"token":"***"}`: {0, 0, 1},
		`,"args":[],"attachments":1`:        {0, 1, 0},
	} {
		for i, o := range []*app.Offline{kind, args, auth} {
			if r := read(t, New(Options{New: o}), said("s", "event", "/", "x", rest)); r.Hidden != want[i] || r.Hidden+r.Decided != 1 {
				t.Errorf("%s %d: %+v", rest, i, r)
			}
			if r := read(t, New(Options{New: o, Hidden: true}), said("s", "event", "/", "x", rest)); r.Decided != 1 {
				t.Errorf("%s %d: %+v", rest, i, r)
			}
		}
	}
	if r := read(t, New(Options{New: kind, Old: args}), said("s", "event", "/", "x", `,"args":"***"`)); r.Hidden != 1 {
		t.Errorf("what the old policy could look at: %+v", r)
	}
}

// TestNoDecisions: lines of something else are counted, and not decided.
func TestNoDecisions(t *testing.T) {
	good := said("s", "event", "/", "x", "")
	for _, text := range []string{"", "x", "{}", "[]", strings.Replace(good, "event", "evnt", 1), strings.Replace(good, `"in"`, `"up"`, 1),
		strings.Replace(good, `"allow"`, `"maybe"`, 1), strings.Replace(good, `"d"`, `""`, 1), strings.Replace(good, "2026", "2O26", 1),
		said("s", "event", "/", "x", `,"attachments":-1`), said("s", "event", "/", "x", fmt.Sprintf(`,"attachments":%d`, maxAttachments+1))} {
		if r := read(t, New(Options{}), text+"\n"); r.NotDecisions != r.Lines || r.Lines == 0 {
			t.Errorf("%q: %+v", text, r)
		}
	}
	o := offline(t, "allow if input.kind")
	if r := read(t, New(Options{New: o}), said("s", "event", "/", "x", fmt.Sprintf(`,"attachments":%d`, maxAttachments))); r.Decided != 1 {
		t.Errorf("%+v", r)
	}
}

// TestTruncated: a line that was cut, as by a full disk, is no decision at any byte.
func TestTruncated(t *testing.T) {
	whole := strings.TrimSuffix(said("s", "event", "/", "x", `,"args":["a"]`), "\n")
	for i := range len(whole) {
		if r := read(t, New(Options{}), whole[:i]); r.Decided != 0 || r.NotDecisions != r.Lines {
			t.Errorf("%q: %+v", whole[:i], r)
		}
	}
}

// TestBounds: on each side of what is kept.
func TestBounds(t *testing.T) {
	o := offline(t, "allow if input.kind == \"never\"")
	r := New(Options{New: o})
	for i := range maxChanges + 1 {
		read(t, r, said("s", "event", "/", fmt.Sprint("e", i), ""))
	}
	read(t, r, said("s", "event", "/", "e0", "")) // one that is known
	if got := r.Report(); got.Changed != maxChanges+2 || len(got.Changes) != maxChanges || got.More != 1 || got.Changes[0].Count != 2 {
		t.Errorf("%d, %d, %d", got.Changed, len(got.Changes), got.More)
	}
	r = New(Options{})
	for i := range maxSessions + 1 {
		l := &line{kind: engine.Connect}
		l.Session.ID = fmt.Sprint(i)
		if st := r.follow(l); (st == nil) != (i == maxSessions) {
			t.Fatalf("session %d: %v", i, st)
		}
	}
	for size, fits := range map[int]bool{maxLine - 1: true, maxLine + 1: false} {
		err := New(Options{}).Read(t.Context(), "log", strings.NewReader(strings.Repeat("x", size)+"\n"))
		if (err == nil) != fits {
			t.Errorf("%d bytes: %v", size, err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := New(Options{}).Read(ctx, "log", strings.NewReader("x\n")); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// FuzzLine: whatever a log holds is decided or passed over.
func FuzzLine(f *testing.F) {
	f.Add(said("s", "join", "/", "join", `,"room":"a","args":["a"],"identity":{"sub":"x","roles":["r"]}`))
	f.Add(said("s", "disconnect", "", "", `,"args":"***"`))
	o := offline(f, "allow if input.args\n\ntransform := [{\"op\": \"add\", \"path\": \"/args/-\", \"value\": 1}]")
	f.Fuzz(func(t *testing.T, text string) {
		r := New(Options{New: o, Hidden: true})
		got := read(t, r, text)
		if got.Lines != got.NotDecisions+got.Ends+got.Gateway+got.Hidden+got.Decided {
			t.Errorf("%+v", got)
		}
	})
}
