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
	opts      *Options // by which it is judged
}

// own are the query keys of Engine.IO. Servers differ in which of two values counts, so each comes once at most.
var own = [...]string{"EIO", "transport", "sid", "j", "t", "b64"}

// asked is what a request asks for.
type asked struct {
	*http.Request
	query url.Values
	bad   error    // of the query
	found *Session // that has the sid; nil for none
}

func (s *Server) asked(r *http.Request) *asked {
	a := &asked{Request: r}
	if a.query, a.bad = url.ParseQuery(r.URL.RawQuery); a.query.Has("sid") {
		a.found = s.find(a.query.Get("sid"))
	}
	return a
}

// verify looks at a request in the order of the reference server. The result is never nil.
func (a *asked) verify(o *Options) (*request, error) {
	r, q := a.Request, a.query
	req := &request{Request: r, upgrade: websocket.IsWebSocketUpgrade(r), opts: o}
	req.addr, req.secure = o.Address(r)
	if !o.originAllowed(r) {
		return req, &engineio.Error{Code: engineio.Forbidden, Status: http.StatusForbidden, Message: "Origin not allowed"}
	}
	if a.bad != nil {
		return req, &engineio.Error{Code: engineio.BadRequest, Cause: a.bad}
	}
	for _, key := range own {
		if len(q[key]) > 1 {
			return req, &engineio.Error{Code: engineio.BadRequest}
		}
	}
	req.transport, req.jsonp, req.index = q.Get("transport"), q.Has("j"), q.Get("j")
	req.base64 = q.Get("b64") != ""
	i := slices.Index(o.Transports, req.transport)
	if i < 0 {
		return req, &engineio.Error{Code: engineio.UnknownTransport}
	}
	req.transport = o.Transports[i] // the session keeps it, and not the request line
	switch eio := q.Get("EIO"); {
	case eio == "4":
		req.eio = 4
	case eio == "3" && o.EIO3:
		req.eio = 3
	}
	if q.Has("sid") {
		return req, verifySession(req, a.found)
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

func verifySession(req *request, found *Session) error {
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
func (o *Options) originAllowed(r *http.Request) bool {
	origins := r.Header["Origin"]
	if len(origins) == 0 {
		// A script element sends none, and JSONP gives its page the answer; but it says where it stands
		// (Fetch Metadata, Sec-Fetch-Site).
		site := r.Header.Get("Sec-Fetch-Site")
		if o.OriginRequired {
			return site == "same-origin"
		}
		return site != "cross-site" && site != "same-site"
	}
	if len(origins) > 1 {
		return false
	}
	if len(o.Origins) > 0 {
		return slices.Contains(o.Origins, origins[0])
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
