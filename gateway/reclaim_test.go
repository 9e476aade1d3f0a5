package gateway

import (
	"net/url"
	"testing"

	"github.com/siogw/siogw/engine"
)

// What a closed session still holds closes no other one.
func TestReclaimCountsWhatIsClosing(t *testing.T) {
	const limit = 10 << 20
	nothing, err := engine.New()
	if err != nil {
		t.Fatal(err)
	}
	upstream, _ := url.Parse("http://127.0.0.1:1")
	g, err := New(Options{Fixed: Fixed{Path: "/socket.io/", Upstream: upstream}, Rules: Rules{Engine: nothing}})
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		g.Wire(nowhere{}, nowhere{})
	}
	all := g.sessions.all()
	g.memory.limit.Store(limit)
	costly := all[1]
	for _, s := range all {
		s.memory.held.Add(1 << 20)
		g.memory.held.Add(1 << 20)
	}
	costly.memory.held.Add(9 << 20) // it is slow to give back what it holds
	g.memory.held.Add(9 << 20)
	for range 3 {
		g.reclaim()
		if left := g.sessions.all(); len(left) != 2 || !costly.closed {
			t.Fatalf("%d sessions are left, the costly one is closed: %v", len(left), costly.closed)
		}
	}
	costly.memory.add(-int(costly.memory.held.Load()))
	g.reclaim()
	if n := len(g.memory.closing); n != 0 || len(g.sessions.all()) != 2 {
		t.Errorf("%d are closing that hold nothing", n)
	}
}
