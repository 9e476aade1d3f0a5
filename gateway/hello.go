package gateway

import (
	"crypto/tls"
	"encoding/binary"
	"maps"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"unique"
)

// hello is what a client said in its handshake, kept as long as the session is: a CONNECT is verified against it, and
// policies see it. Browsers of a kind say the same but for a few headers, so that part is held once for all of them.
type hello struct {
	shared unique.Handle[string] // path, host, then names and values of headers, each after its length
	own    string                // query, then the same
	tls    *tls.ConnectionState  // nil without
}

func newHello(r *http.Request) hello {
	shared := appendText(appendText(nil, r.URL.Path), r.Host)
	own := appendText(nil, r.URL.RawQuery)
	for _, name := range slices.Sorted(maps.Keys(r.Header)) { // in an order, or what is the same would not be found so
		for _, v := range r.Header[name] {
			if isShared(name) {
				shared = appendText(appendText(shared, name), v)
			} else {
				own = appendText(appendText(own, name), v)
			}
		}
	}
	return hello{unique.Make(string(shared)), string(own), r.TLS}
}

// isShared reports whether a header is the same for many clients.
func isShared(name string) bool {
	switch name {
	case "Accept", "Accept-Encoding", "Accept-Language", "Cache-Control", "Connection", "Dnt", "Origin", "Pragma", "Upgrade",
		"User-Agent", "Sec-Websocket-Extensions", "Sec-Websocket-Version", "X-Forwarded-Host", "X-Forwarded-Proto":
		return true
	}
	return strings.HasPrefix(name, "Sec-Fetch-") || strings.HasPrefix(name, "Sec-Ch-")
}

// request gives the handshake as a request: headers, URL, host and certificate.
func (h *hello) request() *http.Request {
	r := &http.Request{URL: &url.URL{}, Header: http.Header{}, TLS: h.tls}
	text := h.shared.Value()
	r.URL.Path, text = cutText(text)
	r.Host, text = cutText(text)
	takeHeaders(r.Header, text)
	r.URL.RawQuery, text = cutText(h.own)
	takeHeaders(r.Header, text)
	return r
}

func takeHeaders(h http.Header, text string) {
	for text != "" {
		var name, value string
		name, text = cutText(text)
		value, text = cutText(text)
		h[name] = append(h[name], value)
	}
}

func appendText(dst []byte, s string) []byte {
	return append(binary.AppendUvarint(dst, uint64(len(s))), s...)
}

// cutText takes the first of what appendText has put there.
func cutText(text string) (first, rest string) {
	n, at := uint64(0), 0
	for shift := 0; ; shift += 7 {
		c := text[at]
		at++
		if n |= uint64(c&0x7f) << shift; c < 0x80 {
			break
		}
	}
	return text[at : at+int(n)], text[at+int(n):]
}

// facts are a hello as it is worked with. They are not kept for a session that rests.
type facts struct {
	request        *http.Request
	headers, query map[string]string // as policies see them
	ip             string            // the same
}

func newFacts(r *http.Request, addr netip.Addr) *facts {
	f := &facts{request: r, headers: lowerHeaders(r.Header), query: lastValues(r.URL.Query())}
	if addr.IsValid() {
		f.ip = addr.String()
	}
	return f
}

// said gives what the client said in the handshake. s.mu is held, or the session is not open yet.
func (s *session) said() *facts {
	if s.facts == nil {
		s.facts = newFacts(s.hello.request(), s.addr)
	}
	return s.facts
}
