package gateway

import (
	"net/netip"
	"sync"
	"time"

	"github.com/siogw/siogw/engine"
	"github.com/siogw/siogw/internal/clock"
)

// connLimit counts open sessions and how fast they open: in total and per client address.
type connLimit struct {
	mu    sync.Mutex
	total int
	rate  bucket // of all together
	peers map[netip.Prefix]*peerCount
	swept time.Time
}

type peerCount struct {
	open  int
	rate  bucket
	tried time.Time
}

// take counts one more session of a client, or says why not. Each take that gave CodeNone is given back once.
func (c *connLimit) take(lim *Limits, key netip.Prefix, now time.Time) engine.Code {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.sweep(lim, now)
	p := c.peers[key]
	if p == nil {
		p = &peerCount{}
		if c.peers == nil {
			c.peers = map[netip.Prefix]*peerCount{}
		}
		c.peers[key] = p
	}
	p.tried = now
	switch {
	case !p.rate.allow(lim.ConnectRatePerIP, clock.Of(now)):
		return engine.CodeConnectionRate
	case lim.ConnectionsPerIP > 0 && p.open >= lim.ConnectionsPerIP:
		return engine.CodeConnectionsPerIP
	case lim.ConnectionsTotal > 0 && c.total >= lim.ConnectionsTotal:
		return engine.CodeConnectionsTotal
	case !c.rate.allow(lim.ConnectRateTotal, clock.Of(now)): // the last: what is refused must not use it up for others
		return engine.CodeTotalRate
	}
	p.open++
	c.total++
	return engine.CodeNone
}

func (c *connLimit) give(key netip.Prefix) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.total--
	if p := c.peers[key]; p != nil {
		p.open--
	}
}

// sweep forgets addresses that hold nothing and whose rate has filled up again, once a period: the
// table's size is bounded by the number of addresses that tried within one.
func (c *connLimit) sweep(lim *Limits, now time.Time) {
	period := max(lim.ConnectRatePerIP.Per, time.Second)
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
