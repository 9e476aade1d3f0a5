package rego

import (
	"context"
	"testing"
	"testing/fstest"
	"time"

	"github.com/siogw/siogw/engine"
	"github.com/siogw/siogw/policies"
)

// policy loads one module of package siogw.authz, without a time limit: tests run on busy machines.
func policy(t testing.TB, text string, opts ...func(*Options)) *Policy {
	t.Helper()
	p, err := load(text, opts...)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func load(text string, opts ...func(*Options)) (*Policy, error) {
	o := Options{Timeout: -1, Files: fstest.MapFS{"p.rego": {Data: []byte("package siogw.authz\n" + text)}}}
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

// decide gives the verdict of p.
func decide(t testing.TB, p *Policy, in *engine.Input) engine.Verdict {
	t.Helper()
	return p.Decide(context.Background(), in)
}

// withSchemaData gives the policy the schema of the input as data.schema.
func withSchemaData(o *Options) {
	o.Files.(fstest.MapFS)["data.json"] = &fstest.MapFile{Data: append(append([]byte(`{"schema":`), policies.Schema...), '}')}
}
