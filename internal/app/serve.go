package app

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"syscall"
	"time"

	"github.com/siogw/siogw/engine"
	"github.com/siogw/siogw/internal/config"
)

const (
	modeOff     = config.Mode(engine.Off)
	modeMonitor = config.Mode(engine.Monitor)
)

// Serve listens, tells ready the addresses, and serves until ctx ends; then it drains for at most ten
// seconds and releases everything. An error that a listener could not be opened names its key.
func (a *App) Serve(ctx context.Context, ready func(clients, admin net.Addr)) error {
	fail := func(err error) error { return errors.Join(err, a.Stop(context.WithoutCancel(ctx))) }
	clients, err := a.listenClients()
	if err != nil {
		return fail(err)
	}
	var admin net.Listener
	var adminAddr net.Addr
	if a.cfg.Admin.Listen != "" {
		if admin, err = listen(a.cfg, "admin.listen", a.cfg.Admin.Listen); err != nil {
			return fail(errors.Join(err, clients.Close()))
		}
		adminAddr = admin.Addr()
	}
	ready(clients.Addr(), adminAddr)
	return a.serve(ctx, clients, admin)
}

func (a *App) serve(ctx context.Context, clients, admin net.Listener) error {
	ended := make(chan error, 2)
	front, back := a.server(a.Handler()), a.server(a.Admin())
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
	s := &http.Server{
		Handler: h, ReadHeaderTimeout: headerTimeout, IdleTimeout: idleTimeout, MaxHeaderBytes: maxHeader,
		Protocols: new(http.Protocols),
		ErrorLog:  slog.NewLogLogger(a.logger.Handler(), slog.LevelDebug), // what clients get wrong
	}
	s.Protocols.SetHTTP1(true) // WebSocket upgrades are of HTTP/1.1
	return s
}

func (a *App) listenClients() (net.Listener, error) {
	var conf *tls.Config
	if a.cfg.TLS.CertFile != "" {
		cert, err := LoadCertificate(a.cfg)
		if err != nil {
			return nil, err
		}
		conf = &tls.Config{MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{cert}, NextProtos: []string{"http/1.1"}}
	}
	l, err := listen(a.cfg, "listen", a.cfg.Listen)
	if err != nil || conf == nil {
		return l, err
	}
	return tls.NewListener(l, conf), nil
}

// LoadCertificate reads the certificate and its key.
func LoadCertificate(cfg *config.Config) (tls.Certificate, error) {
	cert, err := tls.LoadX509KeyPair(string(cfg.TLS.CertFile), string(cfg.TLS.KeyFile))
	if err != nil {
		return cert, cfg.Error("tls", err)
	}
	if leaf := cert.Leaf; leaf != nil && time.Now().After(leaf.NotAfter) {
		return cert, cfg.Error("tls.cert_file", fmt.Errorf("the certificate expired on %s", leaf.NotAfter.Format(time.DateOnly)))
	}
	return cert, nil
}

func listen(cfg *config.Config, key, addr string) (net.Listener, error) {
	l, err := net.Listen("tcp", addr)
	if errors.Is(err, syscall.EADDRINUSE) {
		err = fmt.Errorf("%s is in use by another process", addr)
	}
	if err != nil {
		return nil, cfg.Error(key, err)
	}
	return l, nil
}

// loopback reports whether only this machine reaches addr.
func loopback(addr string) bool {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return false
	}
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
}
