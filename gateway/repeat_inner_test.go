package gateway

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/siogw/siogw/engine"
	"github.com/siogw/siogw/internal/rooms"
	"github.com/siogw/siogw/socketio"
)

// known are the packets that a generation keeps, of so many bytes each of its two tables.
func known(t *testing.T, emits, others int) *generation {
	lim := Limits{}
	lim.complete()
	m, err := newMapping(&Rooms{Rules: rooms.Rules{Target: []rooms.Rule{{Namespace: "/", Event: "message", Room: "/args/0/room"}},
		Join: []rooms.Rule{{Namespace: "/", Event: "join", Room: "/args/0"}}}}, &lim)
	if err != nil {
		t.Fatal(err)
	}
	gen := &generation{emits: newRepeats(emits, emitSets, m), others: newRepeats(others, otherSets, m)}
	if gen.others != nil {
		gen.others.secret = "refresh"
	}
	return gen
}

// readAs reads text as a session of its own would.
func (gen *generation) readAs(t *testing.T, text string, from socketio.Sender, rev socketio.Revision) (*socketio.Packet, *repeat) {
	t.Helper()
	pkt, same, err := gen.text(&decoder{Decoder: socketio.Decoder{From: from, Revision: rev}}, []byte(text))
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return pkt, same
}

// A packet is known from the second time on, and reads as it would alone.
func TestRepeatIsKnown(t *testing.T) {
	gen := known(t, 1<<20, 1<<20)
	for _, text := range []string{`2["message",{"room":"a","text":"hi"}]`, `2/chat,7["message",{"room":"a"}]`, `2["x"]`, `2["\u0061",1]`, `37["x"]`, `3/chat,7[]`} {
		for _, from := range []socketio.Sender{socketio.Server, socketio.Client} {
			testRepeat(t, gen, text, from)
		}
	}
	if _, same := gen.readAs(t, `2["message",{"room":"a","text":"ho"}]`, socketio.Server, 0); same != nil {
		t.Error("another packet is known")
	}
	gen.readAs(t, `2["x"]`, socketio.Server, socketio.V4)
	if _, same := gen.readAs(t, `2["x"]`, socketio.Server, socketio.V4); same == nil || same.revision != socketio.V4 {
		t.Error("one of another revision is taken, or none")
	}
}

func testRepeat(t *testing.T, gen *generation, text string, from socketio.Sender) {
	var kept *repeat
	head, rest, hasID := strings.Cut(text, "7[")
	for i := range 6 {
		if hasID {
			text = head + fmt.Sprint(i) + "[" + rest // another id of that length
		}
		pkt, same := gen.readAs(t, text, from, socketio.V5)
		want, err := (&socketio.Decoder{From: from}).Text([]byte(text))
		if err != nil || fmt.Sprintf("%+v", *pkt) != fmt.Sprintf("%+v", *want) {
			t.Errorf("%s: %+v, want %+v", text, *pkt, *want)
		}
		if (same != nil) != (i > 0) || i > 1 && same != kept {
			t.Errorf("%s, time %d: %v", text, i, same)
		}
		kept = same
	}
	in := &engine.Input{Kind: engine.Event, Direction: engine.In}
	if text[0] == '3' {
		kept.answer(in, "asked")
		if in.Event != "asked" || string(in.Args) != string(kept.packet.Data) || in.Bytes != len(text) || in.Shared == nil || in.Ack {
			t.Errorf("%s is described as %+v", text, in)
		}
		if kept.answer(in, "other"); in.Event != "other" || in.Shared == kept.input.Shared.About("asked") {
			t.Error("answers to two events are taken for one")
		}
		return
	}
	kept.event(in)
	name, args, _ := socketio.AppendEvent(nil, &kept.packet)
	if in.Event != name || string(in.Args) != string(args) || in.Bytes != len(text) || in.Ack != hasID || in.Shared == nil {
		t.Errorf("%s is described as %+v", text, in)
	}
	if kept.apply(in); (in.Room == "a") != strings.HasPrefix(text, `2["message"`) || (in.Kind == engine.Emit) != (from == socketio.Server) {
		t.Errorf("%s is %v about %q", text, in.Kind, in.Room)
	}
}

// What differs in anything but the id is another packet.
func TestRepeatsTellApart(t *testing.T) {
	texts := []string{`2["x"]`, `27["x"]`, `277["x"]`, `2/a,["x"]`, `2/a,7["x"]`, `2/b,7["x"]`, `37["x"]`, `3/a,7["x"]`, `377["x"]`, `2["x",1]`, `2["x","1"]`, `2["x" ]`}
	gen, all := known(t, 1<<20, 1<<20), map[*repeat]string{}
	for _, text := range texts {
		for _, from := range []socketio.Sender{socketio.Server, socketio.Client} {
			gen.readAs(t, text, from, 0)
			_, same := gen.readAs(t, text, from, 0)
			if same == nil || all[same] != "" {
				t.Errorf("%s of %v is taken for %q", text, from, all[same])
			}
			all[same] = text
		}
	}
	for range 3 {
		if _, same := gen.readAs(t, `2["refresh","the token"]`, socketio.Client, 0); same != nil {
			t.Error("a token is kept")
		}
	}
}

// A join is one, though it was seen as an event.
func TestRepeatedJoin(t *testing.T) {
	gen := known(t, 1<<20, 1<<20)
	gen.readAs(t, `2["join","a"]`, socketio.Client, 0)
	_, same := gen.readAs(t, `2["join","a"]`, socketio.Client, 0)
	in := &engine.Input{Kind: engine.Event}
	if m := same.apply(in); in.Kind != engine.Join || in.Room != "a" || len(m.Rooms) != 1 {
		t.Errorf("%+v", in)
	}
}

func TestBroadcastTakes(t *testing.T) {
	testTakes(t, socketio.Server, "2", emitSets, func(total int) *generation { return known(t, total, 0) })
}

func TestRepeatsTake(t *testing.T) {
	others := func(total int) *generation { return known(t, 0, total) }
	testTakes(t, socketio.Client, "2", otherSets, others)
	testTakes(t, socketio.Client, "37", otherSets, others)
	testTakes(t, socketio.Server, "37", otherSets, others)
}

// testTakes looks at what may be kept of packets that begin with head, where only those are.
func testTakes(t *testing.T, from socketio.Sender, head string, sets int, of func(total int) *generation) {
	const total = 1 << 21
	share := total / sets / repeatWays / repeatText
	long := func(n int) string { return head + `["x","` + strings.Repeat("a", n-len(head)-len(`["x",""]`)) + `"]` }
	twice := func(gen *generation, d socketio.Decoder, text string) bool {
		reads := &decoder{Decoder: d}
		_, _, _ = gen.text(reads, []byte(text))
		_, same, _ := gen.text(reads, []byte(text))
		return same != nil
	}
	for text, want := range map[string]bool{head + `["x"]`: true, long(share): true, long(share + 1): false, `0{"a":1}`: false, "1": false,
		`51-["x",{"_placeholder":true,"num":0}]`: false, "": false} {
		if twice(of(total), socketio.Decoder{From: from}, text) != want {
			t.Errorf("%.40s of %d bytes: %v", text, len(text), !want)
		}
	}
	d := socketio.Decoder{From: from}
	if _, err := d.Text([]byte(`51-["x",{"_placeholder":true,"num":0}]`)); err != nil || of(total).repeats(&d, []byte(`2["x"]`)) != nil {
		t.Error("a text amid attachments, which the decoder has to refuse", err)
	}
	if twice(of(total), socketio.Decoder{From: from, Parser: socketio.Msgpack}, head+`["x"]`) {
		t.Error("text where msgpack is spoken")
	}
	least := repeatMin * sets * repeatWays
	for bytes, want := range map[int]bool{0: false, least - 1: false, least: true} {
		if twice(of(bytes), socketio.Decoder{From: from}, head+`["x"]`) != want {
			t.Errorf("with %d bytes: %v", bytes, !want)
		}
	}
}

// What is refused is refused each time, and never kept.
func TestRepeatKeepsNothingRefused(t *testing.T) {
	gen := known(t, 1<<20, 1<<20)
	for _, text := range []string{`2["x"`, `2["x",{"a":1,"a":2}]`, `2[]`, `2["x",{"_placeholder":true,"num":0}]`, `2`, `207["x"]`, `29007199254740992["x"]`, `3["x"]`,
		`2/a["x"]`, `3`, `2/a,`} {
		for range 3 {
			if _, same, err := gen.text(&decoder{Decoder: socketio.Decoder{From: socketio.Server}}, []byte(text)); err == nil || same != nil {
				t.Errorf("%s: %v %v", text, same, err)
			}
		}
	}
	for _, text := range []string{`21["x"]`, `21["x"]`} { // with a good id it is kept,
		gen.readAs(t, text, socketio.Server, 0)
	}
	for _, text := range []string{`2:["x"]`, `2-["x"]`} { // and a bad one in its place is none
		if _, same, err := gen.text(&decoder{Decoder: socketio.Decoder{From: socketio.Server}}, []byte(text)); err == nil || same != nil {
			t.Errorf("%s: %v %v", text, same, err)
		}
	}
}

// Whatever comes, the packets that are kept are as many, and those that come once put none out.
func TestRepeatsAreBounded(t *testing.T) {
	for from, head := range map[socketio.Sender]string{socketio.Server: `2["`, socketio.Client: `21["`} {
		gen := known(t, 1<<20, 1<<20)
		r := gen.emits
		if from == socketio.Client {
			r = gen.others
		}
		gen.readAs(t, head+`known"]`, from, 0)
		gen.readAs(t, head+`known"]`, from, 0)
		for i := range 10_000 {
			gen.readAs(t, fmt.Sprintf(`%sonce",%d]`, head, i), from, 0)
		}
		if _, same := gen.readAs(t, head+`known"]`, from, 0); same == nil {
			t.Error("packets that came once put out one that came again")
		}
		for i := range 5000 {
			text := fmt.Sprintf(`%stwice",%d,"%s"]`, head, i, strings.Repeat("a", 400))
			gen.readAs(t, text, from, 0)
			if _, same := gen.readAs(t, text, from, 0); same == nil {
				t.Fatal("one that came again is not kept")
			}
		}
		if held := r.filled(); held > 1<<20 || held < 1<<18 {
			t.Errorf("%d bytes are held", held)
		}
	}
}

// filled keeps with each packet what there is room for, and gives all bytes.
func (r *repeats) filled() (held int) {
	for i := range r.sets {
		for k := range r.sets[i].ways {
			same := r.sets[i].ways[k].Load()
			if same == nil {
				continue
			}
			held += len(same.cut.Head) + len(same.cut.Rest) + len(same.input.Args)
			for n := range 1000 {
				same.input.Shared.Keep(n, n, 200)
				if same.input.Shared.Get(n) != nil {
					held += 200
				}
			}
		}
	}
	return held
}

// Two of one hash are two.
func TestRepeatsCompareAllBytes(t *testing.T) {
	gen := known(t, 1<<20, 1<<20)
	text := []byte(`27["a"]`)
	pkt, err := (&socketio.Decoder{}).Text(text)
	cut, ok := socketio.CutID(text)
	if err != nil || !ok {
		t.Fatal(err)
	}
	key := repeatKey{7, len(text), cut, socketio.Client, socketio.V5}
	gen.others.keep(&key, pkt)
	found := func(change func(*repeatKey)) bool {
		other := key
		change(&other)
		_, k := gen.others.find(&other)
		return k != nil
	}
	for _, change := range []func(*repeatKey){func(k *repeatKey) { k.cut.Rest = []byte(`["b"]`) }, func(k *repeatKey) { k.cut.Head = []byte("3") },
		func(k *repeatKey) { k.cut.HasID = false }, func(k *repeatKey) { k.size++ }, func(k *repeatKey) { k.from = socketio.Server },
		func(k *repeatKey) { k.revision = socketio.V4 }, func(k *repeatKey) { k.hash += otherSets }} {
		if found(change) {
			t.Error("found by less than all")
		}
	}
	if !found(func(*repeatKey) {}) || !found(func(k *repeatKey) { k.cut.ID = 8 }) {
		t.Error("not found")
	}
	text[3] = 'x'
	text[0] = 'x'
	if !found(func(k *repeatKey) { k.cut.Head, k.cut.Rest = []byte("2"), []byte(`["a"]`) }) {
		t.Error("the session's bytes were kept, not a copy")
	}
}

// One side says many things, some again at once, in a table that is too small for all: each is read as it stands.
func TestRepeatBesideOthers(t *testing.T) {
	gen := known(t, 0, otherSets*repeatWays*repeatMin)
	reads, alone, r := &decoder{}, &socketio.Decoder{}, rand.New(rand.NewPCG(1, 2))
	again, last := 0, ""
	for range 20000 {
		if r.IntN(2) == 0 || last == "" {
			last = fmt.Sprintf(`["e%d",%d]`, r.IntN(3), r.IntN(400))
		}
		text := []byte([]string{"2", "3", "2/a,", "3/b,"}[r.IntN(4)] + []string{"", "1", "7", "12"}[r.IntN(4)] + last)
		want, wantErr := alone.Text(text)
		before := reads.before
		got, same, err := gen.text(reads, text)
		if fmt.Sprint(err) != fmt.Sprint(wantErr) || err == nil && fmt.Sprint(*got) != fmt.Sprint(*want) {
			t.Fatalf("%s: %v %v, want %v %v", text, got, err, want, wantErr)
		}
		if same != nil && before != nil && before.Load() == same {
			again++
		}
	}
	if again < 100 {
		t.Errorf("%d were known by the one before", again)
	}
}

// Other rules forget what was said before under the ones before.
func TestRepeatsEndWithTheirRules(t *testing.T) {
	g, s, _, _, _ := rigModel(t)
	s.down.reader().before = &place{}
	s.mu.Lock()
	s.follow(s.gen)
	s.mu.Unlock()
	if s.down.decoder.before != nil || g.rules.Load() != s.gen {
		t.Error("a place in the table of other rules is kept")
	}
}
