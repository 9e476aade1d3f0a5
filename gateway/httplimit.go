package gateway

import (
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/siogw/siogw/engine"
	"github.com/siogw/siogw/engineio"
	"github.com/siogw/siogw/engineio/eioserver"
	"github.com/siogw/siogw/internal/shields"
)

// turnAway answers a request that is refused before any work is done: of a banned address, or above the limits
// of HTTP. It reports whether it did.
func (g *Gateway) turnAway(gen *generation, w http.ResponseWriter, r *http.Request) bool {
	if g.bans.any() {
		addr, _ := gen.address(r)
		if until, banned := g.bans.address(g.clientKey(addr), time.Now()); banned {
			w.Header().Set("Retry-After", strconv.Itoa(int(time.Until(until)/time.Second)+1))
			g.turn(w, http.StatusTooManyRequests, engine.CodeBanned)
			return true
		}
	}
	if status, code := gen.Limits.HTTP.check(r); code != engine.CodeNone {
		gen.Shields.Count(shields.OfHeader(r.Header))
		g.turn(w, status, code)
		return true
	}
	return false
}

func (g *Gateway) turn(w http.ResponseWriter, status int, code engine.Code) {
	g.stats.refuse(code)
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Connection", "close")
	w.WriteHeader(status)
	_, _ = w.Write(engineio.ErrorBody(&engineio.Error{Code: engineio.Forbidden, Message: code.String()})) // a client that is gone needs no answer
}

// check gives the answer to a request above the limits.
func (l *HTTPLimits) check(r *http.Request) (status int, code engine.Code) {
	if l.URL > 0 && len(r.RequestURI) > l.URL {
		return http.StatusRequestURITooLong, engine.CodeURL
	}
	count, bytes, cookie := 0, 0, 0
	for name, values := range r.Header {
		count += len(values)
		for _, v := range values {
			bytes += len(name) + len(v)
			if name == "Cookie" {
				cookie += len(v)
			}
		}
	}
	const tooLarge = http.StatusRequestHeaderFieldsTooLarge
	switch {
	case l.Cookie > 0 && cookie > l.Cookie:
		return tooLarge, engine.CodeCookie
	case l.Headers > 0 && count > l.Headers:
		return tooLarge, engine.CodeHeaderCount
	case l.Header > 0 && bytes > l.Header:
		return tooLarge, engine.CodeHeaderBytes
	}
	return 0, engine.CodeNone
}

// countRefused counts what Engine.IO refused for a limit.
func (g *Gateway) countRefused(err error) {
	if errors.Is(err, eioserver.ErrUpgrades) {
		g.stats.refuse(engine.CodeUpgrades)
	}
}
