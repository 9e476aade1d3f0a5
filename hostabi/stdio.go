package hostabi

import "math/rand/v2"

// stdio keeps the first bytes that a guest prints in one call. One WASI call may bring a million pieces,
// so each looks at the clock.
type stdio struct{ i *instance }

func (s stdio) Write(b []byte) (int, error) {
	s.i.checkClock()
	s.i.stdio = append(s.i.stdio, b[:min(len(b), MaxStdio-len(s.i.stdio))]...)
	return len(b), nil
}

// random is the guest's source of random bytes: the same for each instance, so that a guest is a
// function of its input. It comes in pieces, so that the deadline holds while a guest asks for megabytes.
type random struct {
	i   *instance
	rng *rand.ChaCha8
}

func (r *random) Read(b []byte) (int, error) {
	r.i.checkClock()
	if r.rng == nil {
		r.rng = rand.NewChaCha8([32]byte{})
	}
	return r.rng.Read(b[:min(len(b), 64<<10)])
}
