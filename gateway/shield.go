package gateway

import (
	"net/http"

	"github.com/siogw/siogw/engine"
	"github.com/siogw/siogw/internal/shields"
)

// shieldRefusal is the decision on a packet that a virtual patch stops; its data names the patch.
func shieldRefusal(by *shields.Shield) engine.Decision {
	d := engine.Refuse(engine.CodeShield, "")
	d.Data = marshal(map[string]string{"shield": by.ID})
	return d
}

// shields holds the packet against the virtual patches. What they look at of events and answers is the packet alone, so one
// that came before and met none does so again.
func (j *job) shields() (stopped *shields.Shield, noted []*shields.Shield) {
	about := j.in.Shared
	if about != nil && j.same.clean.Load() == about {
		return nil, nil
	}
	stopped, noted = j.from.s.gen.Shields.Check(j.in)
	if about != nil && stopped == nil && len(noted) == 0 {
		j.same.clean.Store(about)
	}
	return stopped, noted
}

// shieldSteps shows in a decision which shields in monitor mode would have stopped it.
func shieldSteps(noted []*shields.Shield) []engine.Step {
	var steps []engine.Step
	for _, by := range noted {
		v := engine.Denied(engine.CodeShield, engine.CodeShield.String())
		v.Data = marshal(map[string]string{"shield": by.ID})
		steps = append(steps, engine.Step{Plugin: "gateway", Mode: engine.Monitor, Verdict: v})
	}
	return steps
}

// refusedRequest counts attacks among requests that Engine.IO refused.
func (g *Gateway) refusedRequest(r *http.Request, err error) {
	g.rules.Load().Shields.Count(shields.OfRequest(r, err))
	g.countRefused(err)
}
