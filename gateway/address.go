package gateway

import (
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// proxies are who is believed about the client's address.
type proxies struct {
	list   []netip.Prefix // see Front.Trusted
	header string         // see Front.TrustedHeader
}

// address gives the client's address and whether it came over TLS. Headers count only as far as trusted
// proxies wrote them: read from the right, the first address that is no trusted proxy is the client's,
// because everything left of it is the client's own word.
func (p *proxies) address(r *http.Request) (addr netip.Addr, secure bool) {
	secure = r.TLS != nil
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err == nil {
		addr = peer.Addr().Unmap()
	} // else a Unix socket: its peers have no address, and are told apart by a proxy's word alone
	if !p.trusted(addr) {
		return addr, secure
	}
	switch name := p.header; name {
	case "", "x-forwarded-for":
		return p.forwardedFor(r, addr, secure)
	case "forwarded":
		return p.forwarded(r, addr, secure)
	default:
		if v := r.Header.Values(name); len(v) == 1 {
			if a := node(v[0]); a.IsValid() {
				addr = a
			}
		}
		return addr, protoHeader(r, secure)
	}
}

// protoHeader reads X-Forwarded-Proto, of a trusted peer.
func protoHeader(r *http.Request, secure bool) bool {
	if proto := r.Header.Get("X-Forwarded-Proto"); proto != "" {
		return strings.EqualFold(strings.TrimSpace(proto), "https")
	}
	return secure
}

// forwardedFor reads X-Forwarded-For and -Proto. What a trusted proxy did not write as an address ends
// the chain.
func (p *proxies) forwardedFor(r *http.Request, addr netip.Addr, secure bool) (netip.Addr, bool) {
	secure = protoHeader(r, secure)
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for _, hop := range slices.Backward(hops) {
		a := node(hop)
		if !a.IsValid() {
			break
		}
		if addr = a; !p.trusted(addr) {
			break
		}
	}
	return addr, secure
}

// forwarded reads Forwarded (RFC 7239) by the same rule; each element has a proto of its own.
func (p *proxies) forwarded(r *http.Request, addr netip.Addr, secure bool) (netip.Addr, bool) {
	rest := strings.Join(r.Header.Values("Forwarded"), ",")
	for rest != "" {
		var last string
		rest, last = lastElement(rest)
		h := forwardedHop(last)
		if !h.addr.IsValid() {
			break
		}
		if h.proto {
			secure = h.secure
		}
		if addr = h.addr; !p.trusted(addr) {
			break
		}
	}
	return addr, secure
}

// trusted reports whether a is a proxy's; the zero address, that of Unix sockets, by the zero prefix.
func (p *proxies) trusted(a netip.Addr) bool {
	if !a.IsValid() {
		return slices.Contains(p.list, netip.Prefix{})
	}
	return slices.ContainsFunc(p.list, func(one netip.Prefix) bool { return one.Contains(a) })
}

// clientKey is what limits per address count by: one IPv4 address, or one IPv6 network, since a single
// subscriber holds a whole /64.
func (g *Gateway) clientKey(a netip.Addr) netip.Prefix {
	if a.Is4() || !a.IsValid() {
		return netip.PrefixFrom(a, 32)
	}
	p, _ := a.WithZone("").Prefix(g.prefix) // 1 to 128 fit every IPv6 address
	return p
}
