package gateway

import (
	"cmp"
	"net"
	"net/http"
	"slices"
	"strings"

	"github.com/siogw/siogw/engineio/eioserver"
)

// route is one path of Engine.IO, with the upstreams that have clients there.
type route struct {
	server *eioserver.Server
	pools  []*pool // those of exact hosts, of *.domain, of any
}

// byHost puts pools in the order in which they are asked: an exact host, *.domain with the longest first, any.
func byHost(pools []*pool) []*pool {
	rank := func(p *pool) (kind, length int) {
		switch {
		case p.Host == "":
			return 2, 0
		case strings.HasPrefix(p.Host, "*."):
			return 1, -len(p.Host)
		}
		return 0, 0
	}
	pools = slices.Clone(pools)
	slices.SortStableFunc(pools, func(a, b *pool) int {
		ka, la := rank(a)
		kb, lb := rank(b)
		return cmp.Or(cmp.Compare(ka, kb), cmp.Compare(la, lb))
	})
	return pools
}

// takes reports whether host, as hostOf gives it, is the pool's.
func (p *pool) takes(host string) bool {
	if domain, wild := strings.CutPrefix(p.Host, "*"); wild {
		return strings.HasSuffix(host, domain) && len(host) > len(domain)
	}
	return p.Host == "" || p.Host == host
}

// hostOf gives the host of a request without its port, in lower case.
func hostOf(r *http.Request) string {
	host := r.Host
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	host = strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
	return strings.ToLower(strings.TrimSuffix(host, "."))
}

// pool gives the upstream of a request to rt; nil when none has its host.
func (rt *route) pool(r *http.Request) *pool {
	host := hostOf(r)
	for _, p := range rt.pools {
		if p.takes(host) {
			return p
		}
	}
	return nil
}

// plainPool gives the upstream that a request for another path goes to: of those with the best match of the
// host, the one whose clients come to the folder of the path, else the first that takes other paths.
// Nil for none.
func (g *Gateway) plainPool(r *http.Request) *pool {
	host := hostOf(r)
	first := slices.IndexFunc(g.pools, func(p *pool) bool { return p.takes(host) })
	if first < 0 {
		return nil
	}
	var found *pool
	for _, p := range g.pools[first:] {
		if p.Host != g.pools[first].Host || !p.Passthrough {
			continue
		}
		if _, under := cutFolder(r.URL.Path, strings.TrimSuffix(p.ClientPath, "/")); under {
			return p
		}
		if found == nil {
			found = p
		}
	}
	return found
}

// newRoutes makes a server of Engine.IO for each path that clients come to; a sid of one is unknown to others.
func (g *Gateway) newRoutes(front *eioserver.Options) error {
	g.routes = map[string]*route{}
	for _, p := range g.pools {
		rt := g.routes[p.ClientPath]
		if rt == nil {
			opt := *front
			opt.Path = p.ClientPath
			server, err := eioserver.New(opt)
			if err != nil {
				return err
			}
			server.Use(front) // sessions have it in common
			rt = &route{server: server}
			g.routes[p.ClientPath] = rt
		}
		rt.pools = append(rt.pools, p)
		for _, path := range []string{p.ClientPath, p.Path} {
			if guard := strings.TrimSuffix(path, "/"); !slices.Contains(g.guards, guard) {
				g.guards = append(g.guards, guard)
			}
		}
	}
	return nil
}

// poolOf gives the upstream of a handshake; nil when none has its host and path.
func (g *Gateway) poolOf(r *http.Request) *pool {
	rt := g.routes[r.URL.Path]
	if rt == nil {
		return nil
	}
	return rt.pool(r)
}
