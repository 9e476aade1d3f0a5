package gateway

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync"
	"time"

	"github.com/siogw/siogw/engineio"
	"github.com/siogw/siogw/engineio/eioclient"
)

// CheckUpstreams checks the servers whose Health says so, till ctx ends. Without it only handshakes tell
// which are down.
func (g *Gateway) CheckUpstreams(ctx context.Context) {
	var running sync.WaitGroup
	for _, p := range g.pools {
		for _, t := range p.targets {
			if p.Health.Check != "" {
				running.Go(func() { t.watch(ctx) })
			}
		}
	}
	running.Wait()
}

func (t *target) watch(ctx context.Context) {
	interval := t.pool.Health.Interval
	for {
		err := t.check(ctx)
		if ctx.Err() != nil {
			return
		}
		t.note(err)
		select {
		case <-ctx.Done():
			return
		case <-time.After(interval*4/5 + rand.N(interval*2/5)): // gateways that began together drift apart
		}
	}
}

// check asks the server once.
func (t *target) check(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, t.pool.Health.Timeout)
	defer cancel()
	if t.pool.Health.Check == "http" {
		return t.checkHTTP(ctx)
	}
	s, err := t.open(ctx, eioclient.Options{Header: http.Header{"User-Agent": {"siogw"}}, EIO: t.pool.EIO, Logger: t.logger}, 1)
	var no *eioclient.Refused
	if errors.As(err, &no) && no.Status < 500 {
		return nil // it is there, and wants credentials that a check does not have
	}
	if err != nil {
		return err
	}
	s.Close(engineio.Shutdown)
	return nil
}

func (t *target) checkHTTP(ctx context.Context) error {
	u := t.url.String() + t.pool.Health.Path
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, u, nil)
	if err != nil {
		return err
	}
	r.Header.Set("User-Agent", "siogw")
	resp, err := t.http.RoundTrip(r) // which follows no redirects
	if err != nil {
		return err
	}
	_ = resp.Body.Close() // the status says it all
	if resp.StatusCode >= 400 {
		return fmt.Errorf("%s answers %s", t.pool.Health.Path, resp.Status)
	}
	return nil
}

// UpstreamStats is what is known of one upstream.
type UpstreamStats struct {
	Name      string
	Failovers uint64 // handshakes that another server than the first choice took
	Servers   []ServerStats
}

// ServerStats is what is known of one server of an upstream.
type ServerStats struct {
	Address                 string // as it was configured
	Up                      bool
	Error                   string // the last failure, "" when the last word of it was good
	Sessions                int64  // open now
	Opened, Refused, Failed uint64 // handshakes: taken, refused by the server, not answered
}

// Upstreams gives the state of all servers.
func (g *Gateway) Upstreams() []UpstreamStats {
	out := make([]UpstreamStats, len(g.pools))
	for i, p := range g.pools {
		out[i] = UpstreamStats{Name: p.Name, Failovers: p.failovers.Load()}
		for _, t := range p.targets {
			down, _, last := t.state()
			s := ServerStats{Address: t.address, Up: !down, Sessions: t.sessions.Load(),
				Opened: t.opened.Load(), Refused: t.refused.Load(), Failed: t.failing.Load()}
			if last != nil {
				s.Error = last.Error()
			}
			out[i].Servers = append(out[i].Servers, s)
		}
	}
	return out
}

// Ready reports whether new sessions would be served: nil when at least one upstream has a server that is
// up. Servers that nothing was heard of, or that are not checked, are connected to.
func (g *Gateway) Ready(ctx context.Context) error {
	var failed []error
	for _, p := range g.pools {
		for _, t := range p.targets {
			err := t.ready(ctx)
			if err == nil {
				return nil
			}
			failed = append(failed, fmt.Errorf("%s: %w", t.address, err))
		}
	}
	return errors.Join(failed...)
}

func (t *target) ready(ctx context.Context) error {
	down, known, last := t.state()
	switch {
	case t.pool.Health.Check == "" || !known:
		return t.reach(ctx)
	case down:
		return last
	}
	return nil
}
