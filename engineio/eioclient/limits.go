package eioclient

import (
	"sync/atomic"
	"time"

	"github.com/siogw/siogw/engineio/internal/wsconn"
)

// buffers are what Options say of what waits to be written.
type buffers struct {
	high, hard int
	write      time.Duration
}

// shared is the limits of the session that was dialled last: those that are alike have them in common.
type shared struct {
	buffers
	live *wsconn.Live
}

var last atomic.Pointer[shared]

// limits gives those of a session.
func (o *Options) limits() *wsconn.Live {
	want := buffers{o.HighWater, o.HardLimit, o.WriteTimeout}
	if l := last.Load(); l != nil && l.buffers == want {
		return l.live
	}
	l := &shared{want, wsconn.NewLive(wsconn.Limits{High: want.high, Hard: want.hard, Write: want.write})}
	last.Store(l)
	return l.live
}
