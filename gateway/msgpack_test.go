package gateway_test

import (
	"encoding/hex"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/siogw/siogw/engine"
	"github.com/siogw/siogw/gateway"
	"github.com/siogw/siogw/internal/siotest"
	"github.com/siogw/siogw/socketio"
)

// packed is a session over msgpack whose ends speak in texts.
type packed struct {
	t *testing.T
	c *siotest.Client
	p *siotest.Peer
}

func newPacked(t *testing.T, j judge) (*rig, *packed) {
	r := newRig(t, j, func(o *gateway.Options) { o.Parser = socketio.Msgpack })
	s := &packed{t: t}
	s.c, s.p = r.client(t)
	s.up(s.pack(`0`), s.pack(`0`))
	s.down(`0{"sid":"s"}`)
	s.want(`0{"sid":"s"}`)
	return r, s
}

// pack makes a message of a text and its attachments.
func (s *packed) pack(text string, attachments ...string) string {
	s.t.Helper()
	d := socketio.Decoder{From: socketio.Server}
	if text == "0" {
		d.From = socketio.Client
	}
	p, err := d.Text([]byte(text))
	for _, a := range attachments {
		p, err = d.Binary([]byte(a))
	}
	if err != nil {
		s.t.Fatal(err)
	}
	return string(socketio.AppendMsgpack(nil, p))
}

// up sends from the client, and waits until the server has got want.
func (s *packed) up(message, want string) {
	s.t.Helper()
	s.c.PutBinary(message)
	for end := time.Now().Add(siotest.Wait); !s.got(want); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			s.t.Fatalf("the upstream got %q, not %x", s.p.Got(), want)
		}
	}
}

func (s *packed) got(message string) bool {
	return slices.Contains(s.p.Got(), "binary:"+hex.EncodeToString([]byte(message)))
}

// down sends from the server, behind a packet that says nothing.
func (s *packed) down(text string, attachments ...string) {
	s.t.Helper()
	if err := s.p.Send("6", s.pack(text, attachments...)); err != nil {
		s.t.Fatal(err)
	}
}

// want checks the next frame at the client.
func (s *packed) want(text string) {
	s.t.Helper()
	if got := s.next(); got != text {
		s.t.Errorf("got  %s\nwant %s", got, text)
	}
}

func (s *packed) next() string {
	s.t.Helper()
	f := s.c.Next()
	d := socketio.Decoder{From: socketio.Server, Parser: socketio.Msgpack}
	p, err := d.Binary([]byte(f.Data))
	if err != nil || !f.Binary {
		s.t.Fatalf("%s: %v", f, err)
	}
	return string(socketio.Append(nil, p))
}

// unseen checks that the server did not get a message, once it got a later one.
func (s *packed) unseen(message string) {
	s.t.Helper()
	later := s.pack(`2["later"]`)
	s.up(later, later)
	if s.got(message) {
		s.t.Errorf("the upstream got %q", message)
	}
}

const (
	// {type, data, options, id, nsp} with a Date, an undefined, an ArrayBuffer and an integer that is not the shortest
	foreign  = "\x85\xa4type\x02\xa4data\x95\xa1e\xd7\x00\x00\x00\x00\x00\x00\x00\x00\x05\xd4\x00\x00\xc7\x02\x00\x01\x02\xcd\x00\x05\xa7options\x81\xa8compress\xc3\xa2id\x07\xa3nsp\xa1/"
	nameless = "\x83\xa4type\x02\xa3nsp\xa1/\xa4data\x91\x01"
)

func TestMsgpackPassesAsItCame(t *testing.T) {
	r, s := newPacked(t, nil)
	s.up(foreign, foreign)
	s.down(`37["yes"]`)
	s.want(`37["yes"]`)
	s.down(`51-4["ask",{"_placeholder":true,"num":0}]`, "\x01\x02")
	s.want(`51-4["ask",{"_placeholder":true,"num":0}]`)
	s.up(s.pack(`34["answer"]`), s.pack(`34["answer"]`))
	in := r.log.of(engine.Event)[0].in
	if string(in.Args) != `[{"$date":5},null,{"_placeholder":true,"num":0},5]` || in.Bytes != len(foreign) || !in.Ack || len(in.Attachments) != 1 || string(in.Attachments[0].Data) != "\x01\x02" {
		t.Errorf("decided as %+v %s", in, in.Args)
	}
	if acks := r.log.of(engine.Ack); len(acks) != 2 || acks[0].in.Event != "e" || acks[1].in.Event != "ask" {
		t.Errorf("acks were decided as %+v", acks)
	}
}

// No data may come as null, from Python; the reference does not take that.
func TestMsgpackWithoutDataIsWrittenAnew(t *testing.T) {
	_, s := newPacked(t, nil)
	s.up("\x83\xa4type\x00\xa4data\xc0\xa3nsp\xa2/a", "\x82\xa4type\x00\xa3nsp\xa2/a")
	s.up("\x83\xa4type\x01\xa4data\xc0\xa3nsp\xa1/", "\x82\xa4type\x01\xa3nsp\xa1/")
}

func TestMsgpackTransform(t *testing.T) {
	_, s := newPacked(t, func(in *engine.Input) engine.Verdict {
		v := allowAll(in)
		if in.Event == "e" {
			v.Args = []byte(`[{"_placeholder":true,"num":0},{"$date":5},"new"]`)
		}
		return v
	})
	s.up(foreign, "\x84\xa4type\x02\xa3nsp\xa1/\xa4data\x94\xa1e\xc4\x02\x01\x02\xd7\x00\x00\x00\x00\x00\x00\x00\x00\x05\xa3new\xa2id\x07")
	s.unseen(foreign)
	s.down(`51-["e",{"_placeholder":true,"num":0}]`, "A")
	s.want(`51-["e",{"_placeholder":true,"num":0},{"$date":5},"new"]`)
}

func TestMsgpackRefusals(t *testing.T) {
	const refused = `{"error":{"code":100,"reason":"not today","decision_id":"ID","event":"e"}}`
	for say, want := range map[string]string{
		`0/chat,{}`: `4/chat,{"message":"not today","data":{"code":100,"decision_id":"ID"}}`,
		`25["e"]`:   `35[` + refused + `]`,
		`2["e"]`:    `2["siogw:denied",` + refused + `]`,
	} {
		r, s := newPacked(t, func(in *engine.Input) engine.Verdict {
			if in.Event == "e" || in.Namespace == "/chat" {
				return engine.Denied(engine.CodePolicyDenied, "not today")
			}
			return allowAll(in)
		})
		s.c.PutBinary(s.pack(say))
		got := s.next()
		kind := engine.Event
		if say[0] == '0' {
			kind = engine.Connect
		}
		entries := r.log.of(kind)
		if got = strings.ReplaceAll(got, entries[len(entries)-1].d.ID.String(), "ID"); got != want {
			t.Errorf("%s: got %s\nwant %s", say, got, want)
		}
		s.unseen(s.pack(say))
	}
}

// A bad payload is refused and answered; what is no packet ends the session.
func TestMsgpackMalformed(t *testing.T) {
	r, s := newPacked(t, nil)
	s.c.PutBinary("\x84\xa4type\x02\xa3nsp\xa1/\xa2id\x05\xa4data\x91\x01")
	if got := s.next(); !strings.HasPrefix(got, `35[{"error":{"code":`) {
		t.Error(got)
	}
	s.c.PutBinary(nameless)
	if got := s.next(); !strings.HasPrefix(got, `2["siogw:denied",{"error":{"code":`) {
		t.Error(got)
	}
	s.unseen(nameless)
	s.c.PutBinary("\x81\xa4type\x02")
	s.c.WantEnd()
	if n := len(r.log.of(engine.Event)); n != 4 { // one of them allowed
		t.Errorf("%d decisions", n)
	}

	_, s = newPacked(t, nil)
	s.c.Put(`42["e"]`)
	s.c.WantEnd()
}
