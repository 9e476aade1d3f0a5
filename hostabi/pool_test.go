package hostabi_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/siogw/siogw/hostabi"
	"github.com/siogw/siogw/internal/wasmtest"
)

// echo answers with the view itself.
const echo = "local.get 0 i64.extend_i32_u i64.const 32 i64.shl local.get 1 i64.extend_i32_u i64.or"

// notes keeps what guests say.
type notes struct {
	mu   sync.Mutex
	said []string
}

func (n *notes) Log(level int, text string) {
	n.add(fmt.Sprintf("%d %.40s %d", level, text, len(text)))
}
func (n *notes) Count(name string, delta int64) { n.add(fmt.Sprintf("%s %+d", name, delta)) }

func (n *notes) add(s string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.said = append(n.said, s)
}

func TestEcho(t *testing.T) {
	m := guest(echo)
	m.Memory = "\x00\x20"
	p := mustPool(t, m, hostabi.PoolOptions{Size: 2})
	for _, view := range []string{"x", strings.Repeat("long ", 1000), strings.Repeat("longer ", 100_000), "short"} {
		res, err := p.Decide(context.Background(), []byte(view))
		if err != nil || string(res.Verdict) != view {
			t.Errorf("%.10q: %d bytes of %d, %v", view, len(res.Verdict), len(view), err)
		}
	}
	if _, err := p.Decide(context.Background(), make([]byte, 3<<20)); !errors.Is(err, hostabi.ErrABI) {
		t.Errorf("a view that the guest's memory cannot hold: %v", err)
	}
	if res, err := p.Decide(context.Background(), nil); !errors.Is(err, hostabi.ErrABI) {
		t.Errorf("an answer of no bytes: %q %v", res.Verdict, err)
	}
}

// TestLimits: what is just within each limit is taken.
func TestLimits(t *testing.T) {
	said := &notes{}
	long := "i32.const 8 i32.const 64 i32.const 8 i32.const 1024 call 1 "
	code := strings.Repeat(long, hostabi.MaxLabels) +
		strings.Repeat("i32.const 8 i32.const 64 i64.const -2 call 2 ", hostabi.MaxCounts) +
		strings.Repeat("i32.const 9 i32.const 8 i32.const 2000 call 0 ", hostabi.MaxLogs+4) + "i64.const 0"
	m := guest(code)
	m.Data = strings.Repeat("a", 2000)
	p := mustPool(t, m, hostabi.PoolOptions{Sink: said})
	res, err := p.Decide(context.Background(), nil)
	if err != nil || len(res.Labels) != hostabi.MaxLabels || len(res.Labels[0].Value) != hostabi.MaxLabelValue {
		t.Fatalf("%d labels, %v", len(res.Labels), err)
	}
	if len(said.said) != hostabi.MaxCounts+hostabi.MaxLogs {
		t.Errorf("%d counts and logs", len(said.said))
	}
	if got, want := said.said[hostabi.MaxCounts], "3 "+strings.Repeat("a", 40)+" 1024"; got != want {
		t.Errorf("the log is %q, want %q", got, want)
	}
	if res.Fuel <= 0 {
		t.Errorf("it used %d fuel", res.Fuel)
	}
}

func TestConfigure(t *testing.T) {
	configure := func(code string) wasmtest.Module {
		m := guest(echo)
		m.Data = "no good"
		m.Funcs = append(m.Funcs, wasmtest.Func{Export: "siogw_configure", Params: "ii", Results: "l", Code: code})
		return m
	}
	refuse := configure("local.get 1 if l i64.const 0x0000000800000007 else i64.const 0 end")
	if _, err := newPool(t, refuse, hostabi.PoolOptions{}); err != nil {
		t.Errorf("no config: %v", err)
	}
	_, err := newPool(t, refuse, hostabi.PoolOptions{Config: []byte("{}")})
	if !errors.Is(err, hostabi.ErrConfig) || !strings.Contains(err.Error(), "no good") {
		t.Errorf("a refused config: %v", err)
	}
	for config, want := range map[string]error{"": nil, "{}": nil, `{"a":1}`: hostabi.ErrConfig, "[]": hostabi.ErrConfig} {
		if _, err = newPool(t, guest(echo), hostabi.PoolOptions{Config: []byte(config)}); !errors.Is(err, want) {
			t.Errorf("config %s for a guest without configure: %v", config, err)
		}
	}
	if _, err = newPool(t, configure("unreachable"), hostabi.PoolOptions{}); !errors.Is(err, hostabi.ErrTrap) {
		t.Errorf("a configure that traps: %v", err)
	}
}

// TestMemoryCap: memory.grow gives −1 beyond the cap; the answer of a guest that copes counts, and the
// instance is discarded.
func TestMemoryCap(t *testing.T) {
	m := guest("i32.const 15 memory.grow i32.const -1 i32.eq if - unreachable end " +
		"i32.const 1 memory.grow i32.const -1 i32.eq if - i64.const 0x0000000800000002 return end i64.const 0")
	m.Data = "ok"
	p := mustPool(t, m, hostabi.PoolOptions{Memory: 17 * 65536, Size: 1})
	for range 2 { // each time with a fresh memory of two pages
		if res, err := p.Decide(context.Background(), nil); err != nil || string(res.Verdict) != "ok" {
			t.Fatalf("%q %v", res.Verdict, err)
		}
	}
}

// TestInstancesForget: what a guest keeps is gone after an error.
func TestInstancesForget(t *testing.T) {
	m := guest("global.get 0 i32.const 1 i32.add global.set 0 global.get 0 i32.const 3 i32.eq if - unreachable end i64.const 0")
	m.Globals = "i"
	p := mustPool(t, m, hostabi.PoolOptions{Size: 1, Timeout: time.Second})
	for i := range 9 {
		_, err := p.Decide(context.Background(), nil)
		if (err != nil) != (i%3 == 2) {
			t.Fatalf("call %d: %v", i, err)
		}
	}
}

func TestManyCallers(t *testing.T) {
	p := mustPool(t, guest(onlyWhenTold("i32.const 8 i32.const 3 i32.store8 0 unreachable")), hostabi.PoolOptions{Size: 3, Timeout: 10 * time.Second})
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			for i := range 50 {
				view := []byte("x")[:(g+i)%7/6]
				if _, err := p.Decide(context.Background(), view); (err != nil) != (len(view) > 0) {
					t.Errorf("view %q: %v", view, err)
					return
				}
			}
		})
	}
	wg.Wait()
}

// TestBusy: a caller that finds nobody free waits until its deadline.
func TestBusy(t *testing.T) {
	p := mustPool(t, guest(onlyWhenTold("loop - br 0 end")), hostabi.PoolOptions{Size: 1, Timeout: 200 * time.Millisecond})
	held := make(chan error)
	started := make(chan struct{})
	go func() {
		close(started)
		_, err := p.Decide(context.Background(), []byte("x"))
		held <- err
	}()
	<-started
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer cancel()
	busy := 0
	for ctx.Err() == nil {
		if _, err := p.Decide(ctx, nil); errors.Is(err, hostabi.ErrTimeout) {
			busy++
		}
	}
	if err := <-held; !errors.Is(err, hostabi.ErrTimeout) {
		t.Error(err)
	}
	if busy == 0 {
		t.Error("nobody had to wait")
	}
}

func TestClose(t *testing.T) {
	p := mustPool(t, guest(echo), hostabi.PoolOptions{})
	for range 2 {
		if err := p.Close(context.Background()); err != nil {
			t.Error(err)
		}
	}
	if _, err := p.Decide(context.Background(), []byte("x")); !errors.Is(err, hostabi.ErrClosed) {
		t.Error(err)
	}
}

func BenchmarkMinimal(b *testing.B) {
	p := mustPool(b, guest("i64.const 0"), hostabi.PoolOptions{})
	view := make([]byte, 200)
	ctx := context.Background()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := p.Decide(ctx, view); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkStart(b *testing.B) {
	p := mustPool(b, guest(onlyWhenTold("unreachable")), hostabi.PoolOptions{Size: 1})
	for b.Loop() {
		if _, err := p.Decide(context.Background(), []byte("x")); err == nil {
			b.Fatal("no trap")
		}
	}
}
