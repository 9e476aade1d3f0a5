package gateway

import (
	"sync"
	"time"

	"github.com/siogw/siogw/engine"
	"github.com/siogw/siogw/internal/clock"
	"github.com/siogw/siogw/socketio"
)

// job is one packet on its way. Jobs are used again: what is to outlive the packet is copied, see keep.
type job struct {
	from *end
	pkt  *socketio.Packet
	raw  []byte  // the message as it came, with all attachments in it; nil: write it anew
	same *repeat // what is known of a packet that came before; nil for nothing
	n    *namespace
	in   *engine.Input
	why  error         // beside the code of a refusal, for the log
	read clock.Reading // when it came
	now  time.Time     // the same

	mapped  Mapped // the rooms of an event or emit
	written []byte // the message of a packet that was changed; nil: write it anew

	epoch uint64 // when it was admitted, of a CONNECT
	token string // that a refresh brings by itself

	refresh bool // it is the gateway's own event, and goes no further
	renewal renewal

	room     engine.Input // for in
	args     []byte       // for the arguments of an event
	decision engine.Decision
}

// maxKeptArgs bounds the bytes of arguments that a job keeps room for.
const maxKeptArgs = 64 << 10

var jobs = sync.Pool{New: func() any { return new(job) }}

// takeJob gives a job for a packet that is judged now. It is done once.
func takeJob(from *end, m decoded) *job {
	j := jobs.Get().(*job)
	j.from, j.pkt, j.raw, j.same, j.read = from, m.pkt, m.raw, m.same, clock.Read()
	j.now = j.read.Time()
	return j
}

// done ends the use of j. One that a panic leaves behind is not used again.
func (j *job) done() {
	poison(j.args)
	args := j.args[:0]
	if cap(args) > maxKeptArgs {
		args = nil
	}
	steps := j.decision.Spare()
	*j = job{}
	j.args, j.decision.Room = args, steps
	jobs.Put(j)
}

// input sets in to what the engine sees, with the parts that every kind has.
func (j *job) input(kind engine.Kind) {
	if j.in != nil {
		j.room = engine.Input{}
	}
	j.in = &j.room
	j.from.s.describe(j.in, kind, j.from.dir, j.n)
	j.in.Time = j.now
	if kind != engine.Connect { // which a provider of keys may be asked about first
		j.in.Begun, j.in.Untimed = j.read, !j.from.s.g.timed()
	}
}

// keep gives a job for the same packet that outlives it, without the packet's bytes.
func (j *job) keep(pkt *socketio.Packet) *job {
	in := *j.in
	in.Args, in.Auth, in.Attachments, in.Shared, in.Last = nil, nil, nil, nil, nil
	return &job{from: j.from, pkt: pkt, n: j.n, in: &in, read: j.read, now: j.now, epoch: j.epoch}
}
