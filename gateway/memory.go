package gateway

import (
	"cmp"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/siogw/siogw/engine"
	"github.com/siogw/siogw/engineio"
)

// sessionMemory is what a session is taken to cost beside what it holds: both its connections with their
// goroutines and buffers, handshake and state.
const sessionMemory = 64 << 10

// memory is what all sessions hold together.
type memory struct {
	limit   atomic.Int64 // 0 for none
	held    atomic.Int64
	busy    atomic.Bool
	reclaim func()     // brings held below the limit
	closing []*account // what it has closed, and may hold something yet; its own
}

// account is one session's part.
type account struct {
	m    *memory
	held atomic.Int64
}

// add notes that n more bytes are held. It does not wait: who holds too much is found by another goroutine.
func (a *account) add(n int) {
	a.held.Add(int64(n))
	total := a.m.held.Add(int64(n))
	if n > 0 && a.m.over(total) && a.m.busy.CompareAndSwap(false, true) {
		go func() {
			defer a.m.busy.Store(false)
			a.m.reclaim()
		}()
	}
}

func (m *memory) over(total int64) bool {
	limit := m.limit.Load()
	return limit > 0 && total > limit
}

// full reports whether there is no room for one more session.
func (m *memory) full() bool { return m.over(m.held.Load() + sessionMemory) }

// registry is the open sessions.
type registry struct {
	mu   sync.Mutex
	open map[*session]struct{}
}

func (r *registry) add(s *session) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.open == nil {
		r.open = map[*session]struct{}{}
	}
	r.open[s] = struct{}{}
}

func (r *registry) remove(s *session) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.open, s)
}

func (r *registry) all() []*session {
	r.mu.Lock()
	defer r.mu.Unlock()
	out := make([]*session, 0, len(r.open))
	for s := range r.open {
		out = append(out, s)
	}
	return out
}

// reclaim closes the most expensive sessions, of equal ones the newest, until a tenth of the budget is free.
// What a closed session holds is free a moment later: it is counted as free, then and by the calls that come meanwhile.
// It is called once at a time.
func (g *Gateway) reclaim() {
	g.memory.closing = slices.DeleteFunc(g.memory.closing, func(a *account) bool { return a.held.Load() <= 0 })
	excess := g.memory.held.Load() - g.memory.limit.Load()/10*9
	for _, a := range g.memory.closing {
		excess -= a.held.Load()
	}
	if excess <= 0 {
		return
	}
	type entry struct {
		s    *session
		held int64
	}
	var all []entry
	for _, s := range g.sessions.all() {
		all = append(all, entry{s, s.memory.held.Load()})
	}
	slices.SortFunc(all, func(a, b entry) int {
		if a.held != b.held {
			return cmp.Compare(b.held, a.held)
		}
		return b.s.base.opened.Compare(a.s.base.opened)
	})
	for _, e := range all {
		if excess <= 0 {
			return
		}
		e.s.mu.Lock()
		e.s.evict()
		e.s.mu.Unlock()
		g.memory.closing = append(g.memory.closing, &e.s.memory)
		excess -= e.held
	}
}

// evict ends the session for what it holds. s.mu is held.
func (s *session) evict() {
	if s.closed || !s.entered {
		return
	}
	d := engine.Refuse(engine.CodeMemory, "")
	s.log(s.input(engine.Event, engine.In, nil), &d)
	s.end(engineio.OutOfMemory)
}
