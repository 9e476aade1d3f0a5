package gateway

import (
	"cmp"
	"errors"
	"fmt"
	"hash/fnv"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/siogw/siogw/socketio"
)

// Upstream is servers that are alike: any of them may serve a session, which then stays with it.
type Upstream struct {
	Name string // for metrics and messages
	Host string // whose handshakes it takes: an exact host, *.domain, or "" for any; in lower case, without a port

	ClientPath string     // where its clients come; "" is Options.Path
	Path       string     // where Engine.IO answers there; "" is ClientPath
	EIO        int        // the servers' Engine.IO revision, see Options.UpstreamEIO; default 4
	Translate  bool       // see Options.Translate
	URLs       []*url.URL // http or https without a path, or unix:/path; at least one

	Passthrough bool   // other paths of the same hosts go there as plain HTTP
	Sticky      string // ip, cookie.NAME, header.NAME or query.NAME: the same value goes to the same server; "" for none
	Health      Health
}

// Health says how the state of a server is known. Zero values take the defaults named.
type Health struct {
	Check    string        // handshake (of Engine.IO), http, or "" for none: then handshakes alone tell
	Path     string        // of Check http, which wants a status below 400; default /
	Interval time.Duration // between checks, give or take a fifth, and till a server that is not checked is tried again; default 10 s
	Timeout  time.Duration // of one check; default 3 s
	Failures int           // in a row, of checks and handshakes, that keep sessions away; default 2
}

// pool is an Upstream at work.
type pool struct {
	Upstream
	targets   []*target
	turn      atomic.Uint32 // among equals
	failovers atomic.Uint64 // handshakes that another server than the first choice took
}

// newPools completes and checks what Options say of upstreams: those of Upstreams, then Upstream for what
// matches none of them.
func (g *Gateway) newPools() ([]*pool, error) {
	all := slices.Clone(g.opt.Upstreams)
	if u := g.opt.Upstream; u != nil {
		one := Upstream{Name: "upstream", ClientPath: g.opt.Path, URLs: []*url.URL{u}, Passthrough: g.opt.Passthrough,
			EIO: g.opt.UpstreamEIO, Translate: g.opt.Translate}
		if u.Scheme != "unix" && u.Path != "/" {
			one.Path = u.Path
		}
		all = append(all, one)
	}
	if len(all) == 0 {
		return nil, errors.New("gateway: no upstream")
	}
	pools := make([]*pool, len(all))
	for i, u := range all {
		p, err := g.newPool(u)
		if err != nil {
			return nil, fmt.Errorf("gateway: upstream %s: %w", u.Name, err)
		}
		pools[i] = p
	}
	return pools, nil
}

func (g *Gateway) newPool(u Upstream) (*pool, error) {
	h := &u.Health
	u.ClientPath = cmp.Or(u.ClientPath, g.opt.Path)
	u.Path = cmp.Or(u.Path, u.ClientPath)
	h.Path, h.Interval = cmp.Or(h.Path, "/"), cmp.Or(h.Interval, 10*time.Second)
	h.Timeout, h.Failures = cmp.Or(h.Timeout, 3*time.Second), cmp.Or(h.Failures, 2)
	u.EIO = cmp.Or(u.EIO, 4)
	switch {
	case len(u.URLs) == 0:
		return nil, errors.New("no URL")
	case u.EIO != 3 && u.EIO != 4:
		return nil, errors.New("its Engine.IO is neither 3 nor 4")
	case u.EIO == 3 && g.opt.Parser != socketio.JSON:
		return nil, errors.New("msgpack is not spoken over Engine.IO 3")
	case u.EIO == 3 && u.Translate:
		return nil, errors.New("nothing to translate: its servers speak Engine.IO 3")
	}
	for _, path := range []string{u.ClientPath, u.Path} {
		if !strings.HasPrefix(path, "/") || path == "/" {
			return nil, fmt.Errorf("path %q names no folder", path)
		}
	}
	p := &pool{Upstream: u}
	for _, address := range u.URLs {
		t, err := g.newTarget(p, address)
		if err != nil {
			return nil, err
		}
		p.targets = append(p.targets, t)
	}
	return p, nil
}

// maxTries bounds the servers that one handshake is offered to.
const maxTries = 3

// order gives the servers to try for a client, the first choice first: those that are up before those that
// are not, which are a last resort; among them by key where there is one, else by their sessions.
func (p *pool) order(key string, now time.Time) []*target {
	list := slices.Clone(p.targets)
	if key != "" {
		slices.SortStableFunc(list, func(a, b *target) int { return cmp.Compare(b.score(key), a.score(key)) })
	} else if n := len(list); n > 1 {
		first := int(p.turn.Add(1)) % n
		list = append(list[first:len(list):len(list)], list[:first]...)
		load := map[*target]int64{} // as of now: sorting needs it to stand still
		for _, t := range list {
			load[t] = t.sessions.Load()
		}
		slices.SortStableFunc(list, func(a, b *target) int { return cmp.Compare(load[a], load[b]) })
	}
	up := map[*target]bool{}
	for _, t := range list {
		up[t] = t.usable(now)
	}
	slices.SortStableFunc(list, func(a, b *target) int {
		switch {
		case up[a] == up[b]:
			return 0
		case up[a]:
			return -1
		}
		return 1
	})
	return list[:min(len(list), maxTries)]
}

// score is that of rendezvous hashing: the highest one of a key is chosen, and when its server goes away
// only its own keys move. Gateways that have the same addresses agree.
func (t *target) score(key string) uint64 {
	h := fnv.New64a()
	h.Write([]byte(key))
	h.Write([]byte{0})
	h.Write([]byte(t.address))
	x := h.Sum64() // FNV's upper bits know little of the last bytes: mix them (MurmurHash3, fmix64)
	x ^= x >> 33
	x *= 0xff51afd7ed558ccd
	x ^= x >> 33
	x *= 0xc4ceb9fe1a85ec53
	return x ^ x>>33
}

// stickyKey gives what the choice of a server goes by, "" for nothing.
func (p *pool) stickyKey(r *http.Request, addr netip.Addr) string {
	place, name, _ := strings.Cut(p.Sticky, ".")
	switch place {
	case "ip":
		if addr.Is6() { // a subscriber has a /64, and changes addresses in it
			subscriber, _ := addr.WithZone("").Prefix(64)
			return subscriber.String()
		}
		if addr.IsValid() {
			return addr.String()
		}
	case "cookie":
		if c, err := r.Cookie(name); err == nil {
			return c.Value
		}
	case "header":
		return r.Header.Get(name)
	case "query":
		return r.URL.Query().Get(name)
	}
	return ""
}
