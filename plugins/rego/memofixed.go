package rego

import (
	"reflect"
	"sync/atomic"

	"github.com/siogw/siogw/engine"
)

// fixed are the sources of a plan that do not change with the packet: those of the identity and of the session. Plans with
// the same ones share them.
type fixed struct {
	number  int
	sources []source
	claims  bool // the evaluator must be able to read the identity's claims, which are not in the key
}

// fixedPart is what they make of a key.
type fixedPart struct {
	of  *fixed
	id  *engine.Identity
	key []byte
	ok  bool // the evaluator reads the claims
}

// fixedParts are those that a session keeps: few, since there may be many sessions.
type fixedParts [4]atomic.Pointer[fixedPart]

// maxFixed bounds the bytes of one that is kept.
const maxFixed = 512

type fixedKey struct{}

func newFixedParts() any { return new(fixedParts) }

// share gives f, or its equal of another plan.
func (l *plans) share(f *fixed) *fixed {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, other := range l.fixed {
		if f.claims == other.claims && reflect.DeepEqual(f.sources, other.sources) {
			return other
		}
	}
	f.number = len(l.fixed)
	l.fixed = append(l.fixed, f)
	return f
}

// append appends what identity and session of in decide with. ok is false where the evaluator may refuse the claims.
func (f *fixed) append(dst []byte, in *engine.Input) (key []byte, ok bool) {
	if len(f.sources) == 0 && !f.claims {
		return dst, true
	}
	if in.Session == nil {
		return f.make(dst, in)
	}
	parts := in.Session.Forms.Get(fixedKey{}, newFixedParts).(*fixedParts)
	at := &parts[f.number%len(parts)]
	if kept := at.Load(); kept != nil && kept.of == f && kept.id == in.Identity {
		return append(dst, kept.key...), kept.ok
	}
	from := len(dst)
	dst, ok = f.make(dst, in)
	if n := len(dst) - from; n <= maxFixed {
		at.Store(&fixedPart{f, in.Identity, append(make([]byte, 0, n), dst[from:]...), ok})
	}
	return dst, ok
}

func (f *fixed) make(dst []byte, in *engine.Input) (key []byte, ok bool) {
	if f.claims && in.Identity != nil && in.Identity.Claims != nil {
		if renderingOf(in.Identity).err != nil {
			return dst, false
		}
	}
	for i := range f.sources {
		dst = f.sources[i].append(dst, in)
	}
	return dst, true
}
