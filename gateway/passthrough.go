package gateway

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/http/httputil"
	"net/netip"
	"net/url"
	"path"
	"regexp"
	"strings"
	"time"

	"github.com/siogw/siogw/engine"
	"github.com/siogw/siogw/internal/shields"
)

// clientBundle matches the files that a Socket.IO server serves beside Engine.IO (socket.io 4.8,
// lib/index.ts, attachServe): the only names under Path that pass as plain HTTP.
var clientBundle = regexp.MustCompile(`^socket\.io(\.msgpack|\.esm)?(\.min)?\.js(\.map)?$`)

// newPassthrough makes the handler of plain HTTP for other paths.
func (g *Gateway) newPassthrough(t *target) *httputil.ReverseProxy {
	return &httputil.ReverseProxy{
		Transport: t.http,
		Rewrite:   func(r *httputil.ProxyRequest) { g.rewrite(r, t) },
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, err error) {
			if slowBody(w, err) {
				g.turn(w, http.StatusRequestTimeout, engine.CodeSlowBody)
				return
			}
			var dial *net.OpError
			if errors.As(err, &dial) && dial.Op == "dial" {
				t.note(err)
			}
			http.Error(w, "upstream unavailable", http.StatusBadGateway)
		},
		ErrorLog: slog.NewLogLogger(g.opt.Logger.Handler(), slog.LevelDebug),
	}
}

// rewrite makes the upstream's request of a client's.
func (g *Gateway) rewrite(r *httputil.ProxyRequest, t *target) {
	if p := t.pool; p.Path != p.ClientPath { // the bundle lies beside Engine.IO; guarded let nothing else of the folder pass
		if name, under := strings.CutPrefix(r.Out.URL.Path, p.ClientPath); under {
			r.Out.URL.Path, r.Out.URL.RawPath = strings.TrimSuffix(p.Path, "/")+"/"+name, ""
		}
	}
	r.SetURL(t.url)
	r.Out.Host = r.In.Host
	r.SetXForwarded()
	for _, claim := range []string{"X-Real-Ip", "X-Client-Ip", "True-Client-Ip", "Cf-Connecting-Ip"} { // the client's own word
		r.Out.Header.Del(claim)
	}
	from, _ := r.In.Context().Value(peerKey{}).(peer) // servePlain's
	if from.addr.IsValid() {
		r.Out.Header.Set("X-Forwarded-For", from.addr.String())
	} else {
		r.Out.Header.Del("X-Forwarded-For")
	}
	if from.secure {
		r.Out.Header.Set("X-Forwarded-Proto", "https")
	}
}

// peer is who a request of plain HTTP comes from, as its rules have it.
type peer struct {
	addr   netip.Addr
	secure bool
}

// peerKey is where its context has the peer.
type peerKey struct{}

// servePlain answers what is not Engine.IO. The upstream's Engine.IO must not be reached this way under
// any spelling of its path: the reference matches it as a prefix of the raw URL, and servers in between
// may clean or decode it first.
func (g *Gateway) servePlain(by *request, w http.ResponseWriter, r *http.Request) {
	gen := by.gen
	gen.Shields.Count(shields.OfPath(r, strings.TrimPrefix(r.URL.Path, g.opt.Path)))
	by.done() // the answer may take long
	p := g.plainPool(r)
	switch {
	case p == nil, g.guarded(r.URL), r.Method == http.MethodConnect:
		http.NotFound(w, r)
	case r.Header.Get("Upgrade") != "": // CVE-2022-41940: a foreign upgrade is never forwarded
		w.Header().Set("Connection", "close")
		http.Error(w, "upgrade not supported here", http.StatusBadRequest)
	default:
		addr, secure := gen.address(r)
		w, done := g.paced(&gen.Limits.HTTP, w, r)
		defer done()
		p.order(p.stickyKey(r, addr), time.Now())[0].plain.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), peerKey{}, peer{addr, secure})))
	}
}

// guarded reports whether u is, or may be read as, a path of Engine.IO at the upstream.
func (g *Gateway) guarded(u *url.URL) bool {
	if strings.ContainsFunc(u.Path, func(c rune) bool { return c == '\\' || c < 0x20 || c == 0x7f }) {
		return true
	}
	for _, prefix := range g.guards {
		rest, under := cutFolder(path.Clean("/"+u.Path), prefix)
		if !under {
			continue
		}
		plain := u.EscapedPath() == prefix+"/"+rest
		if !plain || !clientBundle.MatchString(rest) {
			return true
		}
	}
	return false
}

// cutFolder reports whether p is folder or lies in it, in any case of letters, and gives what follows.
func cutFolder(p, folder string) (rest string, under bool) {
	if len(p) < len(folder) || !strings.EqualFold(p[:len(folder)], folder) {
		return "", false
	}
	switch rest = p[len(folder):]; {
	case rest == "":
		return "", true
	case rest[0] == '/':
		return rest[1:], true
	}
	return "", false
}
