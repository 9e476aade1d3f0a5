//go:build linux

package evloop

import (
	"sync"
	"syscall"
)

// outbox are sources that have something to write at the end of the turn.
type outbox struct {
	mu      sync.Mutex // a leaf
	open    bool
	waiting []*Source
	sending []*Source // the runner's
}

// Later has what s has to write written together with what others have, at the end of the loop's turn: Writer's methods are
// called then. It reports false when there is no such time: it is to be written now.
func (s *Source) Later() bool {
	o := &s.seat.loop.outbox
	o.mu.Lock()
	defer o.mu.Unlock()
	if !o.open {
		return false
	}
	o.waiting = append(o.waiting, s)
	return true
}

// collect opens the outbox.
func (l *loop) collect() {
	l.outbox.mu.Lock()
	defer l.outbox.mu.Unlock()
	l.outbox.open = true
	l.collects = true
}

// send closes the outbox and writes what is in it.
func (l *loop) send() {
	o := &l.outbox
	o.mu.Lock()
	o.open = false
	o.waiting, o.sending = o.sending[:0], o.waiting
	o.mu.Unlock()
	l.collects = false
	for all := o.sending; len(all) > 0; {
		n := min(len(all), together)
		l.sendSome(all[:n])
		all = all[n:]
	}
	clear(o.sending)
}

// sendSome writes for as many as the ring takes. Of each, between Begin and End, nobody touches what it writes.
func (l *loop) sendSome(all []*Source) {
	var texts [together][]byte
	n := 0
	for _, s := range all {
		if b := s.worker.Begin(); len(b) > 0 {
			all[n], texts[n] = s, b
			n++
		}
	}
	var res *outcomes
	if l.ring != nil && n >= worthwhile {
		for i, s := range all[:n] {
			l.ring.send(s.fd, texts[i])
		}
		res = l.makeCalls()
	}
	for i, s := range all[:n] {
		if res == nil || res[i] == untried || res[i] == -int32(syscall.EINTR) {
			s.worker.End(s.Write(texts[i]))
		} else if res[i] < 0 {
			s.worker.End(0, syscall.Errno(-res[i]))
		} else {
			s.worker.End(int(res[i]), 0)
		}
	}
}
