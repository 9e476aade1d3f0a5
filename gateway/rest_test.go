package gateway

import (
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"reflect"
	"testing"
	"time"

	"github.com/siogw/siogw/engine"
	"github.com/siogw/siogw/internal/clock"
)

// What is kept of a handshake is what was said.
func TestHello(t *testing.T) {
	r := httptest.NewRequest("GET", "http://a.example:8080/socket.io/?EIO=4&x=%20&x=2", nil)
	r.Header = http.Header{"Cookie": {"a=1", "b=2"}, "User-Agent": {"A browser"}, "Origin": {"https://a.example"}, "X-Empty": {""},
		"Sec-Fetch-Site": {"same-origin"}, "X-Long": {string(make([]byte, 300))}}
	h, other := newHello(r), r.Clone(t.Context())
	got := h.request()
	if !reflect.DeepEqual(got.Header, r.Header) || got.Host != r.Host || got.URL.Path != r.URL.Path || got.URL.RawQuery != r.URL.RawQuery {
		t.Errorf("%+v, %s, %s", got.Header, got.Host, got.URL)
	}
	other.Header.Set("Cookie", "c=3")
	if newHello(other).shared != h.shared {
		t.Error("another client of the same kind shares nothing")
	}
	other.Header.Set("Origin", "https://b.example")
	if newHello(other).shared == h.shared {
		t.Error("what differs is shared")
	}
}

// A session that rests keeps nothing twice, and policies see it as before.
func TestRest(t *testing.T) {
	_, s, down, up, m := rigModel(t)
	for i, op := range []int{0, 128} { // a CONNECT, and its answer
		play(s, down, up, m, op, i+1)
	}
	n := s.namespace("/")
	if n == nil || n.state != connected {
		t.Fatalf("%+v", n)
	}
	if s.facts != nil || n.seen != nil {
		t.Error("it does not rest after a CONNECT")
	}
	n.identity = &engine.Identity{Sub: "ann"}
	made := 0
	form := func() any { made++; return made }
	n.identity.Forms.Get("test", form)
	n.asked(engine.In).add(1, waiting{event: "e"}, 10, clock.Read())
	s.events.byName = map[string]*bucket{"gone": {}}
	before, _ := json.Marshal(s.view(n))
	s.down.Rest()
	if s.facts != nil || n.seen != nil || s.events.byName != nil || s.down.decoder != nil {
		t.Error("it keeps what can be made again")
	}
	if n.identity.Forms.Get("test", form) != 2 {
		t.Error("the identity keeps its forms")
	}
	if _, waits := n.toServer.take(1); !waits {
		t.Error("a question was forgotten")
	}
	s.down.Rest()
	if n.toServer != nil {
		t.Error("there is room for no question")
	}
	if after, _ := json.Marshal(s.view(n)); string(after) != string(before) {
		t.Errorf("before %s\nafter  %s", before, after)
	}
}

// The budgets of names are forgotten when they are full again.
func TestBudgetsRest(t *testing.T) {
	lim := &Limits{EventsPerName: map[string]Rate{"a": {2, time.Minute}, "b": {2, time.Hour}}}
	var l eventLimits
	now := time.Now()
	l.allow(lim, "a", clock.Of(now))
	l.allow(lim, "b", clock.Of(now))
	l.rest(lim, now.Add(time.Minute))
	if got := maps.Keys(l.byName); l.byName["b"] == nil || len(l.byName) != 1 {
		t.Error(got)
	}
	if !l.allow(lim, "b", clock.Of(now)) || l.allow(lim, "b", clock.Of(now)) {
		t.Error("another budget than before")
	}
}
