package wasm

import (
	"github.com/siogw/siogw/engine"
	"github.com/siogw/siogw/hostabi"
)

// RenderFor is Render for a guest with this configuration, whose member "fields" narrows a strings view.
func (m *Manifest) RenderFor(in *engine.Input, config []byte) (view []byte, picked []int, err error) {
	fields, err := configFields(config)
	if err != nil {
		return nil, nil, err
	}
	view, picked = m.view(nil, in, fields)
	return view, picked, nil
}

// ReadResult is ReadVerdict for an answer with labels that the guest told by calls.
func ReadResult(in *engine.Input, res hostabi.Result, picked []int) (engine.Verdict, error) {
	if res.Verdict == nil && res.Labels == nil {
		return engine.Verdict{Effect: engine.Allow}, nil
	}
	return verdict(in, res, picked)
}
