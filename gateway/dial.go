package gateway

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/siogw/siogw/engineio/eioclient"
	"github.com/siogw/siogw/engineio/eioserver"
)

// dialPool opens the upstream's session of a handshake at the pool's first choice of a server, or at the
// next one when that is not there. opts lacks where to dial. Its error wraps an [eioclient.Refused] where a
// server has refused.
func (g *Gateway) dialPool(o *eioserver.Opening, p *pool, opts eioclient.Options) (*eioclient.Session, *target, error) {
	client := o.Request.Context()
	ctx, cancel := context.WithTimeout(client, dialTimeout)
	defer cancel()
	var failed []error
	list := p.order(p.stickyKey(o.Request, o.Addr), time.Now())
	for i, t := range list {
		up, err := t.open(ctx, opts, len(list)-i)
		switch {
		case err == nil:
			if i > 0 {
				p.failovers.Add(1)
			}
			t.note(nil)
			t.opened.Add(1)
			t.sessions.Add(1)
			return up, t, nil
		case client.Err() != nil: // the client left, which says nothing of the server
			return nil, nil, err
		case !t.heard(err):
			return nil, nil, fmt.Errorf("%s: %w", t.address, err)
		}
		failed = append(failed, fmt.Errorf("%s: %w", t.address, err))
	}
	return nil, nil, errors.Join(failed...)
}

// heard notes what the error of a handshake says of the server, and reports whether another is to be tried.
// An answer of the application, even 500, is for the client that it was given to: whoever can provoke one
// must not be able to take the server away from others.
func (t *target) heard(err error) (next bool) {
	var no *eioclient.Refused
	if !errors.As(err, &no) {
		t.failing.Add(1)
		t.note(err)
		return true
	}
	switch no.Status {
	case http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		t.failing.Add(1)
		t.note(err)
		return true
	}
	t.refused.Add(1)
	if no.Status < 500 {
		t.note(nil)
	}
	return false
}

// tryTimeout bounds one server's part of a handshake while there are others to try.
const tryTimeout = 3 * time.Second

// open dials one server of as many as are left to try.
func (t *target) open(ctx context.Context, opts eioclient.Options, left int) (*eioclient.Session, error) {
	if left > 1 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, tryTimeout)
		defer cancel()
	}
	u := *t.url
	u.Path = t.pool.Path
	opts.URL, opts.Socket = &u, t.socket
	return eioclient.Dial(ctx, opts)
}
