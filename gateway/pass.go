package gateway

import (
	"cmp"
	"context"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// passes are how all sessions are judged again. One runs at a time: a newer one takes its place, and begins with those
// that were judged longest ago.
type passes struct {
	epoch atomic.Uint64 // counts them

	mu      sync.Mutex
	stopped bool
	cancel  context.CancelFunc // of the one that runs; nil for none
	running sync.WaitGroup
	left    atomic.Int64 // sessions that the one that runs has still to judge
}

// Reauthorize judges all live connections again, within Rules.Reauthorize.Within: for each namespace its token and the
// CONNECT, and for each room the join, by what the client said then. What is not allowed any more ends. It returns at once.
// why is for the log. Call it when something has changed that decisions depend on; [Gateway.Swap] does.
func (g *Gateway) Reauthorize(why string) {
	epoch := g.passes.epoch.Add(1)
	r := g.rules.Load().Reauthorize
	g.passes.mu.Lock()
	defer g.passes.mu.Unlock()
	if g.passes.cancel != nil {
		g.passes.cancel()
		g.passes.cancel = nil
	}
	all := g.sessions.all()
	if g.passes.stopped || r.Off || len(all) == 0 {
		return
	}
	ctx, cancel := context.WithCancel(context.Background())
	g.passes.cancel = cancel
	g.passes.running.Go(func() {
		defer cancel()
		g.pass(ctx, epoch, all, why)
	})
}

// pass judges sessions one by one, evenly spread.
func (g *Gateway) pass(ctx context.Context, epoch uint64, all []*session, why string) {
	rand.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	judged := make(map[*session]uint64, len(all))
	for _, s := range all {
		judged[s] = s.judged.Load()
	}
	slices.SortStableFunc(all, func(a, b *session) int { return cmp.Compare(judged[a], judged[b]) })
	start, within := time.Now(), g.rules.Load().Reauthorize.Within
	c := &g.stats
	before := [...]uint64{c.kept.Load(), c.revoked.Load(), c.keptRooms.Load(), c.revokedRooms.Load()}
	timer := time.NewTimer(0)
	defer timer.Stop()
	for i, s := range all {
		g.passes.left.Store(int64(len(all) - i))
		timer.Reset(time.Until(start.Add(evened(within, i, len(all), rand.Float64()))))
		select {
		case <-ctx.Done():
			g.opt.Logger.Info("live connections are judged again by newer rules", "why", why, "sessions", i, "of", len(all))
			return
		case <-timer.C:
		}
		g.judgeSession(s, epoch)
	}
	g.passes.left.Store(0)
	g.opt.Logger.Info("live connections judged again", "why", why, "sessions", len(all), "took", time.Since(start).Round(time.Millisecond),
		"namespaces_kept", c.kept.Load()-before[0], "namespaces_removed", c.revoked.Load()-before[1],
		"rooms_kept", c.keptRooms.Load()-before[2], "rooms_removed", c.revokedRooms.Load()-before[3])
}

func (g *Gateway) judgeSession(s *session, epoch uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	defer s.survive()
	s.judgeAgain(epoch)
}

// stop ends the pass that runs, and lets no other begin.
func (p *passes) stop() {
	p.mu.Lock()
	p.stopped = true
	if p.cancel != nil {
		p.cancel()
	}
	p.mu.Unlock()
	p.running.Wait()
	p.left.Store(0)
}
