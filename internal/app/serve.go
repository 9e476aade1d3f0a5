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
	front, back := a.openDoors(clients), a.server(a.cfg, a.Admin())
	defer a.background(ctx)()
	go func() { ended <- front.run() }()
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
func (a *App) drain(front *doors, back *http.Server) error {
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

// openDoors serves the listener of the clients, by what is in force whenever a connection comes.
func (a *App) openDoors(clients net.Listener) *doors {
	a.reloads.mu.Lock()
	defer a.reloads.mu.Unlock()
	a.doors = newDoors(clients, a.frontServer(a.current.Load().cfg), a.gateway.Serves, a.slowHeaders)
	return a.doors
}

// frontServer gives what serves clients.
func (a *App) frontServer(cfg *config.Config) *http.Server {
	front := a.server(cfg, a.Handler())
	countLateHeaders(front, a.slowHeaders)
	if cfg.TLS.On() && cfg.TLS.HTTP2 {
		front.Protocols.SetHTTP2(true)
		front.HTTP2 = &http.HTTP2Config{MaxConcurrentStreams: maxStreams, SendPingTimeout: idleTimeout, WriteByteTimeout: writeTimeout}
	}
	return front
}

func (a *App) slowHeaders() { a.gateway.CountRefused(engine.CodeSlowHeaders) }

// changeDoors has connections that come from now on served by what cfg says of them, where that differs.
func (a *App) changeDoors(before, cfg *config.Config) {
	was, is := &before.Limits.HTTP, &cfg.Limits.HTTP
	if a.doors != nil && (was.HeaderTime != is.HeaderTime || headerBytes(before) != headerBytes(cfg)) {
		a.doors.change(a.frontServer(cfg))
	}
}

// headerBytes is what is read of a request's header: nothing beyond what the gateway could judge.
func headerBytes(cfg *config.Config) int {
	return max(maxHeader, int(cfg.Limits.HTTP.Header+cfg.Limits.HTTP.URL))
}

func (a *App) server(cfg *config.Config, h http.Handler) *http.Server {
	s := &http.Server{
		Handler: h, ReadHeaderTimeout: cfg.Limits.HTTP.HeaderTime, IdleTimeout: idleTimeout,
		MaxHeaderBytes: headerBytes(cfg),
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
