package rego

import (
	"context"
	"testing"
	"testing/fstest"
	"time"

	"github.com/siogw/siogw/engine"
	"github.com/siogw/siogw/policies"
)

// policy loads one module, in package siogw.authz unless it says otherwise.
func policy(t testing.TB, text string, opts ...func(*Options)) *Policy {
	t.Helper()
	p, err := load(text, opts...)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func load(text string, opts ...func(*Options)) (*Policy, error) {
	o := Options{Files: fstest.MapFS{"p.rego": {Data: []byte("package siogw.authz\n" + text)}}}
	for _, f := range opts {
		f(&o)
	}
	return Load(context.Background(), o)
}

var at = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// message makes an event with these args.
func message(args string) *engine.Input {
	return &engine.Input{
		Kind: engine.Event, Direction: engine.In, Time: at, Namespace: "/chat", Event: "message",
		Args: []byte(args), Ack: true, Bytes: len(args), Room: "general",
		Identity: &engine.Identity{Authenticated: true, Sub: "u1", Roles: []string{"member"}, Claims: []byte(`{"tenant":"a"}`)},
		Session: &engine.Session{ID: "s", EIO: 4, Transport: "websocket", IP: "203.0.113.9", Secure: true,
			Opened: at.Add(-time.Minute), Rooms: []string{"general"}, Namespaces: []string{"/chat"}, Origin: "https://a.example"},
	}
}

func decide(t testing.TB, p *Policy, in *engine.Input) engine.Verdict {
	t.Helper()
	return p.Decide(context.Background(), in)
}

func TestAllow(t *testing.T) {
	p := policy(t, `allow if "member" in input.identity.roles`)
	if v := decide(t, p, message(`[]`)); v.Effect != engine.Allow {
		t.Fatalf("%+v", v)
	}
	in := message(`[]`)
	in.Identity = nil
	if v := decide(t, p, in); v.Effect != engine.Deny || v.Code != engine.CodePolicyUndefined || v.Err != nil {
		t.Fatalf("%+v", v)
	}
}
func TestTypo(t *testing.T) {
	_, err := load(`allow if input.sesion.ip == "1"`)
	t.Log(err)
	_, err = load(`allow if http.send({"method":"GET","url":"http://x"}).status_code == 200`)
	t.Log(err)
}
func TestX(t *testing.T) {
	p := policy(t, `
allow if {
	input.kind == "event"
	member
}
allow if "admin" in input.identity.roles
member if "member" in input.identity.roles
deny contains "too long" if count(input.args[0].text) > 5
deny contains {"code": "E1", "reason": sprintf("word %s", [w]), "data": {"n": 1.50}} if some w in split(input.args[0].text, " ")
transform := [{"op":"replace","path":"/args/0/text","value":"x"}] if input.args[0].text
`)
	t.Log(p.Explain(context.Background(), message(`[{"text":"hello world"}]`)))
	in := message(`[{"text":""}]`)
	in.Kind = engine.Connect
	t.Log(p.Explain(context.Background(), in))
	t.Logf("%+v", decide(t, p, message(`[{"text":"hello world"}]`)))
}

// withSchemaData gives the policy the schema of the input as data.schema.
func withSchemaData(o *Options) {
	o.Files.(fstest.MapFS)["data.json"] = &fstest.MapFile{Data: append(append([]byte(`{"schema":`), policies.Schema...), '}')}
}
