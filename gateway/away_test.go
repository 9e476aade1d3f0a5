package gateway_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/siogw/siogw/engine"
	"github.com/siogw/siogw/gateway"
	"github.com/siogw/siogw/internal/siotest"
)

// waiter judges as a plugin that asks somebody else: it leaves, and waits till it is told to go on.
type waiter struct{ begun, goOn chan bool }

func newWaiter() *waiter { return &waiter{make(chan bool, 1000), make(chan bool)} }

func (w *waiter) judge(in *engine.Input) engine.Verdict {
	if in.Kind == engine.Event && in.Event == "slow" {
		if !in.Leave() {
			return engine.Failed(engine.CodePluginBusy, fmt.Errorf("no room"))
		}
		w.begun <- true
		select {
		case <-w.goOn:
		case <-time.After(2 * siotest.Wait): // of a test that has failed
		}
	}
	return allowAll(in)
}

// meanwhile has clients converse, some of them where the slow one is.
func (r *rig) meanwhile(t *testing.T) {
	t.Helper()
	for range 2 * runtime.GOMAXPROCS(0) {
		c, _ := r.joined(t, "/")
		for range 10 {
			c.Put(`42["echo","meanwhile"]`)
			c.Want(`42["echo","meanwhile"]`)
		}
		c.Stop()
	}
}

// A decision that leaves keeps its own session waiting, in order, and no other, before anybody could have noticed.
func TestAway(t *testing.T) {
	for name, portable := range map[string]bool{"loops": false, "portable": true} {
		t.Run(name, func(t *testing.T) {
			w := newWaiter()
			r := newRig(t, w.judge, func(o *gateway.Options) { o.Portable = portable })
			slow, p := r.joined(t, "/")
			for round := range 2 {
				slow.Put(`42["slow"]`, `42["echo","behind it"]`)
				<-w.begun
				if err := p.Send(`42["from the server"]`); err != nil {
					t.Fatal(err)
				}
				r.meanwhile(t)
				st := r.Stats()
				if looped := !portable && runtime.GOOS == "linux"; st.Away != 1 || st.Left != uint64(round+1) || looped && st.LoopsLeft != st.Left || !looped && st.LoopsLeft != 0 {
					t.Errorf("away %d, left %d, loops %d", st.Away, st.Left, st.LoopsLeft)
				}
				w.goOn <- true
				var got []string
				for range 3 {
					got = append(got, slow.Next().Data)
				}
				first, second := slices.Index(got, `42["slow"]`), slices.Index(got, `42["echo","behind it"]`)
				if first < 0 || second < first || !slices.Contains(got, `42["from the server"]`) {
					t.Errorf("afterwards came %q", got)
				}
			}
			if st := r.Stats(); st.Away != 0 || st.Crowded != 0 {
				t.Errorf("away %d, crowded %d", st.Away, st.Crowded)
			}
		})
	}
}

// request makes one of polling, and gives what it says.
func request(t *testing.T, method, url, body string) string {
	t.Helper()
	r, err := http.NewRequest(method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatal(resp.Status, err)
	}
	return string(b)
}

// A polling client's decisions are made elsewhere, but its upstream is served by a loop, which has to wait for none.
func TestAwayPolling(t *testing.T) {
	defer http.DefaultClient.CloseIdleConnections()
	w := newWaiter()
	r := newRig(t, w.judge, nil)
	url := r.url + "/socket.io/?EIO=4&transport=polling"
	_, rest, _ := strings.Cut(request(t, "GET", url, ""), `"sid":"`)
	sid, _, _ := strings.Cut(rest, `"`)
	url += "&sid=" + sid
	p := r.up.Peer(t)
	request(t, "POST", url, "40")
	request(t, "GET", url, "")
	done := make(chan bool)
	go func() {
		request(t, "POST", url, "42[\"slow\"]\x1e42[\"echo\",\"behind it\"]")
		close(done)
	}()
	<-w.begun
	if err := p.Send(`42["from the server"]`); err != nil {
		t.Fatal(err)
	}
	r.meanwhile(t)
	w.goOn <- true
	<-done
	var got string
	for strings.Count(got, "\x1e") < 3 {
		got += request(t, "GET", url, "") + "\x1e"
	}
	first, second := strings.Index(got, "slow"), strings.Index(got, "behind it")
	if first < 0 || second < first || !strings.Contains(got, "from the server") {
		t.Errorf("afterwards came %q", got)
	}
	request(t, "POST", url, "1")
}

// No more decisions than allowed may take long at a time: the next one fails at once, and does when there is room again.
func TestAwayBound(t *testing.T) {
	w := newWaiter()
	r := newRig(t, w.judge, func(o *gateway.Options) { o.Limits.SlowDecisions = 2 })
	var all []*siotest.Client
	for range 2 {
		c, _ := r.joined(t, "/")
		c.Put(`42["slow"]`)
		<-w.begun
		all = append(all, c)
	}
	third, _ := r.joined(t, "/")
	third.Put(`420["slow"]`)
	if got := third.Next().Data; !strings.Contains(got, fmt.Sprintf(`"code":%d`, engine.CodePluginBusy)) {
		t.Errorf("with no room came %s", got)
	}
	if st := r.Stats(); st.Away != 2 || st.Crowded != 1 {
		t.Errorf("away %d, crowded %d", st.Away, st.Crowded)
	}
	w.goOn <- true
	w.goOn <- true
	for _, c := range all {
		c.Want(`42["slow"]`)
	}
	third.Put(`42["slow"]`)
	<-w.begun
	w.goOn <- true
	third.Want(`42["slow"]`)
}

// Whatever ends a session that is away, or judges it by other rules, waits for the decision, and for nothing else.
func TestEndWhileAway(t *testing.T) {
	ctx, cancel := context.WithTimeout(context.Background(), siotest.Wait)
	defer cancel()
	for name, end := range map[string]func(r *rig, c *siotest.Client, p *siotest.Peer){
		"client":   func(_ *rig, c *siotest.Client, _ *siotest.Peer) { c.Stop() },
		"upstream": func(_ *rig, _ *siotest.Client, p *siotest.Peer) { p.Close() },
		"gateway":  func(r *rig, _ *siotest.Client, _ *siotest.Peer) { _ = r.Shutdown(ctx) },
		"rules": func(r *rig, _ *siotest.Client, _ *siotest.Peer) {
			policy, err := engine.New(engine.Stage{Name: "policy", Plugin: judge(allowAll), Phase: engine.Policy})
			if err == nil {
				err = r.Swap(gateway.Rules{Engine: policy})
			}
			if err != nil {
				t.Error(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWaiter()
			r := newRig(t, w.judge, nil)
			c, p := r.joined(t, "/")
			c.Put(`42["slow"]`)
			<-w.begun
			ended := make(chan bool)
			go func() {
				end(r, c, p)
				close(ended)
			}()
			if name != "gateway" { // which refuses others
				r.meanwhile(t)
			}
			w.goOn <- true
			<-ended
			if name == "rules" {
				c.Want(`42["slow"]`)
				c.Put(`42["echo","by other rules"]`)
				c.Want(`42["echo","by other rules"]`)
				return
			}
			for end := time.Now().Add(siotest.Wait); r.Stats().Open > 0 || r.Stats().Away > 0; time.Sleep(time.Millisecond) {
				if time.Now().After(end) {
					t.Fatalf("%d open, %d away", r.Stats().Open, r.Stats().Away)
				}
			}
		})
	}
}

// A plugin that leaves and then fails badly brings its session back all the same.
func TestAwayPanic(t *testing.T) {
	r := newRig(t, func(in *engine.Input) engine.Verdict {
		if in.Event == "slow" {
			in.Leave()
			panic("boom")
		}
		return allowAll(in)
	}, nil)
	c, _ := r.joined(t, "/")
	c.Put(`420["slow"]`)
	if got := c.Next().Data; !strings.HasPrefix(got, "430[") {
		t.Error(got)
	}
	c.Put(`42["echo","x"]`)
	c.Want(`42["echo","x"]`)
	if st := r.Stats(); st.Away != 0 || st.Left != 1 {
		t.Errorf("away %d, left %d", st.Away, st.Left)
	}
}

// Many sessions leave and come back all the time, and some end meanwhile; every packet arrives, in order.
func TestAwayChurn(t *testing.T) {
	r := newRig(t, func(in *engine.Input) engine.Verdict {
		if in.Kind == engine.Event || in.Kind == engine.Emit && in.Bytes%2 == 0 {
			in.Leave()
			runtime.Gosched()
		}
		return allowAll(in)
	}, nil)
	var all sync.WaitGroup
	for i := range 30 {
		c, p := r.joined(t, "/")
		all.Go(func() {
			for n := range 50 {
				text := fmt.Sprintf(`42["echo",%d]`, n)
				c.Put(text)
				c.Want(text)
			}
			if i%3 == 0 {
				p.Close()
			} else {
				c.Stop()
			}
		})
	}
	all.Wait()
	for end := time.Now().Add(siotest.Wait); r.Stats().Open > 0; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("sessions are left")
		}
	}
	if st := r.Stats(); st.Away != 0 || st.Left < 1500 {
		t.Errorf("away %d, left %d", st.Away, st.Left)
	}
}
