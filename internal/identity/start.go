package identity

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// Start is what becomes of a start while a provider's keys cannot be fetched.
type Start string

// The ways to start. Empty is StartDeny.
const (
	StartDeny Start = "deny" // refuse the provider's tokens till its keys are there
	StartFail Start = "fail" // do not start
	StartWait Start = "wait" // till they are there
)

// Start begins to fetch the keys of providers, and to keep them fresh till Stop. It waits for them as Fetch.Start
// says, or till ctx ends; its error says which provider has none. It is called once.
func (v *Verifier) Start(ctx context.Context) error {
	var all sync.WaitGroup
	errs := make([]error, len(v.issuers))
	for n, i := range v.issuers {
		if p := i.provider; p != nil {
			all.Go(func() { errs[n] = p.start(ctx) })
		}
	}
	all.Wait()
	return errors.Join(errs...)
}

// Inherit takes the keys that old has of the same providers; old may be nil. Start then does not wait for them, so that
// a provider which is down while a configuration is replaced takes nobody's identity away. It is called before Start.
func (v *Verifier) Inherit(old *Verifier) {
	if old == nil {
		return
	}
	for _, i := range v.issuers {
		for _, o := range old.issuers {
			if i.provider != nil && o.provider != nil && i.provider.issuer == o.provider.issuer && i.provider.url == o.provider.url {
				i.provider.current.Store(o.provider.current.Load())
			}
		}
	}
}

// Stop ends what Start began. Keys that are there serve on.
func (v *Verifier) Stop() {
	for _, i := range v.issuers {
		if i.provider != nil {
			i.provider.stop()
		}
	}
}

// KeyState is what is known of one provider's keys.
type KeyState struct {
	Issuer       string // its name, or the host of its keys
	Good, Failed uint64 // fetches
	Fetched      time.Time
	Usable       bool // they are there and not too old
}

// Keys gives the state of each provider's keys.
func (v *Verifier) Keys() []KeyState {
	var out []KeyState
	for _, i := range v.issuers {
		p := i.provider
		if p == nil {
			continue
		}
		st := KeyState{Issuer: p.name(), Good: p.good.Load(), Failed: p.failed.Load(), Usable: p.usable() != nil}
		if set := p.current.Load(); set != nil {
			st.Fetched = set.at
		}
		out = append(out, st)
	}
	return out
}

func (p *provider) start(ctx context.Context) error {
	p.mu.Lock()
	p.ctx, p.cancel = context.WithCancel(context.Background())
	p.mu.Unlock()
	first := make(chan struct{})
	p.running.Go(func() { p.refresh(p.ctx, first) })
	if p.current.Load() != nil {
		return nil
	}
	o := &p.fetch.o
	var limit <-chan time.Time
	if o.Start != StartWait {
		timer := time.NewTimer(o.StartTime)
		defer timer.Stop()
		limit = timer.C
	}
	select {
	case <-first:
		return nil
	case <-limit:
	case <-ctx.Done():
	}
	if ctx.Err() == nil && o.Start != StartFail {
		return nil
	}
	p.mu.Lock()
	err := p.why
	p.mu.Unlock()
	if err == nil {
		err = errors.New("did not answer in time")
	}
	return fmt.Errorf("the keys of %s: %w", p.name(), err)
}

func (p *provider) stop() {
	p.mu.Lock()
	begun := p.cancel != nil
	if begun {
		p.cancel() // under the lock: no fetch begins after it
	}
	p.mu.Unlock()
	if begun {
		p.running.Wait()
	}
}

// refresh fetches the keys again and again, till ctx ends; first is closed once there are any.
func (p *provider) refresh(ctx context.Context, first chan struct{}) {
	tell := sync.OnceFunc(func() { close(first) })
	retry := firstRetry
	for {
		p.mu.Lock()
		one := p.begin()
		p.mu.Unlock()
		<-one.done // the fetch has a time limit of its own
		p.mu.Lock()
		err := p.why
		p.mu.Unlock()
		wait := retry
		if err == nil && ctx.Err() == nil {
			tell()
			wait, retry = p.current.Load().keep, firstRetry
		} else {
			retry = min(2*retry, lastRetry)
		}
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return
		}
	}
}
