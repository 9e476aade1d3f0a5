package eioclient

import (
	"testing"
	"time"

	"github.com/siogw/siogw/engineio"
)

// An upstream whose packets lie unread because the handler is away is not judged until it is back.
func TestLeave(t *testing.T) {
	for _, c := range []struct {
		eio         int
		first, then string
	}{
		{4, `0{"sid":"abc","upgrades":[],"pingInterval":100,"pingTimeout":100,"maxPayload":1000}`, "2"},
		{3, `0{"sid":"abc","upgrades":[],"pingInterval":100,"pingTimeout":100}`, "3"},
	} {
		u := newUpstream(t, false, c.first)
		s, ws := u.dial(t, func(o *Options) { o.EIO = c.eio })
		s.Leave() // before it is started, or the heartbeat might have begun
		r := start(s)
		late := func() bool { s.mu.Lock(); defer s.mu.Unlock(); return s.late }
		for end := time.Now().Add(patience); !late(); time.Sleep(time.Millisecond) {
			if time.Now().After(end) {
				t.Fatal("the heartbeat was not due")
			}
		}
		select {
		case reason := <-r.closed:
			t.Fatal("judged while away:", reason)
		default:
		}
		s.Back()
		write(t, ws, c.then) // a ping, or the pong
		r.end(t, engineio.PingTimeout)
		s.Leave() // of a session that is closed: nothing
		s.Back()
	}
}
