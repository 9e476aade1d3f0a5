package listen

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"os"
	"time"

	"golang.org/x/crypto/acme"
	"golang.org/x/crypto/acme/autocert"
)

// AutoOptions says how certificates are fetched by ACME (RFC 8555).
type AutoOptions struct {
	Domains         []string // the names; others get no certificate
	Cache           string   // folder for keys and certificates, made with mode 0700
	Email           string   // for the authority's notices; may be empty
	Directory       string   // URL of the authority; Let's Encrypt when empty
	DirectoryCAFile string   // PEM: who signed the directory's own certificate; the system's roots when empty
}

// NewAuto makes the source of automatic certificates, validated by TLS-ALPN-01 (RFC 8737) on the listener
// itself. To use it is to accept the authority's terms of service.
func NewAuto(o AutoOptions) (*autocert.Manager, error) {
	m := &autocert.Manager{
		Prompt: autocert.AcceptTOS, Cache: autocert.DirCache(o.Cache), HostPolicy: autocert.HostWhitelist(o.Domains...),
		Email: o.Email, Client: &acme.Client{DirectoryURL: o.Directory},
	}
	if o.DirectoryCAFile == "" {
		return m, nil
	}
	data, err := os.ReadFile(o.DirectoryCAFile)
	if err != nil {
		return nil, fmt.Errorf("directory_ca_file: %w", err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(data) {
		return nil, errors.New("directory_ca_file: holds no certificate in PEM form")
	}
	m.Client.HTTPClient = &http.Client{Timeout: time.Minute, Transport: &http.Transport{
		Proxy: http.ProxyFromEnvironment, TLSClientConfig: &tls.Config{RootCAs: roots}, IdleConnTimeout: time.Minute}}
	return m, nil
}
