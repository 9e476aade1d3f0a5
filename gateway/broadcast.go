package gateway

import (
	"bytes"
	"hash/maphash"
	"sync"
	"sync/atomic"

	"github.com/siogw/siogw/engine"
	"github.com/siogw/siogw/socketio"
)

// What a server emits to a room comes as one packet for each member, and all of them are the same bytes. From the second
// one on it is kept, by all of its bytes, and those after it are neither decoded nor written anew; what plugins make of
// the packet alone is kept with it (engine.Shared). Decisions are still made for each session.

const (
	broadcastSets = 8 // packets stand in the one that their hash says
	broadcastWays = 4 // packets of a set; a new one takes the place of the oldest
	broadcastText = 4 // a packet has at most one of so many shares of its bytes
	sightings     = 1024
	broadcastMin  = 1 << 10 // bytes of a packet with all that is made of it: with less it is not worth while
)

// broadcasts know the packets that are kept, under one generation of rules. nil knows none. Safe for concurrent use.
type broadcasts struct {
	seed maphash.Seed
	each int // bytes that one packet may take, with all that is kept with it
	maps Mapping
	once [sightings]atomic.Uint64 // hashes of texts that have come
	sets [broadcastSets][broadcastWays]atomic.Pointer[broadcast]

	mu   sync.Mutex
	next [broadcastSets]int // the oldest
}

// broadcast is a packet that came again. It is not changed.
type broadcast struct {
	hash     uint64
	text     []byte
	revision socketio.Revision
	packet   socketio.Packet
	input    engine.Input // what of it follows from the packet
	mapped   Mapped
}

// newBroadcasts makes those that keep so many bytes; nil for too few.
func newBroadcasts(total int, maps Mapping) *broadcasts {
	b := &broadcasts{seed: maphash.MakeSeed(), each: total / (broadcastSets * broadcastWays), maps: maps}
	if b.each < broadcastMin {
		return nil
	}
	return b
}

// takes reports whether text may be kept: an event without attachments.
func (b *broadcasts) takes(d *socketio.Decoder, text []byte) bool {
	return b != nil && d.Parser == socketio.JSON && d.Pending() == 0 && len(text) > 0 && text[0] == '2' && len(text) <= b.each/broadcastText
}

// read is d.Text, and gives the broadcast that text is; nil for none that is known.
func (b *broadcasts) read(d *socketio.Decoder, text []byte) (*socketio.Packet, *broadcast, error) {
	hash := maphash.Bytes(b.seed, text)
	if k := b.find(hash, text, d.Revision); k != nil {
		return d.Again(&k.packet, text), k, nil
	}
	pkt, err := d.Text(text)
	if err != nil || pkt == nil {
		return pkt, nil, err
	}
	if once := &b.once[hash/broadcastSets%sightings]; once.Load() != hash {
		once.Store(hash)
		return pkt, nil, nil
	}
	return pkt, b.keep(hash, text, d, pkt), nil
}

func (b *broadcasts) find(hash uint64, text []byte, rev socketio.Revision) *broadcast {
	set := &b.sets[hash%broadcastSets]
	for i := range set {
		if k := set[i].Load(); k != nil && k.hash == hash && k.revision == rev && bytes.Equal(k.text, text) {
			return k
		}
	}
	return nil
}

// keep keeps pkt, which d read in text.
func (b *broadcasts) keep(hash uint64, text []byte, d *socketio.Decoder, pkt *socketio.Packet) *broadcast {
	k := &broadcast{hash: hash, text: bytes.Clone(text), revision: d.Revision, packet: *pkt}
	k.packet.Data = k.text[len(text)-len(pkt.Data):]
	name, args, err := socketio.AppendEvent(nil, &k.packet)
	if err != nil {
		return nil
	}
	k.input = engine.Input{Kind: engine.Emit, Direction: engine.Out, Namespace: pkt.Namespace, Event: name, Args: args,
		Ack: pkt.HasID, Bytes: len(text), Shared: engine.NewShared(b.each - len(text) - len(args))}
	k.mapped = b.maps.Apply(&k.input)
	b.mu.Lock()
	defer b.mu.Unlock()
	if other := b.find(hash, text, d.Revision); other != nil { // another loop was faster
		return other
	}
	at := &b.next[hash%broadcastSets]
	b.sets[hash%broadcastSets][*at].Store(k)
	*at = (*at + 1) % broadcastWays
	return k
}

// describe sets what of in follows from the packet.
func (k *broadcast) describe(in *engine.Input) {
	in.Event, in.Args, in.Ack, in.Bytes, in.Shared = k.input.Event, k.input.Args, k.input.Ack, k.input.Bytes, k.input.Shared
}

// rewritten is a broadcast as a decision changes it.
type rewritten struct {
	packet socketio.Packet
	text   []byte
	err    error // why it cannot be changed so
}

// rewrittenKey is what it is kept by.
type rewrittenKey struct{}

// rewrite is replace, done once for all that get the packet with this change.
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
