package config

import (
	"strings"
	"testing"
	"time"
)

// told parses text and compares what is wrong with it, "" for nothing.
func told(t *testing.T, text, want string) *Config {
	t.Helper()
	c, err := Parse("f", "/etc", []byte(text))
	switch {
	case want == "" && err != nil:
		t.Errorf("%s: %v", text, err)
	case want != "" && (err == nil || err.Error() != want):
		t.Errorf("%s:\ngot  %v\nwant %s", text, err, want)
	}
	return c
}

func TestListenForms(t *testing.T) {
	long := "/" + strings.Repeat("s", 106)
	for _, c := range []struct{ text, want string }{
		{"listen: unix:/run/siogw.sock\nadmin: { listen: unix:/run/admin.sock }", ""},
		{"listen: unix:" + long, ""},
		{"listen: unix:" + long + "s", `f:2:9: listen: want unix: and an absolute path of at most 107 bytes, found "unix:` + long + `s"`},
		{"listen: unix:siogw.sock", `f:2:9: listen: want unix: and an absolute path of at most 107 bytes, found "unix:siogw.sock"`},
		{"listen: unix:/run/", `f:2:9: listen: want unix: and an absolute path of at most 107 bytes, found "unix:/run/"`},
		{"listen: unix:/a\nadmin: { listen: unix:/a }", `f:3:18: admin.listen: the same address as listen`},
		{"socket_mode: 0600", ""},
		{"socket_mode: \"666\"", ""},
		{"socket_mode: 0888", `f:2:14: socket_mode: want permissions such as 0660, found "0888"`},
		{"socket_mode: 01777", `f:2:14: socket_mode: want permissions such as 0660, found "01777"`},
		{"trusted_proxies: [unix, 10.0.0.0/8]", ""},
		{"trusted_header: Forwarded", ""},
		{"trusted_header: 'a b'", `f:2:17: trusted_header: want the name of a header, found "a b"`},
		{"proxy_protocol: { from: [unix, 10.0.0.1], timeout: 100ms }", ""},
		{"proxy_protocol: { from: [10.0.0.1/33] }", `f:2:26: proxy_protocol.from.0: want a network such as 10.0.0.0/8, an address, or unix, found "10.0.0.1/33"`},
		{"proxy_protocol: { timeout: 99ms }", `f:2:28: proxy_protocol.timeout: want at least 100ms, found "99ms"`},
	} {
		told(t, "upstream: { url: http://h }\n"+c.text, c.want)
	}
	c := told(t, "upstream: { url: http://h }\nsocket_mode: 0600\ntrusted_header: CF-Connecting-IP\ntrusted_proxies: [unix]", "")
	if c.SocketMode != 0o600 || c.TrustedHeader != "cf-connecting-ip" || c.TrustedProxies[0] != (Peer{}) {
		t.Errorf("%o %s %v", c.SocketMode, c.TrustedHeader, c.TrustedProxies)
	}
}

func TestTLS(t *testing.T) {
	const files = "cert_file: c, key_file: k"
	for _, c := range []struct{ text, want string }{
		{files + ", client_ca_file: ca, client_auth: optional, min_version: \"1.3\", http2: false, reload: 1s", ""},
		{"cert_file: c", "f:2:6: tls: want both of cert_file and key_file, or neither"},
		{"client_ca_file: ca", "f:2:24: tls.client_ca_file: needs tls.cert_file or tls.auto.domains"},
		{files + ", client_auth: maybe", `f:2:48: tls.client_auth: want require or optional, found "maybe"`},
		{files + ", min_version: \"1.1\"", `f:2:48: tls.min_version: want 1.2 or 1.3, found "1.1"`},
		{files + ", reload: 999ms", `f:2:43: tls.reload: want at least 1s, found "999ms"`},
		{"auto: { domains: [chat.example.com, xn--bcher-kva.example], cache: c, email: a@example.com, directory: https://ca.internal/dir }", ""},
		{"auto: { domains: [chat.example.com] }", "f:2:14: tls.auto.cache: required: without it each start asks for new certificates, which authorities limit"},
		{"auto: { domains: ['*.example.com', localhost], cache: c }", `f:2:26: tls.auto.domains.0: want a name such as chat.example.com, found "*.example.com"` + "\n" +
			`f:2:43: tls.auto.domains.1: want a name such as chat.example.com, found "localhost"`},
		{"auto: { domains: [a.example], cache: c, directory: http://ca/dir }", `f:2:59: tls.auto.directory: want an https URL, found "http://ca/dir"`},
		{files + ", auto: { domains: [a.example], cache: c }", "f:2:52: tls.auto.domains: tls.cert_file is set too: choose one"},
	} {
		told(t, "upstream: { url: http://h }\ntls: { "+c.text+" }", c.want)
	}
	if c := told(t, "upstream: { url: http://h }\ntls: { "+files+" }", ""); !c.TLS.On() || c.TLS.CertFile != "/etc/c" {
		t.Errorf("%+v", c.TLS)
	}
}

func TestUpstreams(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"[{ urls: [http://a] }]", ""},
		{"[{ urls: [http://a, https://b/, unix:/c] }]", ""},
		{"[{}]", "f:1:13: upstreams.0.urls: want 1 to 64 addresses of the server, such as http://10.0.0.1:3000"},
		{"[{ urls: [http://a, http://a] }]", "f:1:32: upstreams.0.urls.1: given twice"},
		{"[{ urls: [http://a/x] }]", "f:1:22: upstreams.0.urls.0: want no path here, but in upstreams.0.path"},
		{"[{ urls: [unix:c] }]", `f:1:22: upstreams.0.urls.0: want unix: and an absolute path of at most 107 bytes, found "unix:c"`},
		{"[{ urls: [http://a] }, { urls: [http://b] }]", "f:1:35: upstreams.1.match: the same as that of upstreams.0"},
		{"[{ urls: [http://a] }, { match: { path: /b/ }, urls: [http://b] }]", ""},
		{"[{ match: { host: A.example }, urls: [http://a] }, { match: { host: a.example }, urls: [http://b] }]", "f:1:72: upstreams.1.match: the same as that of upstreams.0"},
		{"[{ match: { host: 'a:80' }, urls: [http://a] }]", `f:1:30: upstreams.0.match.host: want a host without a port, or *.domain, found "a:80"`},
		{"[{ match: { host: 'a.*' }, urls: [http://a] }]", `f:1:30: upstreams.0.match.host: want a host without a port, or *.domain, found "a.*"`},
		{"[{ match: { host: '*.a.example' }, urls: [http://a] }]", ""},
		{"[{ match: { path: /b }, urls: [http://a] }]", `f:1:30: upstreams.0.match.path: want a folder that begins and ends with a slash, found "/b"`},
		{"[{ path: /b, urls: [http://a] }]", `f:1:21: upstreams.0.path: want a folder that begins and ends with a slash, found "/b"`},
		{"[{ name: a b, urls: [http://a] }]", `f:1:21: upstreams.0.name: want letters, digits, - and _, at most 64, found "a b"`},
		{"[{ name: upstream, urls: [http://a] }]", `f:1:21: upstreams.0.name: "upstream" is taken`},
		{"[{ sticky: cookie.sid, urls: [http://a] }]", ""},
		{"[{ sticky: cookie, urls: [http://a] }]", `f:1:23: upstreams.0.sticky: want ip, cookie.NAME, header.NAME, query.NAME, or nothing, found "cookie"`},
		{"[{ eio: 3, urls: [http://a] }]\nparser: msgpack", "f:1:20: upstreams.0.eio: msgpack is not spoken over Engine.IO 3"},
		{"[{ eio: 3, urls: [http://a] }]", ""},
		{"[{ eio: 3, urls: [http://a] }]\neio3: true", ""},
		{"[{ health: { check: tcp }, urls: [http://a] }]", `f:1:32: upstreams.0.health.check: want handshake or http or none, found "tcp"`},
		{"[{ health: { check: http, path: x }, urls: [http://a] }]", `f:1:44: upstreams.0.health.path: want a path that begins with a slash, found "x"`},
		{"[{ health: { failures: 0 }, urls: [http://a] }]", `f:1:35: upstreams.0.health.failures: want at least 1, found "0"`},
		{"[{ health: { interval: 99ms }, urls: [http://a] }]", `f:1:35: upstreams.0.health.interval: want at least 100ms, found "99ms"`},
	} {
		told(t, "upstreams: "+c.text, c.want)
	}
	told(t, "upstream: { url: http://x }\nupstreams: [{ urls: [http://a] }]",
		"f:2:13: upstreams.0.match: takes all that upstream.url is for: want a host or a path, or no upstream.url")
	c := told(t, "upstream: { url: http://x }\nupstreams: [{ match: { path: /b/ }, urls: [http://a, unix:/c] }]", "")
	p := c.Upstreams[0]
	if p.Name != "0" || p.Path != "/b/" || !p.Passthrough || p.Health.Check != "handshake" || p.Health.Interval != 10*time.Second {
		t.Errorf("%+v", p)
	}
	if got := strings.Join(c.Servers(), " "); got != "http://a unix:/c http://x" {
		t.Errorf("servers %s", got)
	}
}
