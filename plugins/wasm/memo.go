package wasm

import (
	"bytes"

	"github.com/siogw/siogw/engine"
	"github.com/siogw/siogw/hostabi"
	"github.com/siogw/siogw/internal/memo"
)

// memoShare is the part of the memo that one verdict may have: one of so many.
const memoShare = 128

const (
	placeBytes   = 48  // what an entry takes beside its key and memo.Overhead
	keptBytes    = 352 // what is kept beside its texts
	verdictBytes = 512 // of a verdict that is kept with its packet, beside its texts
)

// kept is what a pure guest answered to the bytes of a view. A verdict that changes nothing is kept as it is; what a
// change does depends on more than the view, so that it is read anew for each input.
type kept struct {
	verdict engine.Verdict
	answer  hostabi.Result // when changes
	changes bool
	counts  []hostabi.Count // made again with each answer
}

// allowed is kept for each view to which the guest said no more than that.
var allowed = &kept{verdict: engine.Verdict{Effect: engine.Allow}}

// known gives the verdict on a view that the guest was asked about before.
func (p *Plugin) known(in *engine.Input, view []byte, picked []int) (engine.Verdict, bool) {
	if p.memo == nil {
		return engine.Verdict{}, false
	}
	found := p.memo.Get(view)
	if found == nil {
		return engine.Verdict{}, false
	}
	k := *found
	p.recount(k.counts)
	v := k.verdict
	if k.changes {
		answer := k.answer
		answer.Verdict = bytes.Clone(answer.Verdict) // what is forwarded is written to
		v = p.read(in, answer, picked)
	}
	p.share(in, v, k.counts)
	return v, true
}

// shared is what a pure guest said of a packet that goes to many sessions.
type shared struct {
	verdict engine.Verdict
	counts  []hostabi.Count
}

// sharedBy gives what the guest said of the packet before. The views that are kept show nothing but the packet, but for
// fields, which may be anybody's.
func (p *Plugin) sharedBy(in *engine.Input) (engine.Verdict, bool) {
	if in.Shared == nil || p.memo == nil || p.manifest.View == ViewFields {
		return engine.Verdict{}, false
	}
	s, ok := in.Shared.Get(p).(*shared)
	if !ok {
		return engine.Verdict{}, false
	}
	p.sharings.Add(1)
	p.recount(s.counts)
	return s.verdict, true
}

// share keeps what the guest said of in with the packet.
func (p *Plugin) share(in *engine.Input, v engine.Verdict, counts []hostabi.Count) {
	if in.Shared == nil || p.memo == nil || p.manifest.View == ViewFields || v.Err != nil || v.Attachments != nil {
		return
	}
	v.Args = bytes.Clone(v.Args) // it may be a part of the packet
	in.Shared.Keep(p, &shared{v, counts}, verdictBytes+v.Texts()+sizeOfCounts(counts))
}

// recount counts what an answer that is kept counted.
func (p *Plugin) recount(counts []hostabi.Count) {
	for _, c := range counts {
		p.tally.count(c.Name, c.Delta)
	}
}

// remember keeps what the guest answered, and the verdict that it was for some input.
func (p *Plugin) remember(view []byte, res hostabi.Result, v engine.Verdict) {
	if p.memo == nil {
		return
	}
	if res.Verdict == nil && res.Labels == nil && len(res.Counts) == 0 {
		p.memo.Put(view, allowed, placeBytes)
		return
	}
	size := placeBytes + len(res.Verdict) + len(v.Labels) + keptBytes + sizeOfCounts(res.Counts)
	for _, l := range res.Labels {
		size += len(l.Key) + len(l.Value) + 48
	}
	k := &kept{verdict: v, counts: res.Counts}
	if v.Transforms() {
		k = &kept{answer: res, changes: true, counts: res.Counts}
		k.answer.Verdict = bytes.Clone(res.Verdict)
	}
	p.memo.Put(view, k, size)
}

// Memo gives the figures of the memo, all zero for a guest without.
func (p *Plugin) Memo() memo.Stats {
	if p.memo == nil {
		return memo.Stats{}
	}
	st := p.memo.Stats()
	st.Hits += p.sharings.Load()
	return st
}

func sizeOfCounts(counts []hostabi.Count) (n int) {
	for _, c := range counts {
		n += len(c.Name) + 24
	}
	return n
}
