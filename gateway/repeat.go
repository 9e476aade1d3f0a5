package gateway

import (
	"bytes"
	"hash/maphash"
	"sync"
	"sync/atomic"

	"github.com/siogw/siogw/engine"
	"github.com/siogw/siogw/internal/memo"
	"github.com/siogw/siogw/socketio"
)

// Much of what is sent was sent before: an emit to a room comes as one packet for each member, clients say that they type,
// servers that all is well. Such packets are the same bytes, but for the ack id. From the second one on it is kept, by
// all of these bytes, and those after it are neither decoded nor written anew; what plugins make of the packet alone is
// kept with it (engine.Shared), and decisions, by what else they depend on (engine.Lasting).

const (
	emitSets   = 8       // a power of two. Packets stand in the one that their hash says; emits are few and may be large
	otherSets  = 128     // events of clients, and answers, are many and small
	repeatWays = 4       // packets of a set; a new one takes the place of the oldest
	repeatText = 4       // a packet has at most one of so many shares of its bytes
	repeatSize = 768     // bytes of one beside its texts, about
	repeatMin  = 1 << 10 // bytes of a packet with all that is made of it: with less it is not worth while
	sightings  = 1024
)

// repeats know the packets that are kept, under one generation of rules. nil knows none. Safe for concurrent use.
type repeats struct {
	seed   maphash.Seed
	each   int // bytes that one packet may take, with all that is kept with it
	maps   Mapping
	secret string         // the event whose arguments are a token; "" for none
	once   memo.Sightings // texts that have come
	sets   []repeatSet
}

// place is where one packet stands; nil for none.
type place = atomic.Pointer[repeat]

type repeatSet struct {
	ways [repeatWays]place
	mu   sync.Mutex
	next int // the oldest
}

// repeat is a packet that came again. It is not changed, but for what is found out of it.
type repeat struct {
	repeatKey
	packet socketio.Packet
	input  engine.Input // what of it follows from the packet
	mapped Mapped

	clean atomic.Pointer[engine.Shared] // of the event, or the answer to one of a name, of which no shield has anything to say
}

// repeatKey is what a packet is known by. Head and Rest of cut are compared, and of its id whether there is one and how
// long it is.
type repeatKey struct {
	hash     uint64
	size     int // bytes of the text
	cut      socketio.Cut
	from     socketio.Sender
	revision socketio.Revision
}

// newRepeats makes those that keep so many bytes in so many sets; nil for too few.
func newRepeats(total, sets int, maps Mapping) *repeats {
	r := &repeats{seed: maphash.MakeSeed(), each: total / (sets * repeatWays), maps: maps, sets: make([]repeatSet, sets), once: make(memo.Sightings, sightings)}
	if r.each < repeatMin {
		return nil
	}
	return r
}

// repeats gives those that a text may be one of, nil for none.
func (gen *generation) repeats(d *socketio.Decoder, text []byte) *repeats {
	r := gen.others
	if d.From == socketio.Server && len(text) > 0 && text[0] == '0'+byte(socketio.Event) {
		r = gen.emits
	}
	if r == nil || d.Parser != socketio.JSON || d.Pending() > 0 || len(text) > r.each/repeatText {
		return nil
	}
	return r
}

// text is d.Text, and gives the repeat that it is; nil for none that is known.
func (gen *generation) text(d *decoder, text []byte) (*socketio.Packet, *repeat, error) {
	if r := gen.repeats(&d.Decoder, text); r != nil {
		if cut, ok := socketio.CutID(text); ok {
			return r.read(d, text, cut)
		}
	}
	pkt, err := d.Text(text)
	return pkt, nil, err
}

func (r *repeats) read(d *decoder, text []byte, cut socketio.Cut) (*socketio.Packet, *repeat, error) {
	key := repeatKey{0, len(text), cut, d.From, d.Revision}
	if d.before != nil {
		if k := d.before.Load(); k != nil && k.reads(&key) { // without a hash
			return d.Again(&k.packet, cut), k, nil
		}
	}
	key.hash = maphash.Bytes(r.seed, cut.Rest)
	if at, k := r.find(&key); k != nil {
		d.before = at
		return d.Again(&k.packet, cut), k, nil
	}
	pkt, err := d.Text(text)
	if err != nil || pkt == nil {
		return pkt, nil, err
	}
	if !r.once.Again(key.hash + uint64(key.size)<<1 + uint64(key.from)) {
		return pkt, nil, nil
	}
	return pkt, r.keep(&key, pkt), nil
}

func (r *repeats) set(key *repeatKey) *repeatSet { return &r.sets[key.hash&uint64(len(r.sets)-1)] }

func (r *repeats) find(key *repeatKey) (at *place, k *repeat) {
	set := r.set(key)
	for i := range set.ways {
		if k = set.ways[i].Load(); k != nil && k.hash == key.hash && k.reads(key) {
			return &set.ways[i], k
		}
	}
	return nil, nil
}

// reads reports whether a packet by that key, its hash aside, is k.
func (k *repeat) reads(key *repeatKey) bool {
	return k.size == key.size && k.from == key.from && k.revision == key.revision &&
		k.cut.HasID == key.cut.HasID && bytes.Equal(k.cut.Head, key.cut.Head) && bytes.Equal(k.cut.Rest, key.cut.Rest)
}

// keep keeps pkt, whose text is key.
func (r *repeats) keep(key *repeatKey, pkt *socketio.Packet) *repeat {
	k := &repeat{repeatKey: *key, packet: *pkt}
	k.cut.Head, k.cut.Rest = bytes.Clone(key.cut.Head), bytes.Clone(key.cut.Rest)
	k.packet.Data = k.cut.Rest
	if !r.describe(k) {
		return nil
	}
	set := r.set(key)
	set.mu.Lock()
	defer set.mu.Unlock()
	if _, other := r.find(key); other != nil { // another loop was faster
		return other
	}
	set.ways[set.next].Store(k)
	set.next = (set.next + 1) % repeatWays
	return k
}

// describe finds what follows from the packet of k. It reports whether that may be kept.
func (r *repeats) describe(k *repeat) bool {
	pkt, room := &k.packet, r.each-repeatSize-len(k.cut.Head)-len(k.cut.Rest)
	k.input = engine.Input{Kind: engine.Ack, Namespace: pkt.Namespace, Args: pkt.Data, Bytes: k.size}
	if pkt.IsEvent() {
		name, args, err := socketio.AppendEvent(nil, pkt)
		if err != nil || r.secret != "" && name == r.secret {
			return false
		}
		room -= len(args)
		k.input.Event, k.input.Args, k.input.Ack = name, args, pkt.HasID
		if k.input.Kind = engine.Event; k.from == socketio.Server {
			k.input.Kind = engine.Emit
		}
		k.mapped = r.maps.Apply(&k.input)
	}
	k.input.Shared = engine.NewShared(room)
	return true
}

// repeated counts a packet that is k.
func (c *counters) repeated(k *repeat) {
	if k.input.Kind == engine.Emit {
		c.shared.Add(1)
	} else {
		c.repeats.Add(1)
	}
}

// event sets what of in follows from the packet, an event.
func (k *repeat) event(in *engine.Input) {
	in.Event, in.Args, in.Ack, in.Bytes, in.Shared = k.input.Event, k.input.Args, k.input.Ack, k.input.Bytes, k.input.Shared
}

// answer sets what of in follows from the packet, an answer to an event of that name.
func (k *repeat) answer(in *engine.Input, event string) {
	in.Event, in.Args, in.Bytes, in.Shared = event, k.input.Args, k.input.Bytes, k.input.Shared.About(event)
}

// apply is Mapping.Apply for the packet, an event.
func (k *repeat) apply(in *engine.Input) Mapped {
	in.Kind, in.Room = k.input.Kind, k.input.Room
	return k.mapped
}

// rewritten is a broadcast as a decision changes it.
type rewritten struct {
	packet socketio.Packet
	text   []byte
	err    error // why it cannot be changed so
}

// rewrittenKey is what it is kept by.
type rewrittenKey struct{}

// rewrite is replace, done once for all that get the packet with this change: an emit that wants no answer, in which
// nothing depends on the session.
func (j *job) rewrite(d *engine.Decision, lim *Limits) error {
	r, ok := d.Shared.Get(rewrittenKey{}).(*rewritten)
	if !ok {
		r = &rewritten{err: j.replace(d, lim)}
		if r.err == nil {
			r.text = socketio.Append(nil, j.pkt)
			r.packet = *j.pkt
			r.packet.Data = r.text[len(r.text)-len(j.pkt.Data):]
		}
		d.Shared.Keep(rewrittenKey{}, r, len(r.text))
	}
	if r.err == nil {
		*j.pkt, j.written = r.packet, r.text
	}
	return r.err
}
