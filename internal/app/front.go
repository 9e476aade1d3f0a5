package app

import (
	"context"
	"crypto/tls"
	"errors"
	"io/fs"
	"net"
	"sync"

	"github.com/siogw/siogw/internal/config"
	"github.com/siogw/siogw/internal/listen"
)

// front is what the listener of the clients is made of. A field is nil where the configuration has none of it.
type front struct {
	mu      sync.Mutex // what is read while clients are served is made when that begins
	certs   *listen.Certificates
	proxied *listen.Proxied
}

func (f *front) set(certs *listen.Certificates, proxied *listen.Proxied) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.certs, f.proxied = certs, proxied
}

func (f *front) get() (certs *listen.Certificates, proxied *listen.Proxied) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.certs, f.proxied
}

// listenClients opens the listener: the socket, the PROXY protocol, TLS.
func (a *App) listenClients() (net.Listener, error) {
	certs, err := LoadCertificates(a.cfg)
	if err != nil {
		return nil, err
	}
	l, err := open(a.cfg, "listen", a.cfg.Listen)
	if err != nil {
		return nil, err
	}
	if len(a.cfg.ProxyProtocol.From) == 0 { // else the peers are proxies
		l = a.gateway.Guard(l)
	}
	var proxied *listen.Proxied
	if p := &a.cfg.ProxyProtocol; len(p.From) > 0 {
		proxied = listen.Proxy(l, peers(p.From), p.Timeout)
		l = proxied
	}
	if certs != nil {
		l = tls.NewListener(l, certs.Config())
	}
	a.front.set(certs, proxied)
	return l, nil
}

// LoadCertificates reads what the section tls names; nil for plain HTTP. Its errors name their keys.
func LoadCertificates(cfg *config.Config) (*listen.Certificates, error) {
	t := &cfg.TLS
	if !t.On() {
		return nil, nil
	}
	o := listen.TLSOptions{CertFile: string(t.CertFile), KeyFile: string(t.KeyFile), ClientCAFile: string(t.ClientCAFile),
		Optional: t.ClientAuth == "optional", HTTP2: t.HTTP2, MinVersion: tls.VersionTLS12}
	if t.MinVersion == "1.3" {
		o.MinVersion = tls.VersionTLS13
	}
	if a := &t.Auto; len(a.Domains) > 0 {
		var err error
		o.Auto, err = listen.NewAuto(listen.AutoOptions{Domains: a.Domains, Cache: string(a.Cache), Email: a.Email,
			Directory: a.Directory, DirectoryCAFile: string(a.DirectoryCAFile)})
		if err != nil {
			return nil, cfg.Error("tls.auto.directory_ca_file", err)
		}
	}
	certs, err := listen.LoadCertificates(o)
	var fe *listen.FileError
	if errors.As(err, &fe) && fe.Key != "" {
		return nil, cfg.Error("tls."+fe.Key, fe.Err)
	}
	if err != nil {
		return nil, cfg.Error("tls", err)
	}
	return certs, nil
}

// reloadCertificates reads them again, without waiting till they are looked at. What is not good is logged, and what
// was loaded before stays.
func (a *App) reloadCertificates() {
	certs, _ := a.front.get()
	if certs == nil {
		return
	}
	changed, err := certs.Reload()
	if err == nil && !changed {
		a.logger.Info("certificate unchanged")
		return
	}
	a.reloaded(err)
}

func (a *App) reloaded(err error) {
	certs, _ := a.front.get()
	if err != nil {
		a.logger.Error("certificate not reloaded: the one before stays", "error", err, "expires", certs.Expires())
		return
	}
	a.logger.Info("certificate reloaded", "expires", certs.Expires())
}

// background does what goes on beside serving, till ctx ends or stop is called, which waits for it.
func (a *App) background(ctx context.Context) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	var running sync.WaitGroup
	if certs, _ := a.front.get(); certs != nil {
		running.Go(func() { certs.Watch(ctx, a.cfg.TLS.Reload, a.reloaded) })
	}
	running.Go(func() { a.gateway.CheckUpstreams(ctx) })
	running.Go(func() { tidy(ctx) })
	if a.cfg.Reload.Watch && a.load != nil {
		running.Go(func() { a.watch(ctx) })
	}
	return func() {
		cancel()
		running.Wait()
	}
}

// open listens where key says.
func open(cfg *config.Config, key, address string) (net.Listener, error) {
	l, err := listen.Open(address, fs.FileMode(cfg.SocketMode))
	if err != nil {
		return nil, cfg.Error(key, err)
	}
	return l, nil
}
