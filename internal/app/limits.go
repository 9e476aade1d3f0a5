package app

import (
	"math"
	"os"
	"runtime/debug"

	"github.com/siogw/siogw/engine"
	"github.com/siogw/siogw/gateway"
	"github.com/siogw/siogw/internal/config"
)

// costs gives the limits on what clients cost.
func costs(out *gateway.Limits, l *config.Limits) {
	out.SendBuffer = int(l.SendBuffer)
	out.AttachmentBytes = int(l.AttachmentBytes)
	out.Elements, out.Number, out.EventName, out.NamespaceName = l.Elements, l.Number, l.EventName, l.NamespaceName
	out.AckID, out.Acks, out.Connects = l.AckID, l.Acks, gateway.Rate(l.Connects)
	out.Broadcasts, out.Repeats, out.SlowDecisions = int(l.Broadcasts), int(l.Repeats), l.SlowDecisions
	out.Memory = sessionsShare(int64(l.Memory))
	h, s, t, c, e := &l.HTTP, &l.Sessions, &l.Traffic, &l.Connections, &l.Events
	out.HTTP = gateway.HTTPLimits{Header: int(h.Header), Headers: h.Headers, URL: int(h.URL), Cookie: int(h.Cookie), BodyTime: h.BodyTime, PassTime: h.PassTime}
	out.Sessions = gateway.SessionLimits{ConnectTime: s.ConnectTime, PollTime: s.PollTime, WriteTime: s.WriteTime, Idle: s.Idle,
		Lifetime: s.Lifetime, Upgrades: s.Upgrades, TotalUpgrades: s.TotalUpgrades}
	out.Traffic = gateway.TrafficLimits{Frames: gateway.Rate(t.Frames), Control: gateway.Rate(t.Control),
		Fragments: gateway.Rate(t.Fragments), Bytes: gateway.Rate(t.Bytes)}
	out.Unfinished = gateway.UnfinishedLimits{Time: l.Unfinished.Time, Bytes: int(l.Unfinished.Bytes)}
	out.ConnectRateTotal, out.IPv6Prefix, out.SocketsPerIP = gateway.Rate(c.Rate), c.IPv6Prefix, c.SocketsPerIP
	out.ConnectionsPerIdentity, out.ConnectRatePerIdentity = c.PerIdentity, gateway.Rate(c.RatePerIdentity)
	out.EventsPerIdentity, out.EventBytes, out.DecisionTime = gateway.Rate(e.PerIdentity), gateway.Rate(e.Bytes), e.DecisionTime
}

// sessionsShare is the part of the process's memory that sessions may hold; the rest is for garbage that is not
// collected yet, decisions under way, and what is accounted for in rounded numbers only.
func sessionsShare(memory int64) int64 { return memory / 4 * 3 }

// limitMemory makes the runtime collect garbage early enough to stay within limits.memory. An operator's own
// GOMEMLIMIT counts instead.
func limitMemory(l *config.Limits) {
	if os.Getenv("GOMEMLIMIT") != "" {
		return
	}
	limit := int64(math.MaxInt64)
	if l.Memory > 0 {
		limit = int64(l.Memory)
	}
	debug.SetMemoryLimit(limit)
}

func responses(in []config.Response) []gateway.Response {
	out := make([]gateway.Response, len(in))
	for i, r := range in {
		out[i] = gateway.Response{Count: r.Count, Within: r.Within, By: gateway.Scope(r.By), Action: gateway.Action(r.Action), For: r.For}
		for _, c := range r.Codes {
			out[i].Codes = append(out[i].Codes, gateway.Codes(c))
		}
		for _, k := range r.Kinds {
			out[i].Kinds = append(out[i].Kinds, engine.Kind(k))
		}
	}
	return out
}
