package gateway

import (
	"net/netip"
	"strings"
)

// hop is what one proxy wrote of its own peer.
type hop struct {
	addr   netip.Addr // not valid where it wrote none, or something else
	secure bool
	proto  bool // secure was said
}

// lastElement cuts the last element off a list of HTTP (RFC 9110, 5.6.1), and is not misled by what stands
// before it: read from the right, a quote that a client left open on its side swallows nothing of what the
// proxies have added.
func lastElement(list string) (rest, last string) {
	quoted := false
	for i := len(list) - 1; i >= 0; i-- {
		switch list[i] {
		case '"':
			quoted = !quoted
		case ',':
			if !quoted {
				return list[:i], list[i+1:]
			}
		}
	}
	return "", list
}

// forwardedHop reads one element of Forwarded (RFC 7239, 4): for=192.0.2.43;proto=https;by=203.0.113.60.
// A parameter that comes twice, and whatever else is no such element, gives no address.
func forwardedHop(element string) (h hop) {
	seen := map[string]bool{}
	for pair := range strings.SplitSeq(element, ";") {
		name, value, ok := strings.Cut(strings.TrimSpace(pair), "=")
		name = strings.ToLower(name)
		if !ok || seen[name] {
			return hop{}
		}
		seen[name] = true
		if n := len(value); n >= 2 && value[0] == '"' && value[n-1] == '"' {
			value = value[1 : n-1] // neither addresses nor schemes have anything to escape
		}
		switch name {
		case "for":
			h.addr = node(value)
		case "proto":
			h.secure, h.proto = strings.EqualFold(value, "https"), true
		}
	}
	return h
}

// node reads an address with or without a port; RFC 7239, 6, has those of IPv6 in brackets. The names
// unknown and _hidden give none.
func node(text string) netip.Addr {
	text = strings.TrimSpace(text)
	if a, err := netip.ParseAddr(text); err == nil {
		return a.Unmap()
	}
	if a, err := netip.ParseAddrPort(text); err == nil {
		return a.Addr().Unmap()
	}
	if inner, ok := strings.CutPrefix(text, "["); ok {
		if inner, ok = strings.CutSuffix(inner, "]"); ok {
			if a, err := netip.ParseAddr(inner); err == nil && a.Is6() {
				return a.Unmap()
			}
		}
	}
	return netip.Addr{}
}
