package wasm

import (
	"bytes"

	"github.com/siogw/siogw/engine"
	"github.com/siogw/siogw/hostabi"
	"github.com/siogw/siogw/internal/memo"
)

// What a pure guest answered is kept by the bytes of the view, and read anew for each input: what a change does
// depends on more than the view.

// known gives the verdict on a view that the guest was asked about before.
func (p *Plugin) known(in *engine.Input, view []byte, picked []int) (engine.Verdict, bool) {
	if p.memo == nil {
		return engine.Verdict{}, false
	}
	res, ok := p.memo.Get(view)
	if !ok {
		return engine.Verdict{}, false
	}
	res.Verdict = bytes.Clone(res.Verdict) // whoever gets a part of it may do with it what they like
	return p.read(in, res, picked), true
}

func (p *Plugin) remember(view []byte, res hostabi.Result) {
	if p.memo == nil {
		return
	}
	size := len(res.Verdict)
	for _, l := range res.Labels {
		size += len(l.Key) + len(l.Value) + 48
	}
	p.memo.Put(view, res, size)
}

// Memo gives the figures of the memo, all zero for a guest without.
func (p *Plugin) Memo() memo.Stats {
	if p.memo == nil {
		return memo.Stats{}
	}
	return p.memo.Stats()
}
