package hostabi

import (
	crand "crypto/rand"
	"math/rand/v2"
)

// stdio keeps the first bytes that a guest prints in one call. One WASI call may bring a million pieces,
// so each looks at the clock.
type stdio struct{ i *instance }

func (s stdio) Write(b []byte) (int, error) {
	s.i.checkClock()
	s.i.stdio = append(s.i.stdio, b[:min(len(b), MaxStdio-len(s.i.stdio))]...)
	return len(b), nil
}

// sameBytes is the guest's source of random bytes in WASI: the same for each instance, so that a guest is a
// function of its input. It comes in pieces, so that the deadline holds while a guest asks for megabytes.
type sameBytes struct{ i *instance }

func (r sameBytes) Read(b []byte) (int, error) {
	r.i.checkClock()
	if r.i.same == nil {
		r.i.same = rand.NewChaCha8([32]byte{})
	}
	return r.i.same.Read(b[:min(len(b), 64<<10)])
}

// random fills b with bytes that nobody can foresee: a generator is seeded anew in each call.
func (i *instance) random(b []byte) {
	if i.chance == nil {
		var seed [32]byte
		_, _ = crand.Read(seed[:]) // never fails, as documented
		i.chance = rand.NewChaCha8(seed)
	}
	_, _ = i.chance.Read(b) // never fails, as documented
}
