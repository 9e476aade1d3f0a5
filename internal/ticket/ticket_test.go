package ticket

import (
	"errors"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// clock is a time that stands still till it is told to go on.
type clock struct{ at time.Time }

func (c *clock) now() time.Time { return c.at }

func newStore(l Limits) (*Memory, *clock) {
	c := &clock{at: time.Unix(1e9, 0)}
	return NewMemory(l, c.now), c
}

var plenty = Limits{Entries: 100, Bytes: 1 << 20}

func mustIssue(t *testing.T, m *Memory, g Grant) string {
	t.Helper()
	if g.Expires.IsZero() {
		g.Expires = m.now().Add(30 * time.Second)
	}
	text, err := m.Issue(g)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestOnce(t *testing.T) {
	m, _ := newStore(plenty)
	text := mustIssue(t, m, Grant{Sub: "u1", Roles: []string{"r"}, Claims: []byte(`{}`), Lifetime: time.Hour})
	if !strings.HasPrefix(text, Prefix) || len(text) != len(Prefix)+43 {
		t.Errorf("%s", text)
	}
	g, err := m.Redeem(text, Use{})
	if err != nil || g.Sub != "u1" || g.Roles[0] != "r" || g.Lifetime != time.Hour {
		t.Errorf("%+v %v", g, err)
	}
	if g, err := m.Redeem(text, Use{}); !errors.Is(err, ErrUsed) || g.Sub != "" {
		t.Errorf("again: %+v %v", g, err)
	}
	c := m.Counts()
	if c.Issued != 1 || c.Redeemed["ok"] != 1 || c.Redeemed["used"] != 1 || c.Entries != 1 {
		t.Errorf("%+v", c)
	}
}

// TestRace shows one ticket many times at once: one use counts.
func TestRace(t *testing.T) {
	m, _ := newStore(plenty)
	text := mustIssue(t, m, Grant{Sub: "u1"})
	var all sync.WaitGroup
	var good atomic.Int32
	for range 50 {
		all.Go(func() {
			if _, err := m.Redeem(text, Use{}); err == nil {
				good.Add(1)
			}
		})
	}
	all.Wait()
	if good.Load() != 1 {
		t.Errorf("used %d times", good.Load())
	}
}

func TestExpiry(t *testing.T) {
	m, c := newStore(plenty)
	in, late, gone := mustIssue(t, m, Grant{}), mustIssue(t, m, Grant{}), mustIssue(t, m, Grant{})
	c.at = c.at.Add(30*time.Second - 1)
	if _, err := m.Redeem(in, Use{}); err != nil {
		t.Errorf("a moment before: %v", err)
	}
	c.at = c.at.Add(1)
	if _, err := m.Redeem(late, Use{}); !errors.Is(err, ErrExpired) {
		t.Errorf("at its end: %v", err)
	}
	c.at = c.at.Add(time.Second)
	if n := m.Counts().Entries; n != 0 || m.bytes != 0 {
		t.Errorf("%d entries and %d bytes are left", n, m.bytes)
	}
	if _, err := m.Redeem(gone, Use{}); !errors.Is(err, ErrUnknown) {
		t.Errorf("long after: %v", err)
	}
}

func TestBound(t *testing.T) {
	a, b := netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("192.0.2.2")
	for name, tt := range map[string]struct {
		grant Grant
		use   Use
		fits  bool
	}{
		"nothing":           {Grant{}, Use{"/chat", a}, true},
		"namespace":         {Grant{Namespace: "/chat"}, Use{"/chat", a}, true},
		"another namespace": {Grant{Namespace: "/chat"}, Use{"/admin", a}, false},
		"handshake":         {Grant{Namespace: "/chat"}, Use{"", a}, true},
		"address":           {Grant{Addr: a}, Use{"/", a}, true},
		"mapped address":    {Grant{Addr: a}, Use{"/", netip.MustParseAddr("::ffff:192.0.2.1")}, true},
		"another address":   {Grant{Addr: a}, Use{"/", b}, false},
		"no address":        {Grant{Addr: a}, Use{"/", netip.Addr{}}, false},
	} {
		m, _ := newStore(plenty)
		text := mustIssue(t, m, tt.grant)
		_, err := m.Redeem(text, tt.use)
		if fits := err == nil; fits != tt.fits || !fits && !errors.Is(err, ErrBound) {
			t.Errorf("%s: %v", name, err)
		}
		if tt.fits {
			continue
		}
		if _, err := m.Redeem(text, Use{tt.grant.Namespace, tt.grant.Addr}); err != nil {
			t.Errorf("%s: a thief has used it up: %v", name, err)
		}
	}
}

func TestFull(t *testing.T) {
	m, c := newStore(Limits{Entries: 2, Bytes: 1 << 20})
	mustIssue(t, m, Grant{})
	used := mustIssue(t, m, Grant{})
	if _, err := m.Redeem(used, Use{}); err != nil {
		t.Error(err)
	}
	if _, err := m.Issue(Grant{}); !errors.Is(err, ErrFull) { // the used one is remembered
		t.Errorf("a third: %v", err)
	}
	m.Limit(Limits{Entries: 3, Bytes: 1 << 20})
	mustIssue(t, m, Grant{})
	c.at = c.at.Add(31 * time.Second)
	mustIssue(t, m, Grant{})
	if got := m.Counts(); got.Full != 1 || got.Entries != 1 {
		t.Errorf("%+v", got)
	}
}

func TestBytes(t *testing.T) {
	g := Grant{Sub: "u1", Roles: []string{"a", "b"}, Scopes: []string{"c"}, Claims: []byte(`{"x":1}`), Namespace: "/n"}
	m, _ := newStore(Limits{Entries: 100, Bytes: 2 * g.cost()})
	first := mustIssue(t, m, g)
	mustIssue(t, m, g)
	if _, err := m.Issue(Grant{}); !errors.Is(err, ErrFull) {
		t.Errorf("above the bytes: %v", err)
	}
	if _, err := m.Redeem(first, Use{}); err != nil {
		t.Error(err)
	}
	if want := g.cost() + entrySize; m.bytes != want {
		t.Errorf("%d bytes after one was used, want %d", m.bytes, want)
	}
}

// TestForms shows what is no ticket, among it each beginning of one.
func TestForms(t *testing.T) {
	m, _ := newStore(plenty)
	text := mustIssue(t, m, Grant{})
	bad := []string{text + "A", text + "=", text[:10] + "\n" + text[10:], "\n" + text, strings.TrimPrefix(text, Prefix), strings.ToUpper(Prefix) + text[len(Prefix):]}
	for i := range text {
		bad = append(bad, text[:i])
	}
	for _, one := range bad {
		if _, err := m.Redeem(one, Use{}); !errors.Is(err, ErrUnknown) {
			t.Errorf("%q: %v", one, err)
		}
	}
	if _, err := m.Redeem(text, Use{}); err != nil {
		t.Error(err)
	}
}

func FuzzParse(f *testing.F) {
	good, want := issue()
	f.Add(good)
	f.Add(Prefix)
	f.Fuzz(func(t *testing.T, text string) {
		if s, ok := parse(text); ok && (s == want) != (text == good) {
			t.Errorf("%q is read like another", text)
		}
	})
}
