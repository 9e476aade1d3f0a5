package identity

import (
	"context"
	"crypto/ecdsa"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lestrrat-go/jwx/v3/jwa"
	"github.com/lestrrat-go/jwx/v3/jwk"
	"github.com/lestrrat-go/jwx/v3/jws"
	"go.uber.org/goleak"

	"github.com/siogw/siogw/engine"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// idp is an identity provider on loopback.
type idp struct {
	*httptest.Server
	fetched atomic.Int64 // key sets
	answer  atomic.Pointer[http.HandlerFunc]
}

// newIDP answers /keys, and with the same /.well-known/openid-configuration where the answer does not know better.
func newIDP(t *testing.T, answer http.HandlerFunc) *idp {
	p := &idp{}
	p.set(answer)
	p.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/keys" {
			p.fetched.Add(1)
		}
		(*p.answer.Load())(w, r)
	}))
	t.Cleanup(p.Close)
	return p
}

func (p *idp) set(answer http.HandlerFunc) { p.answer.Store(&answer) }

// keySet is an answer with public keys, their kids k0, k1, ….
func keySet(t *testing.T, raws ...any) http.HandlerFunc {
	t.Helper()
	var keys []jwk.Key
	for i, raw := range raws {
		keys = append(keys, jwkOf(t, raw, map[string]any{"kid": fmt.Sprint("k", i)}))
	}
	data := must(json.Marshal(map[string]any{"keys": keys}))
	return func(w http.ResponseWriter, _ *http.Request) { w.Write(data) }
}

func broken(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) }

// kidToken is signed with a curve's key.
func kidToken(t *testing.T, key *ecdsa.PrivateKey, kid, claims string) string {
	t.Helper()
	h := jws.NewHeaders()
	if err := h.Set("kid", kid); err != nil {
		t.Fatal(err)
	}
	return string(must(jws.Sign([]byte(claims), jws.WithKey(jwa.ES256(), key, jws.WithProtectedHeaders(h)))))
}

// clock is one that tests move.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// started is a verifier of one provider whose keys are there.
func started(t *testing.T, p *idp, f Fetch) (*Verifier, *clock) {
	t.Helper()
	c := &clock{now: now}
	v := buildOf(t, Options{From: []string{"auth.token"}, Now: c.Now, Fetch: f, Issuers: []Issuer{{Issuer: "https://i", JWKSURL: p.URL + "/keys"}}})
	if err := v.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	return v, c
}

func wantCode(t *testing.T, v *Verifier, token string, code engine.Code, reason string) {
	t.Helper()
	id, denied := v.Verify(auth(token))
	switch {
	case code == 0 && (denied != nil || id == nil):
		t.Errorf("%+v", denied)
	case code != 0 && (denied == nil || id != nil || denied.Code != code || !strings.Contains(denied.Reason, reason)):
		t.Errorf("%v %+v, want %d with %q", id, denied, code, reason)
	}
}

const claimsOfI = `{"iss":"https://i","sub":"u"}`

func TestProviderRotation(t *testing.T) {
	old, next := ecKeys()[0], must(ecdsa.GenerateKey(ecKeys()[0].Curve, rand.Reader))
	p := newIDP(t, keySet(t, old.Public()))
	v, c := started(t, p, Fetch{})
	wantCode(t, v, kidToken(t, old, "k0", claimsOfI), 0, "")
	if n := p.fetched.Load(); n != 1 {
		t.Errorf("%d fetches", n)
	}
	p.set(keySet(t, old.Public(), next.Public()))
	wantCode(t, v, kidToken(t, next, "k1", claimsOfI), 0, "")
	if n := p.fetched.Load(); n != 2 {
		t.Errorf("%d fetches after a rotation", n)
	}
	var all sync.WaitGroup
	for i := range 50 {
		token := kidToken(t, next, fmt.Sprint("invented", i), claimsOfI)
		all.Go(func() { wantCode(t, v, token, engine.CodeTokenInvalid, "are every 30s for kids that are not known") })
	}
	all.Wait()
	if n := p.fetched.Load(); n != 2 {
		t.Errorf("%d fetches after a flood", n)
	}
	c.add(unknownEvery - 1)
	wantCode(t, v, kidToken(t, next, "k7", claimsOfI), engine.CodeTokenInvalid, "every 30s")
	c.add(1)
	p.set(keySet(t, next.Public()))
	wantCode(t, v, kidToken(t, next, "k7", claimsOfI), engine.CodeTokenInvalid, `its kid "k7": the provider's keys were fetched anew`)
	wantCode(t, v, kidToken(t, old, "k0", claimsOfI), engine.CodeTokenInvalid, "signature") // k0 is another key now
	if n := p.fetched.Load(); n != 3 {
		t.Errorf("%d fetches at the end", n)
	}
}

// TestFloodWaitsForOne has many unknown kids at once while the provider is slow: one fetch is for all.
func TestFloodWaitsForOne(t *testing.T) {
	key := ecKeys()[0]
	p := newIDP(t, keySet(t, key.Public()))
	v, _ := started(t, p, Fetch{})
	free, arrived := make(chan struct{}), make(chan struct{}, 64)
	p.set(func(w http.ResponseWriter, r *http.Request) {
		arrived <- struct{}{}
		<-free
		keySet(t, key.Public(), key.Public())(w, r)
	})
	var all sync.WaitGroup
	for range 40 {
		token := kidToken(t, key, "k1", claimsOfI)
		all.Go(func() { wantCode(t, v, token, 0, "") })
	}
	<-arrived
	close(free)
	all.Wait()
	if n := p.fetched.Load(); n != 2 {
		t.Errorf("%d fetches", n)
	}
}

func TestProviderOutage(t *testing.T) {
	key := ecKeys()[0]
	p := newIDP(t, keySet(t, key.Public()))
	v, c := started(t, p, Fetch{Stale: 2 * time.Hour})
	token := kidToken(t, key, "k0", claimsOfI)
	p.set(broken)
	c.add(2*time.Hour - 1)
	wantCode(t, v, token, 0, "")
	wantCode(t, v, kidToken(t, key, "k9", claimsOfI), engine.CodeTokenInvalid, "could not be fetched anew: key set: answered 500")
	c.add(unknownEvery)
	wantCode(t, v, token, engine.CodeKeys, "answered 500")
	if st := v.Keys()[0]; st.Usable || st.Good != 1 || st.Failed != 2 || !st.Fetched.Equal(now) || st.Issuer != "https://i" {
		t.Errorf("%+v", st)
	}
	p.set(keySet(t, key.Public()))
	wantCode(t, v, token, engine.CodeKeys, "answered 500") // as of the last fetch: there was one a moment ago
	c.add(unknownEvery)
	wantCode(t, v, token, 0, "")
}

func TestProviderAnswers(t *testing.T) {
	secretSet := func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, `{"keys":[{"kty":"oct","kid":"k0","k":"%s"}]}`, strings.Repeat("A", 43))
	}
	for name, c := range map[string]struct {
		answer http.HandlerFunc
		want   string // "" is taken
	}{
		"keys": {keySet(t, ecKeys()[0].Public()), ""},
		"an unknown kind beside": {func(w http.ResponseWriter, _ *http.Request) {
			key := must(json.Marshal(jwkOf(t, ecKeys()[0].Public(), nil)))
			fmt.Fprintf(w, `{"keys":[{"kty":"AKP","alg":"ML-DSA-44","pub":"AA"},%s]}`, key)
		}, ""},
		"largest":      {func(w http.ResponseWriter, r *http.Request) { padded(t, w, maxDocument) }, ""},
		"larger":       {func(w http.ResponseWriter, r *http.Request) { padded(t, w, maxDocument+1) }, "more than 524288 bytes"},
		"endless":      {func(w http.ResponseWriter, r *http.Request) { endless(w, r) }, "more than 524288 bytes"},
		"large header": {func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("X", strings.Repeat("x", maxHeader)) }, "header"},
		"down":         {broken, "answered 500"},
		"not there":    {http.NotFound, "answered 404"},
		"a page":       {func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "<html>log in</html>") }, "no JSON Web Key Set"},
		"nothing":      {func(http.ResponseWriter, *http.Request) {}, "no JSON Web Key Set"},
		"no keys":      {func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, `{"keys":[]}`) }, "no signature key"},
		"secrets":      {secretSet, "no signature key"},
		"too many keys": {func(w http.ResponseWriter, _ *http.Request) {
			fmt.Fprintf(w, `{"keys":[%s{}]}`, strings.Repeat(`{"kty":"x"},`, 200))
		}, "key set:"},
		"redirect loop": {func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "/keys?token=private", http.StatusFound)
		}, "more than 3 redirects"},
		"redirect to plain HTTP": {func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "http://keys.example/private", http.StatusFound)
		}, "plain http to another host"},
		"redirect": {func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/keys" {
				http.Redirect(w, r, "/elsewhere", http.StatusFound)
				return
			}
			keySet(t, ecKeys()[0].Public())(w, r)
		}, ""},
		"slow": {func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, "did not answer in time"},
		"slow middle": {func(w http.ResponseWriter, r *http.Request) {
			fmt.Fprint(w, `{`)
			w.(http.Flusher).Flush()
			<-r.Context().Done()
		}, "did not answer in time"},
		"broken off": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "100")
			fmt.Fprint(w, "{")
		}, "unexpected EOF"},
	} {
		t.Run(name, func(t *testing.T) {
			p := newIDP(t, c.answer)
			f := Fetch{}
			if strings.HasPrefix(name, "slow") {
				f.Timeout = 200 * time.Millisecond
			}
			v := buildOf(t, Options{From: []string{"auth.token"}, Fetch: f, Issuers: []Issuer{{JWKSURL: p.URL + "/keys?x=private"}}})
			err := v.issuers[0].provider.loadOnce(t.Context())
			switch {
			case c.want == "" && err != nil, c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
				t.Errorf("%v, want %q", err, c.want)
			case err != nil && (strings.Contains(err.Error(), "private") || v.issuers[0].provider.current.Load() != nil):
				t.Errorf("%v", err)
			}
		})
	}
}

// padded answers with a key set of so many bytes.
func padded(t *testing.T, w http.ResponseWriter, size int) {
	key := must(json.Marshal(jwkOf(t, ecKeys()[0].Public(), nil)))
	set := `{"keys":[` + string(key) + `]}`
	fmt.Fprint(w, set, strings.Repeat(" ", size-len(set)))
}

func endless(w http.ResponseWriter, r *http.Request) {
	block := []byte(strings.Repeat(" ", 1<<16))
	for r.Context().Err() == nil {
		if _, err := w.Write(block); err != nil {
			return
		}
	}
}

func TestStart(t *testing.T) {
	p := newIDP(t, broken)
	o := Options{From: []string{"auth.token"}, Issuers: []Issuer{{Issuer: "https://i", JWKSURL: p.URL + "/keys"}}, Fetch: Fetch{StartTime: time.Millisecond}}
	token := kidToken(t, ecKeys()[0], "k0", claimsOfI)
	v := buildOf(t, o)
	wantCode(t, v, token, engine.CodeKeys, "fetched by a gateway that runs")
	if err := v.Start(t.Context()); err != nil {
		t.Errorf("deny: %v", err)
	}
	wantCode(t, v, token, engine.CodeKeys, "")
	v.Stop()
	wantCode(t, v, token, engine.CodeKeys, "") // nothing is fetched any more, and nobody waits

	o.Fetch.Start = StartFail
	v = buildOf(t, o)
	if err := v.Start(t.Context()); err == nil || !strings.HasPrefix(err.Error(), "the keys of https://i: ") {
		t.Errorf("fail: %v", err)
	}

	o.Fetch.Start = StartWait
	v = buildOf(t, o)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- v.Start(ctx) }()
	cancel()
	if err := <-ended; err == nil {
		t.Error("wait gave up without keys and without an error")
	}
	v = buildOf(t, o)
	p.set(keySet(t, ecKeys()[0].Public()))
	if err := v.Start(t.Context()); err != nil {
		t.Errorf("wait: %v", err)
	}
	wantCode(t, v, token, 0, "")
}

// answerer is a provider without a network, for time that is not real.
type answerer func() (status int, cacheControl string)

func (a answerer) RoundTrip(*http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	status, cache := a()
	if cache != "" {
		w.Header().Set("Cache-Control", cache)
	}
	w.WriteHeader(status)
	key, err := jwk.Import(ecKeys()[0].Public())
	if err == nil {
		err = json.NewEncoder(w).Encode(map[string]any{"keys": []jwk.Key{key}})
	}
	return w.Result(), err
}

// TestRefresh follows the background's fetches over a day: as often as Cache-Control says within bounds, and again
// soon after a failure.
func TestRefresh(t *testing.T) {
	ecKeys() // made outside of the bubble
	for name, c := range map[string]struct {
		cache string
		fails bool
		want  [2]int64 // fetches in two hours and a second, at least and at most
	}{
		"nothing said": {"", false, [2]int64{3, 3}},
		"half an hour": {"public, max-age=1800", false, [2]int64{5, 5}},
		"no store":     {"no-store", false, [2]int64{121, 121}},
		"a second":     {"max-age=1", false, [2]int64{121, 121}},
		"a month":      {"max-age=2592000", false, [2]int64{1, 1}},
		"down":         {"", true, [2]int64{110, 130}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var n atomic.Int64
				v, err := New(Options{From: []string{"auth.token"}, Issuers: []Issuer{{JWKSURL: "https://i/keys"}}})
				if err != nil {
					t.Fatal(err)
				}
				v.issuers[0].provider.fetch.client.Transport = answerer(func() (int, string) {
					n.Add(1)
					if c.fails {
						return http.StatusBadGateway, ""
					}
					return http.StatusOK, c.cache
				})
				if err := v.Start(t.Context()); err != nil {
					t.Fatal(err)
				}
				time.Sleep(2*time.Hour + time.Second) // of the bubble
				synctest.Wait()
				if got := n.Load(); got < c.want[0] || got > c.want[1] {
					t.Errorf("%d fetches, want %v", got, c.want)
				}
				v.Stop()
			})
		})
	}
}

func TestMaxAge(t *testing.T) {
	for _, c := range []struct {
		cache, age string
		want       time.Duration
	}{
		{"", "", 0}, {"private", "", 0}, {"max-age=600", "", 10 * time.Minute}, {`MAX-AGE="600"`, "", 10 * time.Minute},
		{"max-age=600", "300", 5 * time.Minute}, {"max-age=600", "6000", time.Minute}, {"max-age=59", "", time.Minute},
		{"max-age=60", "", time.Minute}, {"max-age=61", "", 61 * time.Second}, {"max-age=86400", "", 24 * time.Hour},
		{"max-age=86401", "", 24 * time.Hour}, {"max-age=-1", "", 0}, {"max-age=x", "", 0}, {"max-age=99999999999999999999", "", 0},
		{"max-age=600, no-cache", "", time.Minute}, {"max-age=600", "x", 10 * time.Minute},
	} {
		h := http.Header{"Cache-Control": {c.cache}, "Age": {c.age}}
		if got := maxAge(h); got != c.want {
			t.Errorf("%q, Age %q: %v, want %v", c.cache, c.age, got, c.want)
		}
	}
}

func TestDiscovery(t *testing.T) {
	key := ecKeys()[0]
	for name, c := range map[string]struct{ document, want string }{
		"right":         {`{"issuer":"ISSUER","jwks_uri":"ISSUER/keys","x":[1]}`, ""},
		"other issuer":  {`{"issuer":"ISSUER/","jwks_uri":"ISSUER/keys"}`, "want issuer to be exactly what it says"},
		"no issuer":     {`{"jwks_uri":"ISSUER/keys"}`, "the provider is \"\" and not"},
		"no keys":       {`{"issuer":"ISSUER"}`, "no jwks_uri"},
		"keys a number": {`{"issuer":"ISSUER","jwks_uri":1}`, "no jwks_uri"},
		"plain HTTP":    {`{"issuer":"ISSUER","jwks_uri":"http://keys.example/"}`, "plain http to another host"},
		"a file":        {`{"issuer":"ISSUER","jwks_uri":"file:///etc/keys"}`, "want a URL with a host"},
		"twice":         {`{"issuer":"ISSUER","issuer":"ISSUER","jwks_uri":"ISSUER/keys"}`, "no JSON object"},
		"a page":        {`<html>`, "no JSON object"},
	} {
		t.Run(name, func(t *testing.T) {
			var p *idp
			p = newIDP(t, func(w http.ResponseWriter, r *http.Request) {
				switch r.URL.Path {
				case "/keys":
					keySet(t, key.Public())(w, r)
				case wellKnown:
					fmt.Fprint(w, strings.ReplaceAll(c.document, "ISSUER", p.URL))
				default:
					http.NotFound(w, r)
				}
			})
			v := buildOf(t, Options{From: []string{"auth.token"}, Issuers: []Issuer{{Issuer: p.URL, Discovery: true}}})
			err := v.issuers[0].provider.loadOnce(t.Context())
			if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
				t.Fatalf("%v, want %q", err, c.want)
			}
			if err == nil {
				wantCode(t, v, kidToken(t, key, "k0", `{"iss":"`+p.URL+`"}`), 0, "")
			}
		})
	}
}

// TestInherit keeps the keys of a provider that is down while a verifier is replaced, not those of another provider.
func TestInherit(t *testing.T) {
	key := ecKeys()[0]
	p := newIDP(t, keySet(t, key.Public()))
	old, c := started(t, p, Fetch{Stale: 2 * time.Hour})
	p.set(broken)
	for url, want := range map[string]engine.Code{p.URL + "/keys": 0, p.URL + "/others": engine.CodeKeys} {
		v := buildOf(t, Options{From: []string{"auth.token"}, Now: c.Now, Fetch: Fetch{Stale: 2 * time.Hour, StartTime: time.Millisecond},
			Issuers: []Issuer{{Issuer: "https://i", JWKSURL: url}}})
		v.Inherit(nil)
		v.Inherit(old)
		if err := v.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		wantCode(t, v, kidToken(t, key, "k0", claimsOfI), want, "")
	}
}
