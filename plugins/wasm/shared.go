package wasm

import (
	"time"

	"github.com/siogw/siogw/engine"
	"github.com/siogw/siogw/hostabi"
)

// What follows serves plugins of other kinds, which see the same views and answer with the same verdicts.

// ErrTransform says that a verdict's changes cannot be made.
var ErrTransform = errTransform

// ErrOwn says that a verdict is an error that the plugin tells of itself.
var ErrOwn = errOwn

// Render appends to dst what a plugin with this manifest sees of in, ABI.md section 4. view may be a part of in. picked is for
// ReadVerdict.
func (m *Manifest) Render(dst []byte, in *engine.Input) (view []byte, picked []int) {
	return m.view(dst, in, nil)
}

// ReadVerdict makes a verdict of the JSON of ABI.md section 5; nothing at all allows. raw becomes a part of it.
func ReadVerdict(in *engine.Input, raw []byte, picked []int) (engine.Verdict, error) {
	if len(raw) == 0 {
		return engine.Verdict{Effect: engine.Allow}, nil
	}
	return verdict(in, hostabi.Result{Verdict: raw}, picked)
}

// NoteOut counts an end of service.
func (t *Tally) NoteOut() { t.outs.Add(1) }

// NoteRefused counts an input that met the plugin out of service.
func (t *Tally) NoteRefused() { t.refused.Add(1) }

// Line reports whether one more line may be logged at this time, and counts it if not.
func (t *Tally) Line(now time.Time) bool { return t.line(now) }
