package rego

import (
	"strings"
	"testing"

	"github.com/siogw/siogw/engine"
)

// What a session keeps of a key is the identity's that the input has, and the policy's that is asked.
func TestMemoFixed(t *testing.T) {
	ann := policy(t, `allow if { input.identity.sub == "ann"; input.session.ip == "1" }`, withMemo)
	bob := policy(t, `allow if { input.identity.sub == "bob"; "r" in input.session.rooms }`, withMemo)
	id := map[string]*engine.Identity{"ann": {Sub: "ann"}, "bob": {Sub: "bob"}}
	first, other := &engine.Session{IP: "1", Rooms: []string{"r"}}, &engine.Session{IP: "2"}
	for range 3 {
		for _, s := range []*engine.Session{first, other} {
			for sub, who := range id {
				for name, p := range map[string]*Policy{"ann": ann, "bob": bob} {
					in := &engine.Input{Kind: engine.Event, Direction: engine.In, Time: at, Event: "a", Args: []byte(`[]`), Identity: who, Session: s}
					if v := decide(t, p, in); (v.Effect == engine.Allow) != (s == first && name == sub) {
						t.Errorf("the policy for %s, asked about %s at %s: %+v", name, sub, s.IP, v)
					}
				}
			}
		}
	}
	if st := ann.MemoStats(); st.Misses != 4 || st.Hits != 8 {
		t.Errorf("%+v", st)
	}
}

// Sessions keep little.
func TestMemoFixedIsBounded(t *testing.T) {
	p := policy(t, `allow if { input.kind == "event"; input.session.headers }
allow if { input.kind == "connect"; input.session.ip }
allow if { input.kind == "emit"; input.session.ip }
deny contains "x" if { input.kind == "ack"; input.identity.sub == "x" }`, withMemo, anyInput)
	s := &engine.Session{Headers: map[string]string{"a": strings.Repeat("x", maxFixed)}, IP: "1"}
	for _, f := range flows {
		in := f
		in.Args, in.Auth, in.Session, in.Time, in.Identity = []byte(`[]`), []byte(`{}`), s, at, &engine.Identity{}
		decide(t, p, &in)
	}
	if n := len(p.plans.fixed); n > 4 {
		t.Errorf("%d different ones", n)
	}
	kept := 0
	parts := s.Forms.Get(fixedKey{}, newFixedParts).(*fixedParts)
	for i := range parts {
		if one := parts[i].Load(); one != nil {
			kept += len(one.key)
		}
	}
	if kept == 0 || kept > maxFixed {
		t.Errorf("%d bytes are kept", kept)
	}
}
