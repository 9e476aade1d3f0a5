package listen

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/crypto/acme"
	"golang.org/x/crypto/acme/autocert"
)

// TLSOptions says which certificate clients see. Either Auto or both of CertFile and KeyFile.
type TLSOptions struct {
	CertFile, KeyFile string // PEM: the certificate with its chain, the key
	Auto              *autocert.Manager

	ClientCAFile string // PEM: who may sign the certificates of clients; "" asks for none
	Optional     bool   // a client may come without a certificate

	MinVersion uint16 // tls.VersionTLS12 when zero
	HTTP2      bool   // is offered
}

// Certificates holds what the files said when they were good last.
type Certificates struct {
	opt     TLSOptions
	current atomic.Pointer[tls.Config]

	mu   sync.Mutex // one reload at a time
	read [sha256.Size]byte
	leaf *x509.Certificate

	reloads, failures atomic.Uint64
}

// FileError says which file is at fault.
type FileError struct {
	Key string // cert_file, client_ca_file, or "" where certificate and key do not fit
	Err error
}

// Error gives the cause alone: Key is the caller's to name.
func (e *FileError) Error() string { return e.Err.Error() }

// Unwrap gives the cause.
func (e *FileError) Unwrap() error { return e.Err }

// LoadCertificates reads the files. Its error is a *FileError.
func LoadCertificates(o TLSOptions) (*Certificates, error) {
	c := &Certificates{opt: o}
	if _, err := c.load(); err != nil {
		return nil, err
	}
	return c, nil
}

// Config is for a listener; what it says changes with the files.
func (c *Certificates) Config() *tls.Config {
	return &tls.Config{MinVersion: tls.VersionTLS12, GetConfigForClient: c.forClient}
}

func (c *Certificates) forClient(hello *tls.ClientHelloInfo) (*tls.Config, error) {
	conf := c.current.Load()
	if c.opt.Auto != nil && len(hello.SupportedProtos) == 1 && hello.SupportedProtos[0] == acme.ALPNProto {
		conf = conf.Clone() // the authority that validates (RFC 8737) has no certificate of a client
		conf.ClientAuth = tls.NoClientCert
	}
	return conf, nil
}

// Reload reads the files again and reports whether they had changed. When they are not good, what was
// loaded before stays. Open connections go on in any case.
func (c *Certificates) Reload() (changed bool, err error) {
	changed, err = c.load()
	switch {
	case err != nil:
		c.failures.Add(1)
	case changed:
		c.reloads.Add(1)
	}
	return changed, err
}

// Watch reloads whenever the files have changed, till ctx ends; it looks each period. told hears of each
// change, and of each failure once as long as it stays the same.
func (c *Certificates) Watch(ctx context.Context, period time.Duration, told func(error)) {
	tick := time.NewTicker(period)
	defer tick.Stop()
	last := ""
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		changed, err := c.Reload()
		now := ""
		if err != nil {
			now = err.Error()
		}
		if changed || now != "" && now != last {
			told(err)
		}
		last = now
	}
}

// Counts gives how often new files were taken, and how often they were not good.
func (c *Certificates) Counts() (reloads, failures uint64) {
	return c.reloads.Load(), c.failures.Load()
}

// Expires gives the end of the certificate's time; the zero time when it is automatic.
func (c *Certificates) Expires() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.leaf == nil {
		return time.Time{}
	}
	return c.leaf.NotAfter
}

// load makes the configuration, when the files are not those that it was made of.
func (c *Certificates) load() (changed bool, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	files, sum, err := c.files()
	if err != nil || sum == c.read && c.current.Load() != nil {
		return false, err
	}
	conf := &tls.Config{MinVersion: max(c.opt.MinVersion, tls.VersionTLS12), NextProtos: []string{"http/1.1"}}
	if c.opt.HTTP2 {
		conf.NextProtos = []string{"h2", "http/1.1"}
	}
	leaf, err := c.certificate(conf, files)
	if err == nil {
		err = c.clients(conf, files[2])
	}
	if err != nil {
		return false, err
	}
	c.leaf, c.read = leaf, sum
	c.current.Store(conf)
	return true, nil
}

// files gives the contents of certificate, key and client authorities.
func (c *Certificates) files() (data [3][]byte, sum [sha256.Size]byte, err error) {
	h := sha256.New()
	for i, f := range []struct{ key, path string }{
		{"cert_file", c.opt.CertFile}, {"key_file", c.opt.KeyFile}, {"client_ca_file", c.opt.ClientCAFile},
	} {
		if f.path == "" {
			continue
		}
		if data[i], err = os.ReadFile(f.path); err != nil {
			return data, sum, &FileError{f.key, err}
		}
		fmt.Fprintf(h, "%d:", len(data[i]))
		h.Write(data[i])
	}
	return data, [sha256.Size]byte(h.Sum(nil)), nil
}

func (c *Certificates) certificate(conf *tls.Config, files [3][]byte) (*x509.Certificate, error) {
	if m := c.opt.Auto; m != nil {
		conf.GetCertificate = m.GetCertificate
		conf.NextProtos = append(conf.NextProtos, acme.ALPNProto)
		return nil, nil
	}
	cert, err := tls.X509KeyPair(files[0], files[1])
	if err != nil {
		return nil, &FileError{"", err}
	}
	if time.Now().After(cert.Leaf.NotAfter) {
		return nil, &FileError{"cert_file", fmt.Errorf("the certificate expired on %s", cert.Leaf.NotAfter.Format(time.DateOnly))}
	}
	conf.Certificates = []tls.Certificate{cert}
	return cert.Leaf, nil
}

// clients asks clients for a certificate.
func (c *Certificates) clients(conf *tls.Config, authorities []byte) error {
	if c.opt.ClientCAFile == "" {
		return nil
	}
	conf.ClientCAs = x509.NewCertPool()
	if !conf.ClientCAs.AppendCertsFromPEM(bytes.TrimSpace(authorities)) {
		return &FileError{"client_ca_file", errors.New("holds no certificate in PEM form")}
	}
	conf.ClientAuth = tls.RequireAndVerifyClientCert
	if c.opt.Optional {
		conf.ClientAuth = tls.VerifyClientCertIfGiven
	}
	conf.SessionTicketsDisabled = true // a resumed session would outlive the authority that vouched for it
	return nil
}
