package gateway

import (
	"maps"
	"sync"
	"sync/atomic"

	"github.com/siogw/siogw/engine"
	"github.com/siogw/siogw/engineio"
)

// Stats is what a gateway has counted since it was made.
type Stats struct {
	Open       int64  // sessions open now
	Opened     uint64 // sessions ever opened
	PacketsIn  uint64 // Engine.IO messages from clients
	PacketsOut uint64 // Engine.IO messages from the upstream
	Shared     uint64 // emits of them that had come before, see Limits.Broadcasts
	Repeated   uint64 // others of both that had, see Limits.Repeats
	Allowed    uint64 // decisions
	Denied     uint64
	Closed     map[engineio.Reason]uint64 // sessions ended, by reason

	Refused    map[engine.Code]uint64 // requests and connections turned away before they were decided on, by reason
	Responses  map[Action]uint64      // of Rules.Responses, by action
	Slowed     uint64                 // times that a client waited for Limits.Traffic.Bytes
	LoopsHeld  uint64                 // calls that took so long that an event loop went on without them
	LoopsLeft  uint64                 // calls that left their event loop before they did
	LoopsJoint uint64                 // calls of the kernel that event loops made for several connections together
	Away       int64                  // decisions that may take long now, against Limits.SlowDecisions
	Left       uint64                 // those that ever did
	Crowded    uint64                 // those that could not, for others
	Held       int64                  // bytes that sessions hold, against Limits.Memory
	Unfinished int64                  // bytes of packets whose attachments are not all there
	Expired    uint64                 // connections to namespaces that ended because their identity did
	Refreshed  uint64                 // identities that a client brought a new token for

	Kept         uint64 // connections to namespaces that were judged again, and go on
	Revoked      uint64 // those that ended
	KeptRooms    uint64 // memberships of rooms that were judged again, and go on
	RevokedRooms uint64 // those that ended
	Unjudged     int64  // sessions that are still to be judged again

	Bans int // addresses and identities that are, or were lately, banned
}

type counters struct {
	open                  atomic.Int64
	opened                atomic.Uint64
	packetsIn, packetsOut atomic.Uint64
	shared, repeats       atomic.Uint64
	allowed, denied       atomic.Uint64
	reasons               [32]atomic.Uint64
	refused               [600]atomic.Uint64 // by code
	slowed                atomic.Uint64
	left, crowded         atomic.Uint64
	expired, refreshed    atomic.Uint64
	kept, revoked         atomic.Uint64
	keptRooms             atomic.Uint64
	revokedRooms          atomic.Uint64
	mu                    sync.Mutex
	responses             map[Action]uint64
}

// CountRefused counts a connection that who listens for g turned away, for its numbered reason.
func (g *Gateway) CountRefused(code engine.Code) { g.stats.refuse(code) }

func (c *counters) refuse(code engine.Code) { c.refused[int(code)%len(c.refused)].Add(1) }

func (c *counters) responded(a Action) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.responses == nil {
		c.responses = map[Action]uint64{}
	}
	c.responses[a]++
}

func (c *counters) closed(r engineio.Reason) {
	c.open.Add(-1)
	c.reasons[int(r)%len(c.reasons)].Add(1)
}

func (c *counters) decided(d *engine.Decision) {
	if d.Effect == engine.Allow {
		c.allowed.Add(1)
	} else {
		c.denied.Add(1)
	}
}

// Stats gives the counts. They are read one by one: near each other in time, not at one instant.
func (g *Gateway) Stats() Stats {
	c := &g.stats
	st := Stats{Open: c.open.Load(), Opened: c.opened.Load(), PacketsIn: c.packetsIn.Load(),
		PacketsOut: c.packetsOut.Load(), Allowed: c.allowed.Load(), Denied: c.denied.Load(),
		Closed: map[engineio.Reason]uint64{}}
	for i := range c.reasons {
		if n := c.reasons[i].Load(); n > 0 {
			st.Closed[engineio.Reason(i)] = n
		}
	}
	st.Shared, st.Repeated = c.shared.Load(), c.repeats.Load()
	st.Refused = map[engine.Code]uint64{}
	for i := range c.refused {
		if n := c.refused[i].Load(); n > 0 {
			st.Refused[engine.Code(i)] = n
		}
	}
	st.Slowed, st.Held, st.Unfinished, st.Bans = c.slowed.Load(), g.memory.held.Load(), g.unfinished.Load(), int(g.bans.n.Load())
	st.Expired, st.Refreshed, st.LoopsHeld = c.expired.Load(), c.refreshed.Load(), g.loops.Replaced()
	st.Kept, st.Revoked, st.KeptRooms, st.RevokedRooms = c.kept.Load(), c.revoked.Load(), c.keptRooms.Load(), c.revokedRooms.Load()
	st.Unjudged = g.passes.left.Load()
	st.LoopsLeft, st.LoopsJoint = g.loops.Left(), g.loops.Joint()
	st.Away, st.Left, st.Crowded = g.away.Load(), c.left.Load(), c.crowded.Load()
	c.mu.Lock()
	defer c.mu.Unlock()
	st.Responses = maps.Clone(c.responses)
	return st
}
