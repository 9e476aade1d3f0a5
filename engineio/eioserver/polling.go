package eioserver

import (
	"bytes"
	"encoding/base64"
	"slices"
	"sync"
	"time"

	"github.com/siogw/siogw/engineio"
	"github.com/siogw/siogw/engineio/internal/wsconn"
)

// polling is the transport of a client that polls: a queue from which polls take. The session's lock guards it.
type polling struct {
	s         *Session
	queue     []engineio.Packet
	size      int       // bytes of data in queue
	held      int       // what Opening.Account was told last
	since     time.Time // when the oldest of the queue began to wait
	waiting   *poll     // the GET that waits
	posting   bool      // a POST is being read or handed over
	full      bool      // Send reported false; Writable is owed
	lingering *time.Timer

	early *time.Timer  // till the first poll; nil once it has come
	meter wsconn.Meter // of posts; the one that is at work has it
	wake  sync.Cond    // for a POST that waits: the session was resumed, or has ended
}

func newPolling(s *Session) *polling {
	q := &polling{s: s}
	q.wake.L = &s.mu
	return q
}

// poll is one waiting GET.
type poll struct {
	ready chan struct{} // closed when batch is there
	batch []engineio.Packet
}

// perPacket is what a queued packet costs beside its data.
const perPacket = 64

// Send queues a copy of p.
func (q *polling) Send(p engineio.Packet) bool {
	o := q.s.now()
	n := len(p.Data) + perPacket
	if q.size+n > o.HardLimit {
		q.s.endLocked(engineio.SlowReader)
		return true
	}
	if q.s.eio != 3 && !p.Binary && bytes.IndexByte(p.Data, '\x1e') >= 0 { // a payload cannot carry it
		q.s.endLocked(engineio.ParseError)
		return true
	}
	if len(q.queue) == 0 {
		q.since = time.Now()
	}
	p.Data = slices.Clone(p.Data)
	q.queue = append(q.queue, p)
	q.size += n
	q.charge()
	if q.size >= o.HighWater {
		q.full = true
	}
	return q.size < o.HighWater
}

// Flush answers the waiting poll with what is there.
func (q *polling) Flush() {
	if q.waiting == nil || len(q.queue) == 0 {
		return
	}
	w := q.waiting
	w.batch, q.waiting = q.take(), nil
	close(w.ready)
}

// Pause and Resume: a POST looks at the session's state between packets.
func (q *polling) Pause()  {}
func (q *polling) Resume() {}

// take removes what one answer carries: as many packets as allowed, and at least one.
func (q *polling) take() []engineio.Packet {
	n, bytes, most := 0, 0, q.s.now().MaxPollPackets
	for n < len(q.queue) && n < most {
		if n > 0 && q.queue[n].Type == engineio.Close && q.queue[n-1].Type != engineio.Noop {
			break // clients of version 4 drop what shares a payload with the close
		}
		bytes += q.encodedLen(q.queue[n])
		if n > 0 && bytes > q.s.opts.MaxPayload {
			break
		}
		q.size -= len(q.queue[n].Data) + perPacket
		n++
	}
	q.charge()
	batch := q.queue[:n:n]
	q.queue = q.queue[n:]
	if len(q.queue) == 0 {
		q.queue = nil
	}
	q.since = time.Now()
	return batch
}

// encodedLen gives the bytes of p in a payload, its separator or at most its length included.
func (q *polling) encodedLen(p engineio.Packet) int {
	around := 2
	if q.s.eio == 3 {
		around = 12
	}
	if p.Binary {
		return around + base64.StdEncoding.EncodedLen(len(p.Data))
	}
	return around + len(p.Data)
}

// stale reports whether packets have waited for a poll for longer than d.
func (q *polling) stale(d time.Duration) bool {
	return len(q.queue) > 0 && time.Since(q.since) > d
}

// drained reports, once, that the queue fell below half of the high-water mark.
func (q *polling) drained() bool {
	if !q.full || q.size >= (q.s.now().HighWater+1)/2 {
		return false
	}
	q.full = false
	return true
}

// nudge ends the waiting poll with a noop, so that the client can go on with its upgrade.
func (q *polling) nudge() {
	if w := q.waiting; w != nil {
		w.batch, q.waiting = []engineio.Packet{{Type: engineio.Noop}}, nil
		close(w.ready)
	}
}

// end answers the waiting poll, and reports whether a later one has something to learn.
func (q *polling) end(r engineio.Reason) bool {
	switch {
	case r == engineio.PeerClosed:
		q.queue = nil
		q.nudge()
	case !graceful(r):
		q.queue = []engineio.Packet{{Type: engineio.Close}}
		q.Flush()
		q.queue = nil
	case len(q.queue) == 0 && q.waiting == nil:
		q.queue = []engineio.Packet{{Type: engineio.Noop}, {Type: engineio.Close}} // as the reference
	default:
		q.queue = append(q.queue, engineio.Packet{Type: engineio.Close})
		q.Flush()
	}
	return len(q.queue) > 0
}
