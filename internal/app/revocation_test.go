package app

import (
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/siogw/siogw/internal/siotest"
)

// keySet is a provider whose keys change: it publishes those with these numbers.
type keySet struct {
	*httptest.Server
	mu        sync.Mutex
	published []byte
}

func newKeySet(t *testing.T, numbers ...byte) *keySet {
	t.Helper()
	p := &keySet{published: numbers}
	p.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		p.mu.Lock()
		defer p.mu.Unlock()
		var keys []map[string]string
		for _, n := range p.published {
			x := base64.RawURLEncoding.EncodeToString(signer(n).Public().(ed25519.PublicKey))
			keys = append(keys, map[string]string{"kty": "OKP", "crv": "Ed25519", "use": "sig", "kid": fmt.Sprint("k", n), "x": x})
		}
		if err := json.NewEncoder(w).Encode(map[string]any{"keys": keys}); err != nil {
			t.Error(err)
		}
	}))
	t.Cleanup(p.Close)
	return p
}

func (p *keySet) publish(numbers ...byte) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.published = numbers
}

// signer is the key with a number.
func signer(n byte) ed25519.PrivateKey {
	return ed25519.NewKeyFromSeed([]byte(strings.Repeat(string(rune('a'+n)), ed25519.SeedSize)))
}

// signed is a CONNECT payload with a token by the key with a number.
func signed(n byte, sub string) string {
	part := func(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }
	unsigned := part(fmt.Sprintf(`{"alg":"EdDSA","kid":"k%d"}`, n)) + "." + part(fmt.Sprintf(`{"sub":%q,"exp":%d}`, sub, time.Now().Add(time.Hour).Unix()))
	return fmt.Sprintf(`{"token":"%s.%s"}`, unsigned, part(string(ed25519.Sign(signer(n), []byte(unsigned)))))
}

// TestRemovedKey: a provider takes a key back. With the fetch that notices it the live client of that key is removed, also
// where the other namespace of its session has a token of another key, and clients of other keys stay.
func TestRemovedKey(t *testing.T) {
	up, idp := siotest.NewUpstream(t, nil), newKeySet(t, 1, 2)
	s := serve(t, t.TempDir(), fmt.Sprintf(`
listen: 127.0.0.1:0
upstream: { url: %q }
identity: { required: true, jwt: { jwks: %q, algorithms: [EdDSA] } }
policy: { reauthorize: { within: 1s } }
`, up.URL, idp.URL))
	gone, both, stays := siotest.NewClient(t, "http://"+s.clients, nil), siotest.NewClient(t, "http://"+s.clients, nil), siotest.NewClient(t, "http://"+s.clients, nil)
	gone.Join("/", signed(1, "gone"))
	both.Join("/", signed(2, "both"))
	both.Join("/a", signed(1, "both"))
	stays.Join("/", signed(2, "stays"))
	idp.publish(2, 3)
	siotest.NewClient(t, "http://"+s.clients, nil).Join("/", signed(3, "new")) // has the keys fetched: k3 is not known yet
	for c, namespace := range map[*siotest.Client]string{gone: "", both: "/a,"} {
		if got := c.Next().String(); !strings.HasPrefix(got, "42"+namespace+`["siogw:denied",{"error":{"code":201,`) {
			t.Errorf("told %s", got)
		}
		c.Want("41" + namespace)
	}
	metric := func(what string, n int) string {
		return fmt.Sprintf("\nsiogw_reauthorized_total{result=%q,what=\"namespace\"} %d\n", what, n)
	}
	waitFor(t, "the pass", func() bool {
		_, metrics, _ := body(t, once(), s.admin+"/metrics")
		return strings.Contains(metrics, "\nsiogw_reauthorize_waiting 0\n") && strings.Contains(metrics, metric("removed", 2))
	})
	for _, c := range []*siotest.Client{both, stays} {
		c.Put(`421["echo","on"]`)
		c.Want(`431["on"]`)
	}
	gone.Put("40" + signed(1, "gone"))
	if got := gone.Next().String(); !strings.HasPrefix(got, `44{"message":"invalid token","data":{"code":201,`) {
		t.Errorf("the removed key enters again: %s", got)
	}
}

// refusing is a policy under which clients whose number leaves a rest may not be connected.
func refusing(modulo int) string {
	return fmt.Sprintf("package siogw.authz\n\nallow if input.kind != \"connect\"\n\nallow if input.auth.n %% %d == 0\n", modulo)
}

// talk sends numbered events, a few at a time, and wants them back in order, till stop is closed. It reports whether the
// client was removed instead, which the gateway says once.
func talk(t *testing.T, c *siotest.Client, stop <-chan struct{}) (removed bool) {
	const together = 4
	pause := time.NewTicker(200 * time.Millisecond)
	defer pause.Stop()
	for next, last := 0, false; ; {
		for i := range together {
			c.Put(fmt.Sprintf(`42["n",%d]`, next+i))
		}
		for range together {
			got := c.Next().String()
			if strings.HasPrefix(got, `42["siogw:denied",{"error":{"code":101,`) {
				c.Want("41")
				return true
			}
			if want := fmt.Sprintf(`42["n",%d]`, next); got != want {
				t.Errorf("got %s, want %s", got, want)
				return false
			}
			next++
		}
		if last {
			return false
		}
		select {
		case <-stop:
			last = true // what came while it was silent is read
		case <-pause.C:
		}
	}
}

// TestManyJudgedAgain: 200 sessions that speak are judged again, by a policy and then, before that has ended, by another
// one: who is allowed by the last stays and misses nothing, everybody else goes.
func TestManyJudgedAgain(t *testing.T) {
	const clients = 200
	r := startReloadable(t, map[string]string{"policy.rego": refusing(1)}, `
policy: { paths: [policy.rego], timeout: 5s, reauthorize: { within: 1s } }
limits: { connections: { per_ip: 0, rate_per_ip: 0 }, events: { per_session: 0, decision_time: 0s } }
admin: { listen: "" }
`)
	reload := func() time.Time {
		t.Helper()
		start := time.Now()
		if _, err := r.ReadAgain(t.Context()); err != nil {
			t.Fatal(err)
		}
		return start
	}
	stop, removed := make(chan struct{}), [clients]bool{}
	var talking sync.WaitGroup
	for n := range clients {
		c := siotest.NewClient(t, r.url, nil)
		c.Join("/", fmt.Sprintf(`{"n":%d}`, n))
		talking.Go(func() { removed[n] = talk(t, c, stop) })
	}
	r.write(map[string]string{"policy.rego": refusing(2)})
	reload()
	// By now some whom only the last policy refuses were kept.
	waitFor(t, "the first to go", func() bool { st := r.gateway.Stats(); return st.Revoked > clients/8 && st.Kept > clients/8 })
	r.write(map[string]string{"policy.rego": refusing(4)})
	start := reload()
	waitFor(t, "the last pass", func() bool { st := r.gateway.Stats(); return st.Revoked == clients*3/4 && st.Unjudged == 0 })
	if took := time.Since(start); took < 900*time.Millisecond { // slower is no fault
		t.Errorf("%d sessions were judged in %v: not spread over a second", clients, took)
	}
	close(stop)
	talking.Wait()
	for n := range clients {
		if removed[n] != (n%4 != 0) {
			t.Errorf("client %d was removed: %v", n, removed[n])
		}
	}
	if st := r.gateway.Stats(); st.Kept < clients/4 {
		t.Errorf("%+v", st)
	}
}
