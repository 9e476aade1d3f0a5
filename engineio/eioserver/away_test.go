package eioserver

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/siogw/siogw/engineio"
)

// leaver is an obedient handler that leaves, too, when it is told.
type leaver struct {
	*obedient
	begun, goOn chan bool
}

func (h *leaver) Packet(p engineio.Packet) {
	if string(p.Data) == "leave" {
		h.s.Leave()
		h.begun <- true
		<-h.goOn
		h.s.Back()
	}
	h.obedient.Packet(p)
}

// leaving makes the handlers of a rig leavers, which it gives.
func leaving(to *[]*leaver, edit func(*Options)) func(*Options) {
	return func(o *Options) {
		if edit != nil {
			edit(o)
		}
		accept := o.Accept
		o.Accept = func(p *Opening) (engineio.Handler, error) {
			h, err := accept(p)
			if err != nil {
				return nil, err
			}
			l := &leaver{h.(*obedient), make(chan bool, 10), make(chan bool)}
			*to = append(*to, l)
			return l, nil
		}
	}
}

// While a handler has left, others go on, the session keeps its order, and its client is not judged for what lies unread.
func TestLeave(t *testing.T) {
	var all []*leaver
	r := newRig(t, leaving(&all, options["fast"]))
	ws := r.dial(t, "")
	put(t, ws, "4leave", "4behind it")
	r.next(t)
	h := all[0]
	<-h.begun
	expect(t, ws, "2")
	put(t, ws, "3") // lies unread
	for range 4 {
		other := r.dial(t, "")
		for i := range 10 {
			put(t, other, fmt.Sprintf("4%d", i))
			expect(t, other, fmt.Sprintf("4%d", i))
		}
		other.Close()
	}
	await(t, func() bool { h.s.mu.Lock(); defer h.s.mu.Unlock(); return h.s.beat.late })
	h.goOn <- true
	expect(t, ws, "4leave")
	expect(t, ws, "4behind it")
	expect(t, ws, "2")
	if got := h.reason(t); got != engineio.PingTimeout { // of the second ping, which has no answer
		t.Error(got)
	}
}

// A polling session leaves likewise; its POST is answered when it is back.
func TestLeavePolling(t *testing.T) {
	var all []*leaver
	r := newRig(t, leaving(&all, nil))
	c := r.poll(t)
	h := all[0]
	done := make(chan bool)
	go func() { c.post("4leave", "4behind it"); close(done) }()
	<-h.begun
	select {
	case <-done:
		t.Error("answered while it is away")
	default:
	}
	h.goOn <- true
	<-done
	var got []string
	for len(got) < 2 {
		got = append(got, c.get()...)
	}
	if !slices.Equal(got, []string{"4leave", "4behind it"}) {
		t.Error(got)
	}
}

// The end of a session that has left is told when it is back, whoever has ended it.
func TestEndWhileAway(t *testing.T) {
	ends := map[string]struct {
		end  func(r *rig, h *leaver, drop func())
		want engineio.Reason
	}{
		"client":  {func(_ *rig, _ *leaver, drop func()) { drop() }, engineio.TransportError},
		"gateway": {func(_ *rig, h *leaver, _ func()) { h.s.Close(engineio.Denied) }, engineio.Denied},
		"memory":  {func(_ *rig, h *leaver, _ func()) { h.s.Close(engineio.OutOfMemory) }, engineio.OutOfMemory},
		"server":  {func(r *rig, _ *leaver, _ func()) { go r.stop() }, engineio.Shutdown},
	}
	for name, c := range ends {
		t.Run(name, func(t *testing.T) {
			var all []*leaver
			r := newRig(t, leaving(&all, nil))
			ws := r.dial(t, "")
			put(t, ws, "4leave")
			r.next(t)
			h := all[0]
			<-h.begun
			c.end(r, h, func() { ws.NetConn().Close() })
			if c.want == engineio.Shutdown {
				await(t, h.s.closed)
			}
			select {
			case got := <-h.closed:
				t.Fatal("told while it is away:", got)
			case <-time.After(10 * time.Millisecond): // a defect may show by then
			}
			h.goOn <- true
			if got := h.reason(t); got != c.want {
				t.Error(got)
			}
		})
	}
}
