package gateway

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"sync"
	"sync/atomic"
	"time"
)

// target is one server of a pool.
type target struct {
	pool    *pool
	address string   // as it was configured
	url     *url.URL // scheme and host; those of a Unix socket are http and localhost
	socket  string   // path of a Unix socket, "" for none
	http    *http.Transport
	plain   *httputil.ReverseProxy
	logger  *slog.Logger

	sessions                 atomic.Int64
	opened, refused, failing atomic.Uint64 // handshakes

	mu       sync.Mutex // a leaf
	down     bool
	known    bool // something was heard of it
	failures int  // in a row
	since    time.Time
	last     error // why it is down
}

func (g *Gateway) newTarget(p *pool, address *url.URL) (*target, error) {
	t := &target{pool: p, address: address.String(), logger: g.opt.Logger}
	switch {
	case address.Scheme == "unix" && address.Path != "":
		t.address, t.socket, t.url = "unix:"+address.Path, address.Path, &url.URL{Scheme: "http", Host: "localhost"}
	case (address.Scheme == "http" || address.Scheme == "https") && address.Host != "":
		t.url = &url.URL{Scheme: address.Scheme, Host: address.Host}
	default:
		return nil, fmt.Errorf("%q is no URL of a server", t.address)
	}
	t.http = &http.Transport{ // the standard library's defaults, less proxies: an upstream is no web site
		DialContext: t.dial, TLSHandshakeTimeout: dialTimeout, IdleConnTimeout: 90 * time.Second,
		MaxIdleConnsPerHost: 16, ForceAttemptHTTP2: true, ExpectContinueTimeout: time.Second,
	}
	t.plain = g.newPassthrough(t)
	return t, nil
}

// dial connects to the server's own port or socket.
func (t *target) dial(ctx context.Context, network, addr string) (net.Conn, error) {
	if t.socket != "" {
		network, addr = "unix", t.socket
	}
	d := net.Dialer{Timeout: dialTimeout}
	return d.DialContext(ctx, network, addr)
}

// reach opens a connection and closes it.
func (t *target) reach(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, t.pool.Health.Timeout)
	defer cancel()
	port := t.url.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[t.url.Scheme]
	}
	conn, err := t.dial(ctx, "tcp", net.JoinHostPort(t.url.Hostname(), port))
	if err != nil {
		return err
	}
	return conn.Close()
}

// usable reports whether sessions are to go there: it is up, or nobody checks it and it is time to try again.
func (t *target) usable(now time.Time) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return !t.down || t.pool.Health.Check == "" && now.Sub(t.since) >= t.pool.Health.Interval
}

// note takes the outcome of a check or of a handshake: nil where the server answered.
func (t *target) note(err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	was := t.down
	t.known, t.last = true, err
	if err == nil {
		t.failures, t.down = 0, false
	} else {
		t.failures++
		t.down, t.since = t.failures >= t.pool.Health.Failures, time.Now()
	}
	switch {
	case t.down && !was:
		t.logger.Warn("upstream down", "upstream", t.pool.Name, "server", t.address, "error", err)
	case was && !t.down:
		t.logger.Info("upstream up", "upstream", t.pool.Name, "server", t.address)
	}
}

// state gives what is known: whether it is down, and whether anything was heard at all.
func (t *target) state() (down, known bool, last error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.down, t.known, t.last
}

// leave is called once for each session that was opened there.
func (t *target) leave() {
	if t != nil {
		t.sessions.Add(-1)
	}
}
