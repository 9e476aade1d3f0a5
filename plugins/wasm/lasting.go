package wasm

import "github.com/siogw/siogw/engine"

// Depends implements engine.Lasting: a pure guest whose view shows nothing but the packet answers the same again, and that is all
// it does, as long as it neither counts nor logs.
func (p *Plugin) Depends(dst []byte, in *engine.Input) (key []byte, ok bool) {
	if !p.answers(in.Kind) {
		return dst, true
	}
	return dst, p.memo != nil && p.manifest.View != ViewFields && !p.acts.Load()
}
