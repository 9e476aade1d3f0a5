package engine

import (
	"bytes"
	"encoding/binary"
	"slices"
	"strings"
	"sync"
)

// Of a packet that comes again, or goes to many, decisions are kept with it (Shared): what all plugins together made of it
// under the same circumstances holds again. So one emit to a room is decided once for each footprint of its members.

// Lasting is a [Plugin] whose verdicts hold again, unless they are errors.
type Lasting interface {
	Plugin
	// Depends appends to dst what the verdict on in depends on beside what [Shared] may be about, and in.Room: parts of the
	// identity and the session, and of nothing else. Where these are the same bytes, and those of the plugins before it, so
	// is the verdict. ok is false where that cannot be told, or something else decides too, such as the time. It need not be
	// asked again about the same packet, identity and session.
	Depends(dst []byte, in *Input) (key []byte, ok bool)
}

// maxKept is how many decisions are kept with one packet; the first ones are.
const maxKept = 16

// kept are the decisions of one engine on one packet. They are not changed.
type kept struct {
	by   *Engine
	list []keptDecision
}

// room reports whether one more of e may be kept.
func (k *kept) room(e *Engine) bool { return k.by == e && len(k.list) < maxKept }

// keptDecision is a decision on a packet under some circumstances.
type keptDecision struct {
	key      []byte
	room     string // which is in key
	decision Decision
}

// Last remembers which decision was repeated last: who says the same again, being the same, has it without a key. It is its
// owner's, for one call at a time. The zero value is none.
type Last struct {
	shared   uint64 // the packet's number: the packet itself may be forgotten meanwhile
	identity *Identity
	session  *Session
	at       int // among those kept with it
}

// of gives the decision of e on in, nil where that is not the last one.
func (l *Last) of(e *Engine, in *Input) *Decision {
	if l == nil || l.shared != in.Shared.number || l.identity != in.Identity || l.session != in.Session {
		return nil
	}
	all := in.Shared.decisions.Load()
	if all == nil || all.by != e || all.list[l.at].room != in.Room {
		return nil
	}
	return &all.list[l.at].decision
}

// note takes the one at a place.
func (l *Last) note(in *Input, at int) {
	if l != nil {
		*l = Last{in.Shared.number, in.Identity, in.Session, at}
	}
}

var keys = sync.Pool{New: func() any { b := make([]byte, 0, 256); return &b }}

// maxKey bounds the bytes of a key, and what stays of the room for one.
const maxKey = 1 << 10

func putKey(key *[]byte) {
	if cap(*key) <= 2*maxKey {
		keys.Put(key)
	}
}

// again gives the decision on in that was made before. Where there is none, and there might be the next time, it gives
// the key to keep one by.
func (e *Engine) again(in *Input) (k *Decision, key *[]byte) {
	if in.Shared == nil || in.Auth != nil || len(in.Attachments) > 0 || len(in.Plugins) > 0 {
		return nil, nil
	}
	if k = in.Last.of(e, in); k != nil {
		return k, nil
	}
	key = keys.Get().(*[]byte)
	b, ok := e.depends((*key)[:0], in)
	if *key = b; !ok {
		putKey(key)
		return nil, nil
	}
	k, at := in.Shared.decided(e, b)
	if k == nil {
		return nil, key
	}
	putKey(key)
	in.Last.note(in, at)
	return k, nil
}

// depends gives what a decision on in depends on beside the packet.
func (e *Engine) depends(dst []byte, in *Input) (key []byte, ok bool) {
	dst = binary.LittleEndian.AppendUint32(append(dst, in.Room...), uint32(len(in.Room)))
	for i := range e.stages {
		s := &e.stages[i]
		if s.Mode == Off || !s.Match.covers(in) {
			continue
		}
		lasting, is := s.Plugin.(Lasting)
		if !is {
			return dst, false
		}
		from := len(dst)
		if dst, ok = lasting.Depends(dst, in); !ok || len(dst) > maxKey {
			return dst, false
		}
		dst = binary.LittleEndian.AppendUint32(dst, uint32(len(dst)-from))
	}
	return dst, true
}

// keep keeps d, which was made of in, by a key of again.
func (e *Engine) keep(in *Input, d *Decision, key *[]byte) {
	defer putKey(key)
	if all := in.Shared.decisions.Load(); all != nil && !all.room(e) { // many get the packet: without a lock
		return
	}
	size := len(*key) + len(in.Room) + len(d.Args) + len(d.Custom) + len(d.Data) + len(d.Reason) + decisionBytes
	for i := range d.Steps {
		v := &d.Steps[i].Verdict
		if v.Err != nil || v.Attachments != nil || v.Auth != nil {
			return
		}
		size += stepBytes + v.Texts()
	}
	in.Shared.keepDecision(e, size, func() keptDecision {
		k := keptDecision{bytes.Clone(*key), strings.Clone(in.Room), *d}
		k.decision.own()
		k.decision.Made = &Shared{left: in.Shared.left}
		return k
	})
}

// decisionBytes is what a decision that is kept takes beside its texts, and stepBytes one of its steps, about.
const (
	decisionBytes = 320
	stepBytes     = 320
)

// own lets d outlive its packet.
func (d *Decision) own() {
	d.Args, d.Took, d.Room = bytes.Clone(d.Args), 0, nil
	d.Denial = d.Denial.own()
	d.Steps = slices.Clip(slices.Clone(d.Steps)) // who adds one does so elsewhere
	for i := range d.Steps {
		s := &d.Steps[i]
		s.Took = 0
		s.Verdict.Args, s.Verdict.Labels = bytes.Clone(s.Verdict.Args), bytes.Clone(s.Verdict.Labels)
		s.Verdict.Denial, s.Verdict.Rules = s.Verdict.Denial.own(), slices.Clone(s.Verdict.Rules)
	}
}

func (d Denial) own() Denial {
	d.Custom, d.Data, d.Reason = bytes.Clone(d.Custom), bytes.Clone(d.Data), strings.Clone(d.Reason)
	return d
}

// decided gives the decision of e that is kept by key, and its place; nil for none.
func (s *Shared) decided(e *Engine, key []byte) (d *Decision, at int) {
	all := s.decisions.Load()
	if all == nil || all.by != e {
		return nil, 0
	}
	for i := range all.list {
		if bytes.Equal(all.list[i].key, key) {
			return &all.list[i].decision, i
		}
	}
	return nil, 0
}

// keepDecision keeps what make gives, a decision of e that takes so many bytes, where there is room.
func (s *Shared) keepDecision(e *Engine, bytes int, make func() keptDecision) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var list []keptDecision
	if all := s.decisions.Load(); all != nil {
		if !all.room(e) {
			return
		}
		list = all.list
	}
	if s.take(bytes) {
		s.decisions.Store(&kept{e, append(slices.Clip(list), make())})
	}
}
