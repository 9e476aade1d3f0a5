package config

import (
	"encoding/hex"
	"errors"
	"math"
	"net/http"
	"net/netip"
	"net/url"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/siogw/siogw/engine"
)

// resolve makes a path absolute in meaning: relative to the folder of the file that says it.
func resolve(text, dir string) string {
	if text == "" || filepath.IsAbs(text) {
		return text
	}
	return filepath.Join(dir, text)
}

func (p *Path) parse(text, dir string) error {
	*p = Path(resolve(text, dir))
	return nil
}

func (l *Location) parse(text, dir string) error {
	*l = Location(text)
	if !l.IsURL() {
		*l = Location(resolve(text, dir))
	}
	return nil
}

// IsURL reports whether l is to be fetched.
func (l Location) IsURL() bool {
	return strings.HasPrefix(string(l), "https://") || strings.HasPrefix(string(l), "http://")
}

// Std gives the name of a plugin that comes with siogw; ok is false for a file.
func (s Source) Std() (name string, ok bool) { return strings.CutPrefix(string(s), "std:") }

// loadable reports whether a file is one that plugins are in, by its name.
func (s Source) loadable() bool {
	switch filepath.Ext(string(s)) {
	case ".wasm", ".js", ".mjs":
		return true
	}
	return false
}

func (s *Source) parse(text, dir string) error {
	if name, ok := Source(text).Std(); ok {
		if name == "" {
			return errors.New("want std:NAME or the path of a .wasm file")
		}
		*s = Source(text)
		return nil
	}
	if path, ok := Source(text).Native(); ok {
		if path == "" {
			return errors.New("want native:PATH")
		}
		*s = Source("native:" + resolve(path, dir))
		return nil
	}
	*s = Source(resolve(text, dir))
	return nil
}

func (o *Output) parse(text, dir string) error {
	switch text {
	case "stdout", "stderr", "none":
		*o = Output(text)
	case "":
		return errors.New("want stdout, stderr, none or a file")
	default:
		*o = Output(resolve(text, dir))
	}
	return nil
}

func (s *Secret) parse(text, _ string) error {
	*s = Secret(text)
	return nil
}

func (u *URL) parse(text, _ string) error {
	v, err := url.Parse(text)
	if err == nil && v.Scheme == "unix" && v.Host == "" && v.RawQuery == "" && v.Fragment == "" {
		*u = URL{Scheme: "unix", Path: v.Path}
		return socketPath(v.Path)
	}
	if err != nil || (v.Scheme != "http" && v.Scheme != "https") || v.Hostname() == "" {
		return errors.New("want an http or https URL")
	}
	if v.User != nil || v.RawQuery != "" || v.ForceQuery || v.Fragment != "" {
		return errors.New("want a URL without user, query and fragment")
	}
	*u = URL(*v)
	return nil
}

var units = []struct {
	suffix string
	bytes  int64
}{{"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30}, {"KB", 1e3}, {"MB", 1e6}, {"GB", 1e9}, {"B", 1}, {"", 1}}

func (s *Size) parse(text, _ string) error {
	for _, u := range units {
		digits, ok := strings.CutSuffix(text, u.suffix)
		if !ok {
			continue
		}
		n, err := strconv.ParseUint(strings.TrimSpace(digits), 10, 62)
		if err != nil || n > math.MaxInt64/uint64(u.bytes) {
			break
		}
		*s = Size(int64(n) * u.bytes)
		return nil
	}
	return errors.New("want a size such as 64KiB")
}

var periods = map[string]time.Duration{"s": time.Second, "m": time.Minute, "h": time.Hour}

func (r *Rate) parse(text, _ string) error {
	bad := errors.New("want a rate such as 20/s, 100/m or 5/10s, or 0 for no limit")
	if text == "0" {
		*r = Rate{}
		return nil
	}
	count, period, _ := strings.Cut(text, "/")
	n, err := strconv.ParseUint(count, 10, 31)
	if err != nil || n == 0 {
		return bad
	}
	per := periods[period]
	if per == 0 {
		per, err = time.ParseDuration(period)
	}
	if err != nil || per < time.Millisecond || per > 24*time.Hour {
		return bad
	}
	*r = Rate{int(n), per}
	return nil
}

func (o *Origin) parse(text, _ string) error {
	*o = Origin(strings.ToLower(text))
	if text == "null" {
		return nil
	}
	u, err := url.Parse(text)
	if err != nil || u.Scheme == "" || u.Host == "" || u.Scheme+"://"+u.Host != strings.ToLower(text) {
		return errors.New("want an exact origin such as https://app.example.com, without a path")
	}
	if strings.Contains(u.Host, "*") {
		return errors.New("origins are exact, there are no wildcards")
	}
	return nil
}

func (t *Transport) parse(text, _ string) error {
	*t = Transport(text)
	return oneOf(text, "polling", "websocket")
}

func oneOf(text string, options ...string) error {
	if slices.Contains(options, text) {
		return nil
	}
	return errors.New("want " + strings.Join(options, " or "))
}

func (t *TokenSource) parse(text, _ string) error {
	place, name, _ := strings.Cut(text, ".")
	if name == "" || !slices.Contains([]string{"auth", "header", "cookie", "query"}, place) {
		return errors.New("want auth.MEMBER, header.NAME, cookie.NAME or query.NAME")
	}
	*t = TokenSource(text)
	return nil
}

var algorithms = []string{"HS256", "HS384", "HS512", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512",
	"ES256", "ES384", "ES512", "EdDSA"}

func (a *Algorithm) parse(text, _ string) error {
	*a = Algorithm(text)
	return oneOf(text, algorithms...)
}

func (p *Pointer) parse(text, _ string) error {
	*p = Pointer(text)
	if !strings.HasPrefix(text, "/args/") || badEscape(text) {
		return errors.New("want a JSON pointer that begins with /args/")
	}
	return nil
}

// badEscape reports a ~ that RFC 6901 does not know.
func badEscape(pointer string) bool {
	return strings.Contains(strings.NewReplacer("~0", "", "~1", "").Replace(pointer), "~")
}

func (n *CookieName) parse(text, _ string) error {
	*n = CookieName(text)
	if text != "" && (&http.Cookie{Name: text, Value: "x"}).Valid() != nil {
		return errors.New("want the name of a cookie such as io")
	}
	return nil
}

func (m *MaskPath) parse(text, _ string) error {
	*m = MaskPath(text)
	if text == "auth" || text == "args" {
		return nil
	}
	if badEscape(text) || !strings.HasPrefix(text, "/auth/") && !strings.HasPrefix(text, "/args/") {
		return errors.New("want auth, args, or a JSON pointer below /auth or /args")
	}
	return nil
}

func (c *Checksum) parse(text, _ string) error {
	*c = Checksum(strings.ToLower(text))
	if b, err := hex.DecodeString(text); text != "" && (err != nil || len(b) != 32) {
		return errors.New("want the 64 hex digits of a SHA-256")
	}
	return nil
}

func (m *Mode) parse(text, _ string) error {
	for _, mode := range []engine.Mode{engine.Enforce, engine.Monitor, engine.Off} {
		if mode.String() == text {
			*m = Mode(mode)
			return nil
		}
	}
	return errors.New("want enforce or monitor or off")
}

func (k *Kind) parse(text, _ string) error {
	kind, ok := engine.ParseKind(text)
	if !ok || kind == engine.Disconnect { // never decided
		return errors.New("want handshake, connect, join, leave, event, ack or emit")
	}
	*k = Kind(kind)
	return nil
}

func (d *Direction) parse(text, _ string) error {
	switch text {
	case "in":
		*d = Direction(engine.In)
	case "out":
		*d = Direction(engine.Out)
	default:
		return errors.New("want in or out")
	}
	return nil
}

func (n *Network) parse(text, _ string) error {
	if p, err := netip.ParsePrefix(text); err == nil {
		*n = Network(p.Masked())
		return nil
	}
	a, err := netip.ParseAddr(text)
	if err != nil || a.Zone() != "" {
		return errors.New("want a network such as 10.0.0.0/8, or an address")
	}
	*n = Network(netip.PrefixFrom(a, a.BitLen()))
	return nil
}
