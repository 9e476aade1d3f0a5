package contract

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/siogw/siogw/engine"
)

type wanted struct{ what, namespace, event, args, want string }

func (w *wanted) check(t *testing.T, c *Contract) {
	t.Helper()
	in := ask(w.what, w.namespace, w.event, w.args)
	if strings.Contains(w.args, "_placeholder") {
		in.Attachments = []engine.Attachment{{Data: []byte{1}, Type: "application/octet-stream"}}
	}
	if got := reasonOf(t, c, in); got != w.want {
		t.Errorf("%+v: got %q", *w, got)
	}
}

func TestAsyncAPI2(t *testing.T) {
	c := load(t, Options{Files: []string{"testdata/asyncapi2.yaml"}})
	for _, tt := range []wanted{
		{"event", "/", "update status", `[{"status":"open"}]`, ""},
		{"event", "/", "UpdateStatus", `[{"status":"open"}]`, "event not in contract"},
		{"emit", "/", "update status", `[{"status":"open"}]`, "event not in contract"},
		{"event", "/", "update status", `[{"status":"gone"}]`, "/args/0/status: not a value that is allowed here"},
		{"event+ack", "/", "update status", `[{"status":"open"}]`, ""},
		{"ack+out", "/", "update status", `[{"error":"no"}]`, ""},
		{"ack+out", "/", "update status", `[{"stack":"no"}]`, "/args/0: has a member that the contract does not name"},
		{"event+ack", "/", "say", `["a"]`, ""},
		{"event", "/", "say", `["a","b"]`, "/args: more than 1 arguments"},
		{"ack+out", "/", "say", `[true]`, ""},
		{"ack+out", "/", "say", `[1]`, "/args/0: want boolean"},
		{"event", "/", "order", `[1,{"name":"a"}]`, ""},
		{"event", "/", "order", `[1]`, "/args: fewer than 2 arguments"},
		{"event", "/", "order", `[1,{"name":"a"},2]`, "/args: more than 2 arguments"},
		{"event", "/", "order", `[0,{"name":"a"}]`, "/args/0: less than 1"},
		{"event", "/", "order", `[1,{}]`, "/args/1: lacks name"},
		{"ack+out", "/", "order", `["ok"]`, ""},
		{"ack+out", "/", "order", `["ok",7]`, ""},
		{"ack+out", "/", "order", `["ok",7,8]`, "/args: more than 2 arguments"},
		{"event", "/", "tags", `[["a","b"]]`, ""},
		{"event", "/", "tags", `["a","b"]`, "/args: more than 1 arguments"},
		{"event", "/", "ping", `[]`, ""},
		{"event", "/", "ping", `[1]`, "/args: more than 0 arguments"},
		{"event+ack", "/", "ping", `[]`, "asks for an answer, where the contract has none"},
		{"emit", "/", "StatusUpdated", `["open",1]`, ""},
		{"emit", "/", "StatusUpdated", `["open",1,2]`, "/args/2: not in the contract"},
		{"event", "/admin", "stop", `[]`, "asks for no answer, where the contract requires it"},
		{"event+ack", "/admin", "stop", `[]`, ""},
		{"ack+out", "/admin", "stop", `["any",{}]`, ""},
	} {
		tt.check(t, c)
	}
}

func TestAsyncAPI3(t *testing.T) {
	c := load(t, Options{Files: []string{"testdata/asyncapi3.yaml"}})
	for _, tt := range []wanted{
		{"emit", "/", "time", `["now"]`, ""},
		{"event", "/", "time", `["now"]`, "event not in contract"},
		{"emit", "/", "time", `[]`, "/args: fewer than 1 arguments"},
		{"event", "/", "chat", `["hi"]`, ""},
		{"event", "/", "chat", `["hi",{"name":"me"}]`, ""},
		{"event", "/", "chat", `["",{"name":"me"}]`, "/args/0: shorter than 1"},
		{"event", "/", "chat", `["hi",{"name":""}]`, "/args/1/name: shorter than 1"},
		{"event", "/", "chat", `["hi",{"name":"me"},1]`, "/args/2: not in the contract"},
		{"event", "/", "ping", `[]`, ""},
		{"event", "/", "ping", `[1,"b"]`, ""},
		{"event", "/", "pang", `[1,"b"]`, ""},
		{"event", "/", "pung", `[]`, ""},
		{"event", "/", "pung", `[1]`, "/args/0: not in the contract"},
		{"event+ack", "/", "ping", `[]`, ""},
		{"ack+out", "/", "ping", `["pong",1]`, ""},
		{"ack+out", "/", "ping", `["ping",1]`, "/args/0: not a value that is allowed here"},
		{"event", "/", "pong", `["pong"]`, "event not in contract"},
		{"event+ack", "/", "file", `["a",` + bin + `]`, ""},
		{"event", "/", "file", `["a",` + bin + `]`, "asks for no answer, where the contract requires it"},
		{"event+ack", "/", "file", `[` + bin + `,"a"]`, "/args/0: binary, where the contract wants string"},
		{"event", "/room-1", "hello", `["a"]`, ""},
		{"event", "/room-1", "hello", `[1]`, "/args/0: want string"},
		{"connect", "/Room", "", "", "namespace not in contract"},
	} {
		tt.check(t, c)
	}
}

// write makes files in a fresh folder and gives the path of the first, c.yaml.
func write(t testing.TB, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return filepath.Join(dir, "c.yaml")
}

// A document of the client has its directions the other way round.
func TestSides(t *testing.T) {
	const doc = `
channels: { /: { publish: { message: { name: a } }, subscribe: { message: { name: b } } } }`
	for side, in := range map[string]string{"": "a", "x-side: server": "a", "x-side: client": "b"} {
		c := load(t, Options{Files: []string{write(t, map[string]string{"c.yaml": "asyncapi: 2.6.0\n" + side + doc})}})
		if c.exact["/"].in[in] == nil || len(c.exact["/"].in) != 1 || len(c.exact["/"].out) != 1 {
			t.Errorf("%q: %v in, %v out", side, c.exact["/"].in, c.exact["/"].out)
		}
	}
	c := load(t, Options{Files: []string{write(t, map[string]string{"c.yaml": `
asyncapi: 3.0.0
x-side: client
channels: { /: { messages: { a: {} } } }
operations: { a: { action: send, channel: { $ref: "#/channels/~1" } } }`})}})
	(&wanted{"event", "/", "a", `[]`, ""}).check(t, c)
}

// Of several messages with one name, any may come.
func TestOverloads(t *testing.T) {
	c := load(t, Options{Files: []string{write(t, map[string]string{"c.yaml": `
asyncapi: 2.6.0
channels:
  /:
    publish:
      message:
        oneOf:
          - { name: a, payload: { type: string } }
          - { name: a, payload: { type: integer }, x-ack: { type: integer } }
          - { name: a, payload: { type: boolean }, x-ack: { type: boolean } }`})}})
	for _, tt := range []wanted{
		{"event", "/", "a", `["x"]`, ""},
		{"event+ack", "/", "a", `[1]`, ""},
		{"event+ack", "/", "a", `[true]`, ""},
		{"event", "/", "a", `[null]`, "/args: fits none of the alternatives"},
		{"ack+out", "/", "a", `[1]`, ""},
		{"ack+out", "/", "a", `[true]`, ""},
		{"ack+out", "/", "a", `["x"]`, "/args: fits none of the alternatives"},
	} {
		tt.check(t, c)
	}
}
