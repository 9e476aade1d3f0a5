package wasm

import (
	"bytes"

	"github.com/siogw/siogw/engine"
	"github.com/siogw/siogw/hostabi"
	"github.com/siogw/siogw/internal/memo"
)

// memoShare is the part of the memo that one verdict may have: one of so many.
const memoShare = 128

// kept is what a pure guest answered to the bytes of a view. A verdict that changes nothing is kept as it is; what a
// change does depends on more than the view, so that it is read anew for each input.
type kept struct {
	verdict engine.Verdict
	answer  hostabi.Result // when changes
	changes bool
	counts  []hostabi.Count // made again with each answer
}

// known gives the verdict on a view that the guest was asked about before.
func (p *Plugin) known(in *engine.Input, view []byte, picked []int) (engine.Verdict, bool) {
	if p.memo == nil {
		return engine.Verdict{}, false
	}
	k := p.memo.Get(view)
	if k == nil {
		return engine.Verdict{}, false
	}
	p.recount(k.counts)
	if !k.changes {
		return k.verdict, true
	}
	answer := k.answer
	answer.Verdict = bytes.Clone(answer.Verdict) // what is forwarded is written to
	return p.read(in, answer, picked), true
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
	size := len(res.Verdict) + len(v.Labels) + 256
	for _, l := range res.Labels {
		size += len(l.Key) + len(l.Value) + 48
	}
	for _, c := range res.Counts {
		size += len(c.Name) + 24
	}
	k := kept{verdict: v, counts: res.Counts}
	if v.Transforms() {
		k = kept{answer: res, changes: true, counts: res.Counts}
		k.answer.Verdict = bytes.Clone(res.Verdict)
	}
	p.memo.Put(view, k, size)
}

// Memo gives the figures of the memo, all zero for a guest without.
func (p *Plugin) Memo() memo.Stats {
	if p.memo == nil {
		return memo.Stats{}
	}
	return p.memo.Stats()
}
