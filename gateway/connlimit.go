package gateway

import (
	"net/netip"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/siogw/siogw/engine"
)

// connLimit counts open sessions and how fast they open: in total and per client address.
type connLimit struct {
	lim Limits

	mu    sync.Mutex
	total int
	rate  *rate.Limiter // of all together; nil without one
	peers map[netip.Prefix]*peerCount
	swept time.Time
}

type peerCount struct {
	open  int
	rate  *rate.Limiter // nil without a rate
	tried time.Time
}

func newConnLimit(lim Limits) *connLimit {
	return &connLimit{lim: lim, rate: lim.ConnectRateTotal.limiter(), peers: map[netip.Prefix]*peerCount{}}
}

// take counts one more session of a, or says why not. Each take that gave CodeNone is given back once.
func (c *connLimit) take(a netip.Addr, now time.Time) engine.Code {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.sweep(now)
	key := c.lim.clientKey(a)
	p := c.peers[key]
	if p == nil {
		p = &peerCount{rate: c.lim.ConnectRatePerIP.limiter()}
		c.peers[key] = p
	}
	p.tried = now
	switch {
	case p.rate != nil && !p.rate.AllowN(now, 1):
		return engine.CodeConnectionRate
	case c.lim.ConnectionsPerIP > 0 && p.open >= c.lim.ConnectionsPerIP:
		return engine.CodeConnectionsPerIP
	case c.lim.ConnectionsTotal > 0 && c.total >= c.lim.ConnectionsTotal:
		return engine.CodeConnectionsTotal
	case c.rate != nil && !c.rate.AllowN(now, 1): // the last: what is refused must not use it up for others
		return engine.CodeTotalRate
	}
	p.open++
	c.total++
	return engine.CodeNone
}

func (c *connLimit) give(a netip.Addr) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.total--
	if p := c.peers[c.lim.clientKey(a)]; p != nil {
		p.open--
	}
}

// sweep forgets addresses that hold nothing and whose rate has filled up again, once a period: the
// table's size is bounded by the number of addresses that tried within one.
func (c *connLimit) sweep(now time.Time) {
	period := max(c.lim.ConnectRatePerIP.Per, time.Second)
	if now.Sub(c.swept) < period {
		return
	}
	c.swept = now
	for key, p := range c.peers {
		if p.open == 0 && now.Sub(p.tried) >= period {
			delete(c.peers, key)
		}
	}
}

// limiter gives a token bucket that holds one period's worth, or nil for no limit.
func (r Rate) limiter() *rate.Limiter {
	if r.Count <= 0 || r.Per <= 0 {
		return nil
	}
	return rate.NewLimiter(rate.Limit(float64(r.Count)/r.Per.Seconds()), r.Count)
}
