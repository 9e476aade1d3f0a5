package gateway

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"runtime"
	"strings"
	"sync/atomic"
	"time"

	"github.com/siogw/siogw/engine"
	"github.com/siogw/siogw/engineio/eioserver"
)

// Gateway is the enforcement point, an http.Handler: Options.Path is Engine.IO, everything else passes
// as plain HTTP or is not found.
type Gateway struct {
	opt    Fixed
	times  Timing                     // of opt.Log; nil for one that does not tell
	rules  atomic.Pointer[generation] // in force
	routes map[string]*route          // by path
	pools  []*pool                    // as byHost has them
	prefix int                        // Limits.IPv6Prefix
	conns  connLimit
	loops  *eioserver.Loops // nil for none
	guards []string         // paths of Engine.IO, ours and the upstreams', without the last slash
	stats  counters

	users      users
	bans       bans
	tallies    tallies
	sessions   registry
	passes     passes
	memory     memory
	away       atomic.Int64 // sessions that have left their loops
	unfinished atomic.Int64 // bytes of clients' packets whose attachments are not all there

	upstreamPayload atomic.Int64 // Limits.UpstreamPayload, for connections to look at
}

// highWater is the number of bytes in a send buffer at which its source is stopped.
const highWater = 256 << 10

// New makes a gateway. It fails on options that cannot work, naming the one at fault.
func New(opt Options) (*Gateway, error) {
	if err := opt.complete(); err != nil {
		return nil, err
	}
	g := &Gateway{opt: opt.Fixed, prefix: opt.Limits.IPv6Prefix}
	if !opt.Portable {
		g.loops = eioserver.NewLoops(runtime.GOMAXPROCS(0))
		if opt.OneByOne {
			g.loops.OneByOne()
		}
	}
	g.times, _ = opt.Log.(Timing)
	gen, err := g.newGeneration(opt.Rules, 1)
	if err != nil {
		return nil, err
	}
	g.rules.Store(gen)
	g.upstreamPayload.Store(int64(opt.Limits.UpstreamPayload))
	pools, err := g.newPools()
	if err != nil {
		return nil, err
	}
	g.pools = byHost(pools)
	g.memory.limit.Store(opt.Limits.Memory)
	g.memory.reclaim = g.reclaim
	if err = g.newRoutes(gen.front); err != nil {
		return nil, err
	}
	return g, nil
}

// complete sets the defaults and checks what has none.
func (o *Options) complete() error {
	if !strings.HasPrefix(o.Path, "/") || !strings.HasSuffix(o.Path, "/") || o.Path == "/" {
		return errors.New("gateway: path must begin and end with a slash and name a folder")
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return o.Rules.complete()
}

// ServeHTTP implements http.Handler.
func (g *Gateway) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	by := &request{gen: g.take()}
	defer by.done()
	defer g.clock(&by.gen.Limits.HTTP, w, r)()
	if g.turnAway(by.gen, w, r) {
		return
	}
	rt := g.routes[r.URL.Path]
	switch {
	case rt == nil || r.URL.EscapedPath() != r.URL.Path:
		g.servePlain(by, w, r)
	case rt.pool(r) == nil: // another host
		http.NotFound(w, r)
	default:
		front := by.gen.front
		if r.URL.Query().Has("sid") { // of a session, which has rules of its own; and it may take long
			by.done()
		}
		rt.server.Serve(front, w, by.with(r))
	}
}

// Shutdown refuses new sessions and closes the open ones: their clients come back elsewhere. It returns
// when all are gone or ctx ends.
func (g *Gateway) Shutdown(ctx context.Context) error {
	g.passes.stop()
	errs := make(chan error, len(g.routes))
	for _, rt := range g.routes {
		go func() { errs <- rt.server.Shutdown(ctx) }()
	}
	var err error
	for range g.routes {
		err = errors.Join(err, <-errs)
	}
	for _, p := range g.pools {
		for _, t := range p.targets {
			t.http.CloseIdleConnections()
		}
	}
	return err
}

// verify gives the identity that c proves, nil for nobody, or why it does not hold.
func (r *Rules) verify(c Credentials) (*engine.Identity, *engine.Denial) {
	var id *engine.Identity
	if r.Verifier != nil {
		var denial *engine.Denial
		if id, denial = r.Verifier.Verify(c); denial != nil {
			return nil, denial
		}
	}
	if r.Require && c.Auth != nil && (id == nil || !id.Authenticated) {
		return nil, &engine.Denial{Code: engine.CodeUnauthenticated, Reason: engine.CodeUnauthenticated.String()}
	}
	return id, nil
}

// timed reports whether somebody looks at what each plugin took.
func (g *Gateway) timed() bool { return g.opt.Log != nil && (g.times == nil || g.times.Times()) }

// log tells a decision, with the generation of the rules that it was made by.
func (s *session) log(in *engine.Input, d *engine.Decision) {
	d.Generation = s.gen.n
	s.g.log(in, d)
}

func (g *Gateway) log(in *engine.Input, d *engine.Decision) {
	if in.Time.IsZero() {
		in.Time = time.Now()
	}
	if in.Kind != engine.Disconnect { // told, not decided
		g.stats.decided(d)
	}
	if g.opt.Log != nil {
		if d.ID == (engine.ID{}) && g.timed() { // somebody has just begun to look
			d.ID = engine.NewID()
		}
		g.opt.Log.Decision(in, d)
	}
}
