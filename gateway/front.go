package gateway

import (
	"github.com/siogw/siogw/engineio/eioserver"
	"github.com/siogw/siogw/internal/shields"
)

// newFront gives what Engine.IO makes of rules. Sessions keep it for as long as they live: it must not hold the rest of the
// generation.
func (g *Gateway) newFront(gen *generation) (*eioserver.Options, error) {
	f, lim := &gen.Front, &gen.Limits
	l, t := &lim.Sessions, &lim.Traffic
	o := &eioserver.Options{
		Loops:          g.loops,
		Transports:     f.Transports,
		EIO3:           f.EIO3,
		PingInterval:   f.PingInterval,
		PingTimeout:    f.PingTimeout,
		MaxPayload:     lim.Payload,
		HardLimit:      lim.SendBuffer,
		HighWater:      highWater,
		BodyTimeout:    lim.HTTP.BodyTime,
		WriteTimeout:   l.WriteTime,
		PollTimeout:    l.PollTime,
		Idle:           l.Idle,
		Lifetime:       l.Lifetime,
		Upgrades:       l.Upgrades,
		TotalUpgrades:  l.TotalUpgrades,
		Deflate:        eioserver.Deflate{On: f.Compression.Enabled, MinSize: f.Compression.MinSize, MaxRatio: f.Compression.MaxRatio},
		Origins:        f.Origins,
		OriginRequired: f.OriginRequired,
		AnyAddress:     f.Bind == BindCookie || f.Bind == BindNone,
		Address:        gen.proxies.address,
		Accept:         g.accept,
		Refused:        g.refusedRequest,
		Unasked:        func() { g.rules.Load().Shields.Count(shields.UnaskedPong) },
		Slowed:         func() { g.stats.slowed.Add(1) },
		Logger:         g.opt.Logger,
	}
	o.Rates = eioserver.Rates{Frames: eioserver.Rate(t.Frames), Control: eioserver.Rate(t.Control),
		Fragments: eioserver.Rate(t.Fragments), Bytes: eioserver.Rate(t.Bytes)}
	if f.Bind == BindCookie {
		o.Cookie = sessionCookie
	}
	return o, o.Complete()
}
