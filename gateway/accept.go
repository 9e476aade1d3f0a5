package gateway

import (
	"cmp"
	"errors"
	"maps"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"github.com/siogw/siogw/engine"
	"github.com/siogw/siogw/engineio"
	"github.com/siogw/siogw/engineio/eioclient"
	"github.com/siogw/siogw/engineio/eioserver"
	"github.com/siogw/siogw/internal/shields"
)

// dialTimeout bounds the upstream's part of a handshake.
const dialTimeout = 10 * time.Second

// accept decides a handshake and opens the session at the upstream before the client is answered, so
// that an upstream's refusal, cookies and headers reach the client as if there were no gateway.
func (g *Gateway) accept(o *eioserver.Opening) (engineio.Handler, error) {
	s := g.newSession(o)
	s.gen.Shields.Count(shields.OfHeader(o.Request.Header))
	in := s.input(engine.Handshake, engine.In, nil)
	in.Turn = nil // a handshake holds up nobody
	if code := s.room(in.Time); code != engine.CodeNone {
		defer s.gen.release()
		return nil, s.turnDown(in, code, nil)
	}
	o.Account = s.memory.add
	s.memory.add(sessionMemory)
	if err := g.open(s, o, in); err != nil {
		s.abandon()
		return nil, err
	}
	s.tellCookie(o)
	g.stats.open.Add(1)
	g.stats.opened.Add(1)
	s.enter()
	return s.down, nil
}

// Serves reports whether Engine.IO answers at a path.
func (g *Gateway) Serves(path string) bool { return g.routes[path] != nil }

// tellCookie does what the option cookie of engine.io does (lib/server.ts, generateId and "headers"): the
// upstream cannot, since it sets it on polling handshakes only, and none reaches it.
func (s *session) tellCookie(o *eioserver.Opening) {
	name := s.gen.Cookie
	if name == "" || o.Transport != "polling" {
		return
	}
	sid := o.ID
	if o.SID != "" {
		sid = o.SID
	}
	c := http.Cookie{Name: name, Value: sid, Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: o.Secure}
	o.Header.Add("Set-Cookie", c.String())
}

func (g *Gateway) open(s *session, o *eioserver.Opening, in *engine.Input) error {
	id, denial := s.gen.verify(Credentials{Request: s.said().request, Addr: s.addr})
	if denial != nil {
		return s.turnDown(in, denial.Code, errors.New(denial.Reason))
	}
	s.identity, in.Identity = id, id
	if _, code := s.own(id, in.Time); code != engine.CodeNone {
		return s.turnDown(in, code, nil)
	}
	d := s.gen.Engine.Decide(o.Request.Context(), in)
	s.log(in, &d)
	if d.Effect != engine.Allow {
		s.respond(in, &d)
		return refused(&d.Denial)
	}
	if !s.down.v4() && s.up.v4() {
		s.late = &late{dial: s.dialLate}
		return nil
	}
	var extra url.Values
	if s.down.v4() && s.up.v4() {
		var ok bool
		if extra, ok = s.enterMain(); !ok {
			return nil // the client reads why in its first packet
		}
	}
	opts, err := s.dialOptions(o, extra)
	if err != nil {
		return s.turnDown(in, engine.CodeTell, err)
	}
	up, target, err := g.dialPool(o, g.poolOf(o.Request), opts)
	if err != nil {
		return s.upstreamError(in, err)
	}
	copyAnswer(o.Header, up.Response())
	told := up.Handshake()
	if n := told.MaxPayload; n > 0 && n < o.MaxPayload {
		o.MaxPayload = n
	}
	s.up.eio, s.target = up, target
	up.Start(s.up)
	switch {
	case s.down.v4() && s.up.v4(): // socket.id is the sid there, and must be what the server knows
		o.SID = told.SID
	case s.down.v4():
		s.enterMain()
	}
	return nil
}

func (g *Gateway) newSession(o *eioserver.Opening) *session {
	r := o.Request
	s := &session{g: g, client: o.Session, addr: o.Addr, gen: g.takeFor(r)}
	s.memory.m = &g.memory
	s.hello = newHello(r)
	s.facts = newFacts(&http.Request{Header: r.Header, URL: r.URL, Host: r.Host, TLS: r.TLS}, o.Addr)
	s.base = base{id: o.ID, eio: uint8(o.EIO), secure: o.Secure, transport: o.Transport, opened: time.Now()}
	s.payload = cmp.Or(o.MaxPayload, s.gen.Limits.Payload)
	s.down = &end{s: s, dir: engine.In, eio: o.Session}
	s.up = &end{s: s, dir: engine.Out, peer: s.down}
	s.down.peer, s.up.eio = s.up, nowhere{}
	s.down.revision, s.up.revision = revisionOf(o.EIO), revisionOf(g.poolOf(o.Request).upstreamEIO(o.EIO))
	return s
}

// dialOptions says how the upstream's session is opened. What a decision put into extra goes before the client's own query.
func (s *session) dialOptions(o *eioserver.Opening, extra url.Values) (eioclient.Options, error) {
	g := s.g
	header, query := upstreamHeader(o.Request, o.Addr, o.Secure), o.Request.URL.Query()
	if err := s.tellHandshake(header, query); err != nil {
		return eioclient.Options{}, err
	}
	maps.Copy(query, extra)
	return eioclient.Options{
		Header:    header,
		EIO:       g.poolOf(o.Request).upstreamEIO(o.EIO),
		Query:     query,
		Payload:   &g.upstreamPayload,
		HighWater: highWater,
		Account:   o.Account,
		HardLimit: highWater + 2*s.payload,
		Seat:      o.Seat,
		Logger:    g.opt.Logger,
	}, nil
}

// forwarded are the client's headers that the upstream sees; everything else stays at the gateway.
var forwarded = []string{"Cookie", "User-Agent", "Accept-Language", "Authorization"}

func upstreamHeader(r *http.Request, addr netip.Addr, secure bool) http.Header {
	h := http.Header{}
	for _, name := range forwarded {
		if v := r.Header.Values(name); len(v) > 0 {
			h[name] = v
		}
	}
	if own := hideCookie(h["Cookie"]); own != nil {
		h["Cookie"] = own
	}
	if addr.IsValid() {
		h.Set("X-Forwarded-For", addr.String())
	}
	h.Set("X-Forwarded-Proto", "http")
	if secure {
		h.Set("X-Forwarded-Proto", "https")
	}
	h.Set("X-Forwarded-Host", r.Host)
	return h
}

// copyAnswer puts what the upstream's 101 says of its own onto the client's handshake answer.
func copyAnswer(to, from http.Header) {
	for name, values := range from {
		switch {
		case strings.HasPrefix(name, "Sec-Websocket-"), strings.HasPrefix(name, "Access-Control-"):
		case name == "Upgrade", name == "Connection", name == "Date", name == "Vary", name == "Server",
			name == "Keep-Alive", name == "Transfer-Encoding", name == "Content-Length", name == "Content-Type":
		default:
			to[name] = values
		}
	}
}

// refused turns a denial into the answer to a handshake.
func refused(d *engine.Denial) error {
	status := http.StatusForbidden
	if d.Code.RateLimited() {
		status = http.StatusTooManyRequests
	}
	return &engineio.Error{Code: engineio.Forbidden, Status: status, Message: d.Reason}
}

// upstreamError maps an upstream that refuses, or does not answer, to what the client sees.
func (s *session) upstreamError(in *engine.Input, err error) error {
	if d := s.upstreamDenial(in, err); d.Code == engine.CodeUpstreamDown {
		return &engineio.Error{Code: engineio.UpstreamUnavailable, Status: http.StatusServiceUnavailable, Cause: err}
	}
	var no *eioclient.Refused
	errors.As(err, &no)
	return refusalOf(no)
}

// upstreamDenial logs an upstream that refuses (CodeUpstreamRefused, err being an *eioclient.Refused) or is not there.
func (s *session) upstreamDenial(in *engine.Input, err error) engine.Decision {
	code := engine.CodeUpstreamDown
	var no *eioclient.Refused
	if errors.As(err, &no) && no.Status < 500 {
		code = engine.CodeUpstreamRefused
	} else {
		s.g.opt.Logger.Warn("upstream unavailable", "error", err)
	}
	d := failed(code, err)
	s.log(in, &d)
	return d
}

// failed is the refusal of what went wrong with err.
func failed(code engine.Code, err error) engine.Decision {
	d := engine.Refuse(code, "")
	d.Steps = []engine.Step{{Plugin: "gateway", Verdict: engine.Failed(code, err)}}
	return d
}

// refusalOf gives the reference's own code for a message of the reference; any other message is an
// application's (allowRequest), which the reference sends as Forbidden.
func refusalOf(no *eioclient.Refused) error {
	for code := engineio.UnknownTransport; code <= engineio.UnsupportedRevision; code++ {
		if no.Message == code.String() {
			return &engineio.Error{Code: code}
		}
	}
	return &engineio.Error{Code: engineio.Forbidden, Message: no.Message}
}

// lowerHeaders gives headers as policies see them.
func lowerHeaders(h http.Header) map[string]string {
	m := make(map[string]string, len(h))
	for name, values := range h {
		m[strings.ToLower(name)] = strings.Join(values, ", ")
	}
	return m
}

func lastValues(q url.Values) map[string]string {
	m := make(map[string]string, len(q))
	for key, values := range q {
		m[key] = values[len(values)-1]
	}
	return m
}
