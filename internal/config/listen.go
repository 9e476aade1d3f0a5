package config

import (
	"errors"
	"net"
	"net/url"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// TLS is the certificate that clients see: from files, or automatic. Default neither, plain HTTP.
type TLS struct {
	CertFile Path `yaml:"cert_file"` // PEM, with the chain; both or neither
	KeyFile  Path `yaml:"key_file"`  // PEM
	// ClientCAFile holds who may sign the certificates of clients. Default none, which asks for no certificate.
	ClientCAFile Path          `yaml:"client_ca_file"`
	ClientAuth   string        `yaml:"client_auth" enum:"require,optional"` // default require
	MinVersion   string        `yaml:"min_version" enum:"1.2,1.3"`          // default 1.2
	HTTP2        bool          `yaml:"http2"`                               // for polling; default true
	Reload       time.Duration `yaml:"reload" min:"1s" max:"24h"`           // how often the files are looked at; default 1m
	Auto         Auto          `yaml:"auto"`
}

// Auto are certificates by ACME (RFC 8555), validated by TLS-ALPN-01 on the listener, which the authority
// reaches on port 443.
type Auto struct {
	Domains         []string `yaml:"domains"`           // default none: not automatic
	Cache           Path     `yaml:"cache"`             // folder for keys and certificates; required with domains
	Email           string   `yaml:"email"`             // for the authority's notices; default none
	Directory       string   `yaml:"directory"`         // an https URL; default Let's Encrypt
	DirectoryCAFile Path     `yaml:"directory_ca_file"` // who signs its own certificate; default the system's roots
}

// ProxyProtocol is the header that a proxy below HTTP begins connections with.
type ProxyProtocol struct {
	From    []Peer        `yaml:"from"`                         // who must send it; default none
	Timeout time.Duration `yaml:"timeout" min:"100ms" max:"1m"` // till it is here; default 5s
}

// On reports whether clients come by TLS.
func (t *TLS) On() bool { return t.CertFile != "" || len(t.Auto.Domains) > 0 }

// maxSocketPath is what sockaddr_un takes on Linux, less the final zero.
const maxSocketPath = 107

func socketPath(path string) error {
	if !filepath.IsAbs(path) || len(path) > maxSocketPath || strings.HasSuffix(path, "/") {
		return errors.New("want unix: and an absolute path of at most 107 bytes")
	}
	return nil
}

func (d *decoder) listen(key, addr string) {
	if path, unix := strings.CutPrefix(addr, "unix:"); unix {
		if err := socketPath(path); err != nil {
			d.fail(key, "%v, found %q", err, addr)
		}
		return
	}
	host, port, err := net.SplitHostPort(addr)
	if err == nil {
		_, err = strconv.ParseUint(port, 10, 16)
	}
	if err != nil || strings.ContainsAny(host, " /") {
		d.fail(key, "want host:port or unix:/path, found %q", addr)
	}
}

var domain = regexp.MustCompile(`^(?i:[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)(\.(?i:[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?))+$`)

func (d *decoder) tls() {
	t := &d.cfg.TLS
	if (t.CertFile == "") != (t.KeyFile == "") {
		d.fail("tls", "want both of cert_file and key_file, or neither")
	}
	if t.ClientCAFile != "" && !t.On() {
		d.fail("tls.client_ca_file", "needs tls.cert_file or tls.auto.domains")
	}
	a := &t.Auto
	if len(a.Domains) == 0 {
		return
	}
	for i, name := range a.Domains {
		if !domain.MatchString(name) || len(name) > 253 {
			d.fail(join("tls.auto.domains", strconv.Itoa(i)), "want a name such as chat.example.com, found %q", name)
		}
	}
	if t.CertFile != "" {
		d.fail("tls.auto.domains", "tls.cert_file is set too: choose one")
	}
	if a.Cache == "" {
		d.fail("tls.auto.cache", "required: without it each start asks for new certificates, which authorities limit")
	}
	if u, err := url.Parse(a.Directory); a.Directory != "" && (err != nil || u.Scheme != "https" || u.Host == "") {
		d.fail("tls.auto.directory", "want an https URL, found %q", a.Directory)
	}
}

func (p *Peer) parse(text, dir string) error {
	if text == "unix" {
		*p = Peer{}
		return nil
	}
	if err := (*Network)(p).parse(text, dir); err != nil {
		return errors.New("want a network such as 10.0.0.0/8, an address, or unix")
	}
	return nil
}

func (m *FileMode) parse(text, _ string) error {
	n, err := strconv.ParseUint(text, 8, 32)
	if err != nil || n > 0o777 || len(text) > 4 || len(text) < 3 {
		return errors.New("want permissions such as 0660")
	}
	*m = FileMode(n)
	return nil
}

var headerName = regexp.MustCompile("^[A-Za-z0-9!#$%&'*+.^_`|~-]+$")

func (h *HeaderName) parse(text, _ string) error {
	*h = HeaderName(strings.ToLower(text))
	if !headerName.MatchString(text) {
		return errors.New("want the name of a header")
	}
	return nil
}
