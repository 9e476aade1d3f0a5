package gateway

import (
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// address gives the client's address and whether it came over TLS. X-Forwarded-For and -Proto count
// only as far as trusted proxies wrote them: read from the right, the first address that is no trusted
// proxy is the client's, because everything left of it is the client's own word.
func (g *Gateway) address(r *http.Request) (addr netip.Addr, secure bool) {
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil { // a Unix socket: no address to tell clients apart
		return netip.Addr{}, r.TLS != nil
	}
	addr, secure = peer.Addr().Unmap(), r.TLS != nil
	if !g.trusted(addr) {
		return addr, secure
	}
	if proto := r.Header.Get("X-Forwarded-Proto"); proto != "" {
		secure = strings.EqualFold(strings.TrimSpace(proto), "https")
	}
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for _, hop := range slices.Backward(hops) {
		a, err := netip.ParseAddr(strings.TrimSpace(hop))
		if err != nil {
			return addr, secure // what a trusted proxy did not write as an address ends the chain
		}
		addr = a.Unmap()
		if !g.trusted(addr) {
			return addr, secure
		}
	}
	return addr, secure
}

func (g *Gateway) trusted(a netip.Addr) bool {
	return slices.ContainsFunc(g.opt.Trusted, func(p netip.Prefix) bool { return p.Contains(a) })
}

// clientKey is what limits per address count by: one IPv4 address, or one IPv6 /64, since a single
// subscriber holds a whole /64.
func clientKey(a netip.Addr) netip.Prefix {
	if a.Is4() || !a.IsValid() {
		return netip.PrefixFrom(a, 32)
	}
	p, _ := a.WithZone("").Prefix(64) // 64 fits every IPv6 address
	return p
}
