package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"

	"github.com/siogw/siogw/engine"
	"github.com/siogw/siogw/internal/config"
	"github.com/siogw/siogw/internal/listen"
)

const (
	modeOff     = config.Mode(engine.Off)
	modeMonitor = config.Mode(engine.Monitor)
)

// Serve listens, tells ready the addresses, and serves until ctx ends; then it drains for at most ten
// seconds and releases everything. An error that a listener could not be opened names its key.
func (a *App) Serve(ctx context.Context, ready func(clients, admin net.Addr)) error {
	limitMemory(&a.cfg.Limits)
	fail := func(err error) error { return errors.Join(err, a.Stop(context.WithoutCancel(ctx))) }
	clients, err := a.listenClients()
	if err != nil {
		return fail(err)
	}
	var admin net.Listener
	var adminAddr net.Addr
	if a.cfg.Admin.Listen != "" {
		admin, err = open(a.cfg, "admin.listen", a.cfg.Admin.Listen)
		switch {
		case err == nil:
			adminAddr = admin.Addr()
		case a.cfg.Given("admin.listen"):
			return fail(errors.Join(err, clients.Close()))
		default: // a second gateway on one machine; nobody asked for this address
			a.logger.Warn("NO ADMIN LISTENER: its default address is taken; set admin.listen", "error", err)
			admin = nil
		}
	}
	ready(clients.Addr(), adminAddr)
	return a.serve(ctx, clients, admin)
}

func (a *App) serve(ctx context.Context, clients, admin net.Listener) error {
	ended := make(chan error, 2)
	front, back := a.server(a.Handler()), a.server(a.Admin())
	countLateHeaders(front, func() { a.gateway.CountRefused(engine.CodeSlowHeaders) })
	if a.cfg.TLS.On() && a.cfg.TLS.HTTP2 {
		front.Protocols.SetHTTP2(true)
		front.HTTP2 = &http.HTTP2Config{MaxConcurrentStreams: maxStreams, SendPingTimeout: idleTimeout, WriteByteTimeout: writeTimeout}
	}
	defer a.background(ctx)()
	go func() { ended <- front.Serve(clients) }()
	running := 1
	if admin != nil {
		running++
		go func() { ended <- back.Serve(admin) }()
	}
	var err error
	select {
	case <-ctx.Done():
		a.logger.Info("draining", "sessions", a.gateway.Stats().Open)
	case err = <-ended: // a listener broke
		running--
	}
	err = errors.Join(err, a.drain(front, back))
	for range running {
		<-ended
	}
	return err
}

// drain stops taking clients, ends the sessions, then the rest; the admin listener last, so that it can tell.
func (a *App) drain(front, back *http.Server) error {
	ctx, cancel := context.WithTimeout(context.Background(), drainTimeout)
	defer cancel()
	a.draining.Store(true)
	stopped := make(chan error, 1)
	go func() { stopped <- front.Shutdown(ctx) }() // returns when the polls are gone, which the next ends
	err := a.gateway.Shutdown(ctx)
	err = errors.Join(err, <-stopped)
	if err != nil {
		err = fmt.Errorf("not everything ended within %s: %w", drainTimeout, err)
		err = errors.Join(err, front.Close())
	}
	return errors.Join(err, a.close(ctx), back.Close())
}

func (a *App) server(h http.Handler) *http.Server {
	lim := &a.cfg.Limits.HTTP
	s := &http.Server{
		Handler: h, ReadHeaderTimeout: lim.HeaderTime, IdleTimeout: idleTimeout,
		MaxHeaderBytes: max(maxHeader, int(lim.Header+lim.URL)), // beyond it nothing is read that the gateway could judge
		Protocols:      new(http.Protocols),
		ErrorLog:       slog.NewLogLogger(a.logger.Handler(), slog.LevelDebug), // what clients get wrong
	}
	s.Protocols.SetHTTP1(true) // WebSocket upgrades are of HTTP/1.1 only
	return s
}

// loopback reports whether only this machine reaches addr.
func loopback(addr string) bool {
	if _, unix := listen.SocketPath(addr); unix {
		return true
	}
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return false
	}
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
}
