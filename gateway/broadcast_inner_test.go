package gateway

import (
	"fmt"
	"strings"
	"testing"

	"github.com/siogw/siogw/engine"
	"github.com/siogw/siogw/internal/rooms"
	"github.com/siogw/siogw/socketio"
)

func testBroadcasts(t *testing.T, total int) *broadcasts {
	lim := Limits{}
	lim.complete()
	m, err := newMapping(&Rooms{Rules: rooms.Rules{Target: []rooms.Rule{{Namespace: "/", Event: "message", Room: "/args/0/room"}}}}, &lim)
	if err != nil {
		t.Fatal(err)
	}
	return newBroadcasts(total, m)
}

// read reads text as a session of its own would.
func (b *broadcasts) readAs(t *testing.T, text string, rev socketio.Revision) (*socketio.Packet, *broadcast) {
	t.Helper()
	d := &socketio.Decoder{From: socketio.Server, Revision: rev}
	if !b.takes(d, []byte(text)) {
		return nil, nil
	}
	pkt, same, err := b.read(d, []byte(text))
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return pkt, same
}

// A packet is known from the second time on, and reads as it would alone.
func TestBroadcastIsKnown(t *testing.T) {
	b := testBroadcasts(t, 1<<20)
	for _, text := range []string{`2["message",{"room":"a","text":"hi"}]`, `2/chat,7["message",{"room":"a"}]`, `2["x"]`, `2["\u0061",1]`} {
		var kept *broadcast
		for i := range 4 {
			pkt, same := b.readAs(t, text, socketio.V5)
			alone := &socketio.Decoder{From: socketio.Server}
			want, err := alone.Text([]byte(text))
			if err != nil || fmt.Sprintf("%+v", *pkt) != fmt.Sprintf("%+v", *want) {
				t.Errorf("%s: %+v, want %+v", text, *pkt, *want)
			}
			if (same != nil) != (i > 0) || i > 1 && same != kept {
				t.Errorf("%s, time %d: %v", text, i, same)
			}
			kept = same
		}
		in := &engine.Input{Kind: engine.Emit, Direction: engine.Out}
		kept.describe(in)
		name, args, _ := socketio.AppendEvent(nil, &kept.packet)
		if in.Event != name || string(in.Args) != string(args) || in.Bytes != len(text) || in.Ack != strings.Contains(text, "7[") || in.Shared == nil {
			t.Errorf("%s is described as %+v", text, in)
		}
		if room := kept.input.Room; (room == "a") != strings.HasPrefix(text, `2["message"`) {
			t.Errorf("%s is about %q", text, room)
		}
	}
	if _, same := b.readAs(t, `2["message",{"room":"a","text":"ho"}]`, socketio.V5); same != nil {
		t.Error("another packet is known")
	}
	b.readAs(t, `2["x"]`, socketio.V4)
	if _, same := b.readAs(t, `2["x"]`, socketio.V4); same == nil || same.revision != socketio.V4 {
		t.Error("one of another revision is taken, or none")
	}
}

func TestBroadcastTakes(t *testing.T) {
	const total = 1 << 20
	b, share := testBroadcasts(t, total), total/broadcastSets/broadcastWays/broadcastText
	long := func(n int) string { return `2["x","` + strings.Repeat("a", n-len(`2["x",""]`)) + `"]` }
	server := socketio.Decoder{From: socketio.Server}
	for text, want := range map[string]bool{`2["x"]`: true, long(share): true, long(share + 1): false, `30["x"]`: false, `0{}`: false,
		`51-["x",{"_placeholder":true,"num":0}]`: false, "": false} {
		if d := server; b.takes(&d, []byte(text)) != want {
			t.Errorf("%.40s of %d bytes: %v", text, len(text), !want)
		}
	}
	d := server
	if _, err := d.Text([]byte(`51-["x",{"_placeholder":true,"num":0}]`)); err != nil || b.takes(&d, []byte(`2["x"]`)) {
		t.Error("a text amid attachments, which the decoder has to refuse", err)
	}
	if b.takes(&socketio.Decoder{Parser: socketio.Msgpack}, []byte(`2["x"]`)) {
		t.Error("text where msgpack is spoken")
	}
	if none := testBroadcasts(t, 0); none != nil || none.takes(&server, []byte(`2["x"]`)) {
		t.Error("with no room there is one")
	}
	if testBroadcasts(t, broadcastMin*broadcastSets*broadcastWays) == nil || testBroadcasts(t, broadcastMin*broadcastSets*broadcastWays-1) != nil {
		t.Error("the least that is worth while is another")
	}
}

// What is refused is refused each time, and never kept.
func TestBroadcastKeepsNothingRefused(t *testing.T) {
	b := testBroadcasts(t, 1<<20)
	for _, text := range []string{`2["x"`, `2["x",{"a":1,"a":2}]`, `2[]`, `2["x",{"_placeholder":true,"num":0}]`, `2`} {
		for range 3 {
			d := &socketio.Decoder{From: socketio.Server}
			if _, same, err := b.read(d, []byte(text)); err == nil || same != nil {
				t.Errorf("%s: %v %v", text, same, err)
			}
		}
	}
}

// Whatever comes, the packets that are kept are as many, and those that come once put none out.
func TestBroadcastsAreBounded(t *testing.T) {
	b := testBroadcasts(t, 1<<20)
	b.readAs(t, `2["known"]`, socketio.V5)
	b.readAs(t, `2["known"]`, socketio.V5)
	for i := range 10_000 {
		b.readAs(t, fmt.Sprintf(`2["once",%d]`, i), socketio.V5)
	}
	if _, same := b.readAs(t, `2["known"]`, socketio.V5); same == nil {
		t.Error("packets that came once put out one that came again")
	}
	for i := range 1000 {
		text := fmt.Sprintf(`2["twice",%d,"%s"]`, i, strings.Repeat("a", 1000))
		b.readAs(t, text, socketio.V5)
		if _, same := b.readAs(t, text, socketio.V5); same == nil {
			t.Fatal("one that came again is not kept")
		}
	}
	held := 0
	for i := range b.sets {
		for k := range b.sets[i] {
			if same := b.sets[i][k].Load(); same != nil {
				held += len(same.text) + len(same.input.Args)
				for n := range 1000 {
					same.input.Shared.Keep(n, n, 1000)
					if same.input.Shared.Get(n) != nil {
						held += 1000
					}
				}
			}
		}
	}
	if held > 1<<20 || held < 1<<18 {
		t.Errorf("%d bytes are held", held)
	}
}

// Two of one hash are two.
func TestBroadcastsCompareAllBytes(t *testing.T) {
	b := testBroadcasts(t, 1<<20)
	d := &socketio.Decoder{From: socketio.Server}
	text, other := []byte(`2["a"]`), []byte(`2["b"]`)
	pkt, err := d.Text(text)
	if err != nil {
		t.Fatal(err)
	}
	b.keep(7, text, d, pkt)
	if b.find(7, other, 0) != nil || b.find(7, text, 0) == nil || b.find(7+broadcastSets, text, 0) != nil || b.find(7, text, socketio.V4) != nil {
		t.Error("found by less than all")
	}
	text[3] = 'x'
	if b.find(7, []byte(`2["a"]`), 0) == nil {
		t.Error("the session's bytes were kept, not a copy")
	}
}
