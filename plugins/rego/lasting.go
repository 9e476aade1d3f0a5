package rego

import (
	"encoding/binary"

	"github.com/siogw/siogw/engine"
)

// Depends implements engine.Lasting by what the memo knows of the policy: the parts of identity and session that it reads of such
// packets. What plugins before it said follows from what they depend on.
func (p *Policy) Depends(dst []byte, in *engine.Input) (key []byte, ok bool) {
	if p.silent(in) {
		return dst, true
	}
	if p.memo == nil {
		return dst, false
	}
	pl := p.plans.of(in)
	if pl == nil || len(pl.culprits) > 0 {
		return dst, false
	}
	return pl.fixed.append(binary.LittleEndian.AppendUint32(dst, pl.number), in)
}
