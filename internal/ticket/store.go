package ticket

import (
	"errors"
	"maps"
	"sync"
	"time"
)

// Store keeps tickets that were issued. It is safe for concurrent use, and does not wait.
type Store interface {
	// Issue gives a ticket for g, or [ErrFull].
	Issue(g Grant) (ticket string, err error)
	// Redeem uses a ticket up and gives what it is good for; else [ErrUnknown], [ErrUsed], [ErrExpired] or [ErrBound],
	// of which the last leaves it as it is.
	Redeem(ticket string, u Use) (Grant, error)
}

// Limits bounds a [Memory].
type Limits struct {
	Entries int
	Bytes   int64
}

// entrySize is what an entry costs beside its strings, about.
const entrySize = 320

// sweepEvery is the time between two looks for entries that are over.
const sweepEvery = time.Second

// Memory is a Store of one process. An entry stays till its ticket expires, also when that was used: then it tells
// of a replay.
type Memory struct {
	now func() time.Time

	mu      sync.Mutex
	limits  Limits
	entries map[sum]*entry
	bytes   int64
	swept   time.Time
	counts  Counts
}

type entry struct {
	grant Grant
	cost  int64
	used  bool
}

// Counts is what a Memory has done so far, and what it holds.
type Counts struct {
	Issued   uint64
	Full     uint64            // not issued
	Redeemed map[string]uint64 // by result: ok, unknown, used, expired, bound
	Entries  int
}

// NewMemory gives an empty one. now is nil for time.Now.
func NewMemory(l Limits, now func() time.Time) *Memory {
	if now == nil {
		now = time.Now
	}
	return &Memory{now: now, limits: l, entries: map[sum]*entry{}, counts: Counts{Redeemed: map[string]uint64{}}}
}

// Limit sets other limits. Tickets that are above them stay till they expire.
func (m *Memory) Limit(l Limits) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.limits = l
}

// Issue implements [Store].
func (m *Memory) Issue(g Grant) (string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.sweep()
	cost := g.cost()
	if len(m.entries) >= m.limits.Entries || m.bytes+cost > m.limits.Bytes {
		m.counts.Full++
		return "", ErrFull
	}
	ticket, s := issue()
	m.entries[s] = &entry{grant: g, cost: cost}
	m.bytes += cost
	m.counts.Issued++
	return ticket, nil
}

// Redeem implements [Store].
func (m *Memory) Redeem(ticket string, u Use) (Grant, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	g, err := m.redeem(ticket, u)
	m.counts.Redeemed[result(err)]++
	return g, err
}

func (m *Memory) redeem(ticket string, u Use) (Grant, error) {
	s, ok := parse(ticket)
	e := m.entries[s]
	switch {
	case !ok || e == nil:
		return Grant{}, ErrUnknown
	case e.used:
		return Grant{}, ErrUsed
	case !m.now().Before(e.grant.Expires):
		return Grant{}, ErrExpired
	case !e.grant.fits(u):
		return Grant{}, ErrBound
	}
	g := e.grant
	m.bytes -= e.cost - entrySize
	e.used, e.cost, e.grant = true, entrySize, Grant{Expires: g.Expires}
	return g, nil
}

// sweep forgets what is over.
func (m *Memory) sweep() {
	now := m.now()
	if now.Sub(m.swept) < sweepEvery {
		return
	}
	m.swept = now
	for s, e := range m.entries {
		if now.Sub(e.grant.Expires) >= sweepEvery { // a client that is a little late hears why
			m.bytes -= e.cost
			delete(m.entries, s)
		}
	}
}

// Counts gives the state.
func (m *Memory) Counts() Counts {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.sweep()
	c := m.counts
	c.Redeemed, c.Entries = maps.Clone(c.Redeemed), len(m.entries)
	return c
}

// Results are those that Counts.Redeemed counts.
var Results = []string{"ok", "unknown", "used", "expired", "bound"}

func result(err error) string {
	for i, one := range []error{nil, ErrUnknown, ErrUsed, ErrExpired, ErrBound} {
		if errors.Is(err, one) {
			return Results[i]
		}
	}
	return "unknown"
}
