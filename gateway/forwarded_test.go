package gateway

import (
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
)

func TestForwarded(t *testing.T) {
	g := &proxies{[]netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}, "forwarded"}
	for name, c := range map[string]struct {
		peer   string
		header []string
		want   string
		secure bool
	}{
		"nobody trusted":      {"192.0.2.1:1", []string{"for=203.0.113.9;proto=https"}, "192.0.2.1", false},
		"one proxy":           {"10.0.0.1:1", []string{"for=203.0.113.9;proto=https"}, "203.0.113.9", true},
		"client's own claim":  {"10.0.0.1:1", []string{"for=198.51.100.1;proto=https, for=203.0.113.9;proto=http"}, "203.0.113.9", false},
		"claim in a header":   {"10.0.0.1:1", []string{"for=198.51.100.1", "for=203.0.113.9"}, "203.0.113.9", false},
		"open quote":          {"10.0.0.1:1", []string{`for="198.51.100.1`, `for=203.0.113.9;proto=https`}, "203.0.113.9", true},
		"open quote, joined":  {"10.0.0.1:1", []string{`for="198.51.100.1, for=203.0.113.9`}, "203.0.113.9", false},
		"backslash":           {"10.0.0.1:1", []string{`for="\`, `for="203.0.113.9:1"`}, "203.0.113.9", false},
		"two proxies":         {"10.0.0.1:1", []string{"for=203.0.113.9;proto=https, for=10.0.0.2;proto=http"}, "203.0.113.9", true},
		"case and blanks":     {"10.0.0.1:1", []string{"For=203.0.113.9; Proto=HTTPS ;by=10.0.0.1"}, "203.0.113.9", true},
		"port":                {"10.0.0.1:1", []string{`for="203.0.113.9:4711"`}, "203.0.113.9", false},
		"IPv6":                {"10.0.0.1:1", []string{`for="[2001:db8:cafe::17]:4711"`}, "2001:db8:cafe::17", false},
		"IPv6 without a port": {"10.0.0.1:1", []string{`for="[2001:db8:cafe::17]"`}, "2001:db8:cafe::17", false},
		"comma in quotes":     {"10.0.0.1:1", []string{`for=203.0.113.9;host="a,b"`}, "203.0.113.9", false},
		"unknown":             {"10.0.0.1:1", []string{"for=203.0.113.9, for=unknown"}, "10.0.0.1", false},
		"hidden":              {"10.0.0.1:1", []string{"for=203.0.113.9, for=_gazonk"}, "10.0.0.1", false},
		"for twice":           {"10.0.0.1:1", []string{"for=203.0.113.9;for=198.51.100.1"}, "10.0.0.1", false},
		"no pair":             {"10.0.0.1:1", []string{"203.0.113.9"}, "10.0.0.1", false},
		"nothing said":        {"10.0.0.1:1", nil, "10.0.0.1", false},
		"all proxies":         {"10.0.0.1:1", []string{"for=10.0.0.3, for=10.0.0.2"}, "10.0.0.3", false},
		"mapped":              {"[::ffff:10.0.0.1]:1", []string{`for="[::ffff:203.0.113.9]"`}, "203.0.113.9", false},
		"other header":        {"10.0.0.1:1", []string{""}, "10.0.0.1", false},
	} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.RemoteAddr = c.peer
		r.Header["Forwarded"] = c.header
		r.Header.Set("X-Forwarded-For", "198.51.100.77") // whoever trusts one header takes no word of another
		addr, secure := g.address(r)
		if addr.String() != c.want || secure != c.secure {
			t.Errorf("%s: %v %v, want %s %v", name, addr, secure, c.want, c.secure)
		}
	}
}

func TestTrustedHeader(t *testing.T) {
	for name, c := range map[string]struct {
		header string
		values []string
		want   string
	}{
		"one":          {"cf-connecting-ip", []string{"203.0.113.9"}, "203.0.113.9"},
		"with a port":  {"x-azure-clientip", []string{"203.0.113.9:1"}, "203.0.113.9"},
		"none":         {"x-real-ip", nil, "10.0.0.1"},
		"two":          {"x-real-ip", []string{"203.0.113.9", "198.51.100.1"}, "10.0.0.1"},
		"a list":       {"x-real-ip", []string{"203.0.113.9, 198.51.100.1"}, "10.0.0.1"},
		"no address":   {"x-real-ip", []string{"localhost"}, "10.0.0.1"},
		"list default": {"", []string{"ignored"}, "198.51.100.77"},
	} {
		g := &proxies{[]netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}, c.header}
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.RemoteAddr = "10.0.0.1:1"
		r.Header.Set("X-Forwarded-For", "198.51.100.77")
		if c.header != "" {
			r.Header[http.CanonicalHeaderKey(c.header)] = c.values
		}
		if addr, _ := g.address(r); addr.String() != c.want {
			t.Errorf("%s: %v, want %s", name, addr, c.want)
		}
	}
}

func TestUnixPeer(t *testing.T) {
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.RemoteAddr = "@"
	r.Header.Set("X-Forwarded-For", "203.0.113.9")
	for name, c := range map[string]struct {
		trusted []netip.Prefix
		want    string
	}{
		"trusted":       {[]netip.Prefix{{}}, "203.0.113.9"},
		"not trusted":   {nil, "invalid IP"},
		"others are":    {[]netip.Prefix{netip.MustParsePrefix("0.0.0.0/0"), netip.MustParsePrefix("::/0")}, "invalid IP"},
		"and the proxy": {[]netip.Prefix{{}, netip.MustParsePrefix("198.51.100.0/24")}, "203.0.113.9"},
	} {
		g := &proxies{list: c.trusted}
		if addr, _ := g.address(r); addr.String() != c.want {
			t.Errorf("%s: %v, want %s", name, addr, c.want)
		}
	}
}

// FuzzForwarded: whatever a client wrote before them, the elements of trusted proxies are read as they stand.
func FuzzForwarded(f *testing.F) {
	for _, seed := range []string{"", "for=1.2.3.4", `for="`, `"`, `\"`, `for="a\`, ",", `for=1.2.3.4;proto="https`, "for=10.0.0.9"} {
		f.Add(seed)
	}
	g := &proxies{[]netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}, "forwarded"}
	f.Fuzz(func(t *testing.T, claim string) {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.RemoteAddr = "10.0.0.1:1"
		r.Header.Set("Forwarded", claim+`, for="203.0.113.9:80";proto=https, for=10.0.0.2`)
		if addr, secure := g.address(r); addr.String() != "203.0.113.9" || !secure {
			t.Errorf("%q: %v %v", claim, addr, secure)
		}
		rest, last := claim, ""
		for n := 0; rest != ""; n++ {
			if rest, last = lastElement(rest); n > strings.Count(claim, ",") {
				t.Fatalf("%q has no end", claim)
			}
			forwardedHop(last)
		}
	})
}
