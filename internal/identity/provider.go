package identity

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"reflect"
	"sync"
	"sync/atomic"
	"time"

	"github.com/siogw/siogw/engine"
	"github.com/siogw/siogw/internal/turn"
)

const (
	// unknownEvery is the time between two fetches for tokens whose kid is not known: whoever invents kids causes no more.
	unknownEvery = 30 * time.Second
	unknownWait  = 3 * time.Second // that such a token waits for one

	firstRetry = time.Second // after a fetch that failed; doubled till lastRetry
	lastRetry  = time.Minute
)

// provider holds the keys that an issuer publishes, as they were fetched last.
type provider struct {
	issuer string // "" when its name is open
	url    string // of the key set; "" asks the issuer for it
	fetch  *fetcher
	log    *slog.Logger
	now    func() time.Time
	tell   func() // that the keys are others; nil for nobody

	current      atomic.Pointer[published] // nil before the first
	good, failed atomic.Uint64             // fetches

	mu      sync.Mutex
	ctx     context.Context // till stop; nil before start: then nothing is fetched
	cancel  context.CancelFunc
	running sync.WaitGroup
	under   *flight   // the fetch under way
	asked   time.Time // when the last token with an unknown kid caused a fetch
	why     error     // of the last fetch
}

// published is what one fetch gave.
type published struct {
	keys []key
	at   time.Time
	keep time.Duration // till it is fetched anew
}

// flight is a fetch that many may wait for.
type flight struct{ done chan struct{} }

func newProvider(rules Issuer, o Options, f *fetcher) (*provider, *OptionError) {
	p := &provider{issuer: rules.Issuer, url: rules.JWKSURL, fetch: f, log: o.Logger, now: o.Now, tell: o.Changed}
	option, address := "jwks", p.url
	if rules.Discovery {
		option, address = "discovery", p.issuer
		if p.issuer == "" {
			return nil, bad(option, "needs issuer, which is where the keys are looked for")
		}
	}
	u, err := url.Parse(address)
	if err == nil {
		err = f.allowed(u)
	} else {
		err = errors.New("no URL")
	}
	if err != nil {
		return nil, bad(option, "%w", err)
	}
	return p, nil
}

// find gives the keys that may verify a token with this header. When its kid is unknown they are fetched anew, but
// not often; why then says what came of that.
func (p *provider) find(h header, t engine.Turn) (keys []key, why string, err error) {
	set := p.usable()
	if set == nil || !set.knows(h.kid) {
		why = p.refetch(t)
		set = p.usable()
	}
	if set == nil {
		p.mu.Lock()
		defer p.mu.Unlock()
		switch {
		case p.ctx == nil:
			return nil, "", noKeys("they are fetched by a gateway that runs")
		case p.why != nil:
			return nil, "", noKeys("%v", p.why)
		}
		return nil, "", noKeys("not fetched yet")
	}
	return set.keys, why, nil
}

// usable gives the keys, nil when there are none or they are too old.
func (p *provider) usable() *published {
	set := p.current.Load()
	if set == nil || p.now().Sub(set.at) >= max(p.fetch.o.Stale, set.keep) {
		return nil
	}
	return set
}

func (s *published) knows(kid string) bool {
	for _, k := range s.keys {
		if kid == "" || k.kid == "" || k.kid == kid {
			return true
		}
	}
	return false
}

// refetch waits for a fetch, at most unknownWait, unless there was one for the same reason a moment ago.
func (p *provider) refetch(t engine.Turn) (why string) {
	p.mu.Lock()
	if p.ctx == nil {
		p.mu.Unlock()
		return ""
	}
	one := p.under
	if one == nil {
		if since := p.now().Sub(p.asked); since < unknownEvery {
			p.mu.Unlock()
			return fmt.Sprintf("the provider's keys were fetched %s ago, and are every %v for kids that are not known", span(since), unknownEvery)
		}
		p.asked = p.now()
		one = p.begin()
	}
	p.mu.Unlock()
	if !turn.Leave(t) {
		return "the provider's keys are being fetched, and too many wait already"
	}
	limit := time.NewTimer(unknownWait)
	defer limit.Stop()
	select {
	case <-one.done:
		p.mu.Lock()
		defer p.mu.Unlock()
		if p.why != nil {
			return "the provider's keys could not be fetched anew: " + p.why.Error()
		}
		return "the provider's keys were fetched anew"
	case <-limit.C:
		return "the provider's keys are being fetched"
	}
}

// begin starts a fetch, or joins the one under way. p.mu is held, and start was called.
func (p *provider) begin() *flight {
	if p.under != nil {
		return p.under
	}
	one := &flight{done: make(chan struct{})}
	if p.ctx.Err() != nil { // stopped
		close(one.done)
		return one
	}
	p.under = one
	p.running.Go(func() {
		err := p.load(p.ctx)
		p.mu.Lock()
		p.under, p.why = nil, err
		p.mu.Unlock()
		close(one.done)
	})
	return one
}

// load fetches the keys.
func (p *provider) load(ctx context.Context) error {
	err := p.loadOnce(ctx)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		p.failed.Add(1)
		p.log.Error("keys not fetched", "issuer", p.name(), "error", err, "keys", p.state())
		return err
	}
	p.good.Add(1)
	return nil
}

func (p *provider) loadOnce(ctx context.Context) (err error) {
	address := p.url
	if address == "" {
		if address, err = p.fetch.discover(ctx, p.issuer); err != nil {
			return err
		}
	}
	data, keep, err := p.fetch.get(ctx, address)
	if err != nil {
		return fmt.Errorf("key set: %w", err)
	}
	keys, err := providerKeys(data)
	if err != nil {
		return fmt.Errorf("key set: %w", err)
	}
	if keep == 0 {
		keep = p.fetch.o.Refresh
	}
	before := p.current.Swap(&published{keys: keys, at: p.now(), keep: keep})
	if p.tell != nil && (before == nil || !reflect.DeepEqual(before.keys, keys)) {
		p.tell()
	}
	return nil
}

func (p *provider) name() string {
	if p.issuer != "" {
		return p.issuer
	}
	u, err := url.Parse(p.url)
	if err != nil {
		return ""
	}
	return u.Host
}

// state tells an operator how long the keys still serve.
func (p *provider) state() string {
	set := p.usable()
	if set == nil {
		return "none: its tokens are refused"
	}
	return "those of " + set.at.UTC().Format(time.RFC3339) + " serve on"
}
