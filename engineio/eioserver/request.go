package eioserver

import (
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"github.com/gorilla/websocket"

	"github.com/siogw/siogw/engineio"
	"github.com/siogw/siogw/engineio/internal/wsconn"
)

// request is a request that was looked at, and nothing more read of it than its header.
type request struct {
	*http.Request
	addr      netip.Addr
	secure    bool
	eio       int // revision; 0 for one that is not spoken here
	transport string
	upgrade   bool // it asks for a WebSocket
	jsonp     bool
	base64    bool     // revision 3: no binary messages, please
	index     string   // of the JSONP script
	session   *Session // that it belongs to; nil for a handshake
}

// own are the query keys of Engine.IO. Servers differ in which of two values counts, so each comes once at most.
var own = [...]string{"EIO", "transport", "sid", "j", "t", "b64"}

// verify looks at r in the order of the reference server. The request is never nil.
func (s *Server) verify(r *http.Request) (*request, error) {
	req := &request{Request: r, upgrade: websocket.IsWebSocketUpgrade(r)}
	req.addr, req.secure = s.opts.Address(r)
	if !s.originAllowed(r) {
		return req, &engineio.Error{Code: engineio.Forbidden, Status: http.StatusForbidden, Message: "Origin not allowed"}
	}
	q, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return req, &engineio.Error{Code: engineio.BadRequest, Cause: err}
	}
	for _, key := range own {
		if len(q[key]) > 1 {
			return req, &engineio.Error{Code: engineio.BadRequest}
		}
	}
	req.transport, req.jsonp, req.index = q.Get("transport"), q.Has("j"), q.Get("j")
	req.base64 = q.Get("b64") != ""
	if !slices.Contains(s.opts.Transports, req.transport) {
		return req, &engineio.Error{Code: engineio.UnknownTransport}
	}
	switch eio := q.Get("EIO"); {
	case eio == "4":
		req.eio = 4
	case eio == "3" && s.opts.EIO3:
		req.eio = 3
	}
	if q.Has("sid") {
		return req, s.verifySession(req, q.Get("sid"))
	}
	return req, verifyHandshake(req)
}

func verifyHandshake(req *request) error {
	switch {
	case req.Method != http.MethodGet:
		return &engineio.Error{Code: engineio.BadHandshakeMethod}
	case req.upgrade != (req.transport == "websocket"):
		return &engineio.Error{Code: engineio.BadRequest}
	case req.eio == 0:
		return &engineio.Error{Code: engineio.UnsupportedRevision}
	}
	return verifyUpgrade(req)
}

func (s *Server) verifySession(req *request, sid string) error {
	found := s.find(sid)
	if found == nil || !found.owned(req) {
		return &engineio.Error{Code: engineio.UnknownSID}
	}
	switch {
	case req.upgrade != (req.transport == "websocket"),
		!req.upgrade && found.Transport() != req.transport,
		req.eio != found.eio:
		return &engineio.Error{Code: engineio.BadRequest}
	case req.Method != http.MethodGet && req.Method != http.MethodPost:
		return &engineio.Error{Code: engineio.BadHandshakeMethod}
	}
	req.session = found
	return verifyUpgrade(req)
}

// verifyUpgrade refuses what is no WebSocket handshake before the upstream is dialled for it.
func verifyUpgrade(req *request) error {
	if !req.upgrade {
		return nil
	}
	if err := wsconn.Check(req.Request); err != nil {
		return &engineio.Error{Code: engineio.BadRequest, Cause: err}
	}
	return nil
}

// originAllowed judges the Origin header (RFC 6454, 7), which browsers send with every request that a page of
// another origin may read the answer of, and with every WebSocket.
func (s *Server) originAllowed(r *http.Request) bool {
	origins := r.Header["Origin"]
	if len(origins) == 0 {
		// A script element sends none, and JSONP gives its page the answer; but it says where it stands
		// (Fetch Metadata, Sec-Fetch-Site).
		site := r.Header.Get("Sec-Fetch-Site")
		if s.opts.OriginRequired {
			return site == "same-origin"
		}
		return site != "cross-site" && site != "same-site"
	}
	if len(origins) > 1 {
		return false
	}
	if len(s.opts.Origins) > 0 {
		return slices.Contains(s.opts.Origins, origins[0])
	}
	return sameHost(origins[0], r.Host)
}

// sameHost compares an origin with a Host header, whose default port may be left out.
func sameHost(origin, host string) bool {
	scheme, rest, _ := strings.Cut(origin, "://")
	port, known := map[string]string{"http": ":80", "https": ":443"}[scheme]
	return known && rest != "" &&
		strings.EqualFold(strings.TrimSuffix(rest, port), strings.TrimSuffix(host, port))
}
