package hostabi_test

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/siogw/siogw/hostabi"
	"github.com/siogw/siogw/internal/wasmtest"
)

// nosy answers with what it finds where it left the view before: 8 bytes of memory, a global, the size of memory, a file
// descriptor, the clock and the random bytes of WASI. Then it leaves marks everywhere.
func nosy() wasmtest.Module {
	wasi := func(name, params string) wasmtest.Import {
		return wasmtest.Import{Module: "wasi_snapshot_preview1", Name: name, Params: params, Results: "i"}
	}
	m := wasmtest.Module{Globals: "il", Memory: "\x00\x02",
		Imports: []wasmtest.Import{wasi("fd_close", "i"), wasi("clock_time_get", "ili"), wasi("random_get", "ii"), wasi("fd_renumber", "ii")},
		Funcs: []wasmtest.Func{alloc("i32.const 65536"), decide(`
			i32.const 1024 i32.const 2048 i64.load 0 i64.store 0
			i32.const 1032 global.get 0 i32.store 0
			i32.const 1040 global.get 1 i64.store 0
			i32.const 1048 memory.size i32.store 0
			i32.const 1052 i32.const 1 call 0 i32.store 0
			i32.const 0 i64.const 1 i32.const 1056 call 1 drop
			i32.const 1064 i32.const 8 call 2 drop
			i32.const 2048 local.get 0 i64.load 0 i64.store 0
			local.get 0 i32.load 0 global.set 0
			local.get 0 i64.load 0 global.set 1
			i32.const 1 i32.const 2 call 3 drop
			i64.const 0x0000040000000030`)}}
	return m
}

func ask(t testing.TB, p *hostabi.Pool, session, text string) []byte {
	t.Helper()
	res, err := p.Ask(context.Background(), &hostabi.Call{View: []byte(text), Session: session})
	if err != nil {
		t.Fatal(err)
	}
	return res.Verdict
}

// TestCallsCannotReadEachOther: with lifetime call, whatever a guest does, the next call finds nothing of it.
func TestCallsCannotReadEachOther(t *testing.T) {
	p := mustPool(t, nosy(), hostabi.PoolOptions{Size: 1, Lifetime: hostabi.PerCall, Timeout: time.Second})
	first := ask(t, p, "", "secret 1")
	for i := range 5 {
		if got := ask(t, p, "", fmt.Sprintf("secret %d", i)); string(got) != string(first) || strings.Contains(string(got), "secret") {
			t.Fatalf("call %d found %q, the first %q", i, got, first)
		}
	}
	shared := mustPool(t, nosy(), hostabi.PoolOptions{Size: 1, Timeout: time.Second}) // else the test would find nothing anyway
	ask(t, shared, "", "secret 1")
	if got := ask(t, shared, "", "secret 2"); !strings.HasPrefix(string(got), "secret 1") {
		t.Errorf("with lifetime shared: %q", got)
	}
}

// TestSessionsCannotReadEachOther: with lifetime session a session finds its own, and nothing of others.
func TestSessionsCannotReadEachOther(t *testing.T) {
	p := mustPool(t, nosy(), hostabi.PoolOptions{Size: 1, Lifetime: hostabi.Session, Timeout: time.Second})
	first := ask(t, p, "a", "of a   1")
	for i := range 3 {
		for _, s := range []string{"b", "c"} {
			got := ask(t, p, s, fmt.Sprintf("of %s   %d", s, i))
			if i == 0 && string(got) != string(first) {
				t.Errorf("%s found %q at first, a %q", s, got, first)
			}
			if want := fmt.Sprintf("of %s   %d", s, i-1); i > 0 && !strings.HasPrefix(string(got), want) {
				t.Errorf("%s found %q, want its own %q", s, got, want)
			}
		}
		if got := ask(t, p, "", "of none "); string(got) != string(first) {
			t.Errorf("without a session: %q", got)
		}
	}
	if n := p.Sessions(); n != 3 {
		t.Errorf("%d sessions", n)
	}
	p.End("b")
	p.End("b")
	p.End("nobody")
	if got := ask(t, p, "b", "of b"+"    "); string(got) != string(first) || p.Sessions() != 3 {
		t.Errorf("after its end b finds %q; %d sessions", got, p.Sessions())
	}
}

// TestPluginsCannotReadEachOther: two pools of one module.
func TestPluginsCannotReadEachOther(t *testing.T) {
	ctx := context.Background()
	mod, err := newRuntime(t).Compile(ctx, nosy().Binary())
	if err != nil {
		t.Fatal(err)
	}
	var first []byte
	for _, name := range []string{"one", "two"} {
		p, err := hostabi.NewPool(mod, hostabi.PoolOptions{Size: 1, Timeout: time.Second})
		if err != nil {
			t.Fatal(err)
		}
		defer p.Close(ctx)
		got := ask(t, p, "", "of "+name+"  ")
		if first == nil {
			first = got
		} else if string(got) != string(first) {
			t.Errorf("%s found %q", name, got)
		}
	}
}

func TestSessionsAreBounded(t *testing.T) {
	p := mustPool(t, nosy(), hostabi.PoolOptions{Lifetime: hostabi.Session, Sessions: 2, Timeout: time.Second})
	view := make([]byte, 8)
	for _, s := range []string{"a", "b", "a"} {
		ask(t, p, s, string(view))
	}
	if _, err := p.Ask(context.Background(), &hostabi.Call{View: view, Session: "c"}); !errors.Is(err, hostabi.ErrSessions) {
		t.Errorf("the third of two: %v", err)
	}
	p.End("a")
	ask(t, p, "c", string(view))
}

// TestSessionAfterError: what failed is dropped, and the session goes on with a fresh instance.
func TestSessionAfterError(t *testing.T) {
	m := guest(onlyWhenTold("unreachable") + " drop global.get 0 i32.const 1 i32.add global.set 0 " +
		"i32.const 8 global.get 0 i32.store 0 i64.const 0x0000000800000004")
	m.Globals = "i"
	p := mustPool(t, m, hostabi.PoolOptions{Lifetime: hostabi.Session, Timeout: time.Second})
	count := func() byte { return ask(t, p, "a", "")[0] }
	if count() != 1 || count() != 2 {
		t.Fatal("it does not count")
	}
	if _, err := p.Ask(context.Background(), &hostabi.Call{View: []byte("x"), Session: "a"}); !errors.Is(err, hostabi.ErrTrap) {
		t.Fatal(err)
	}
	if n := count(); n != 1 {
		t.Errorf("after an error it is at %d", n)
	}
}

// TestSessionEndsWhileAsked: the end of a session and its calls, all at once.
func TestSessionEndsWhileAsked(t *testing.T) {
	p := mustPool(t, nosy(), hostabi.PoolOptions{Lifetime: hostabi.Session, Timeout: 10 * time.Second})
	var wg sync.WaitGroup
	for g := range 6 {
		wg.Go(func() {
			for i := range 40 {
				s := fmt.Sprint(i % 3)
				if g%2 == 0 {
					p.End(s)
					continue
				}
				_, err := p.Ask(context.Background(), &hostabi.Call{View: make([]byte, 8), Session: s})
				if err != nil && !errors.Is(err, hostabi.ErrClosed) {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	for i := range 3 {
		p.End(fmt.Sprint(i))
	}
	if n := p.Sessions(); n != 0 {
		t.Errorf("%d sessions are left", n)
	}
}

// TestSnapshotIsConfigured: start and configure run once, and what they left is there in every call and instance.
func TestSnapshotIsConfigured(t *testing.T) {
	for lifetime, instances := range map[hostabi.Lifetime]int64{hostabi.PerCall: 1, hostabi.Session: 1, hostabi.Shared: 3} {
		said := &notes{}
		m := guest("i32.const 8 i32.const 16 i32.load 0 i32.store 0 i64.const 0x0000000800000004")
		m.Data = "n"
		m.Funcs = append(m.Funcs,
			wasmtest.Func{Export: "_initialize", Code: "i32.const 2 memory.grow drop i32.const 8 i32.const 1 i64.const 1 call 2"},
			wasmtest.Func{Export: "siogw_configure", Params: "ii", Results: "l", Code: "i32.const 16 local.get 1 i32.store 0 i64.const 0"})
		p := mustPool(t, m, hostabi.PoolOptions{Size: 1, Lifetime: lifetime, Config: []byte("12345"), Sink: said, Timeout: time.Second})
		for _, s := range []string{"a", "b", "a"} {
			if got := ask(t, p, s, ""); binary.LittleEndian.Uint32(got) != 5 {
				t.Errorf("%v: %s finds %v", lifetime, s, got)
			}
		}
		if lifetime != hostabi.Shared && int64(len(said.said)) != instances {
			t.Errorf("%v: started %d times", lifetime, len(said.said))
		}
	}
}

// TestGrownIsNotKept: memory does not shrink, so an instance that grew in a call is not used again.
func TestGrownIsNotKept(t *testing.T) {
	m := guest("i32.const 8 memory.size i32.store 0 i32.const 1 memory.grow drop i64.const 0x0000000800000004")
	p := mustPool(t, m, hostabi.PoolOptions{Size: 1, Lifetime: hostabi.PerCall, Timeout: time.Second})
	for range 3 {
		if got := ask(t, p, "", ""); got[0] != 2 {
			t.Errorf("%d pages", got[0])
		}
	}
}

// TestLargeViews: a buffer that a call asked for is forgotten with the call.
func TestLargeViews(t *testing.T) {
	m := guest("local.get 0 i32.const 262144 i32.eq if - i64.const 0x0000000800000005 return end i64.const 0x0000000800000003")
	m.Data = "large"
	m.Memory = "\x00\x08"
	m.Funcs[0] = alloc("local.get 0 i32.const 4096 i32.gt_u if i i32.const 262144 else i32.const 4096 end")
	p := mustPool(t, m, hostabi.PoolOptions{Size: 1, Lifetime: hostabi.PerCall, Timeout: time.Second})
	for _, n := range []int{10, 5000, 10, 9000} {
		if got, want := string(ask(t, p, "", strings.Repeat("x", n))), map[bool]string{true: "large", false: "lar"}[n > 4096]; got != want {
			t.Errorf("%d bytes: the buffer is that of %q, want %q", n, got, want)
		}
	}
}

// TestHiddenState: what a snapshot would miss does not load with such a lifetime, and does with the other.
func TestHiddenState(t *testing.T) {
	for name, code := range map[string]string{
		"table.set":  "i32.const 0 ref.null table.set 0",
		"table.grow": "ref.null i32.const 1 table.grow 0 drop",
		"table.fill": "i32.const 0 ref.null i32.const 1 table.fill 0",
		"table.copy": "i32.const 0 i32.const 0 i32.const 1 table.copy",
		"data.drop":  "data.drop 1",
	} {
		m := guest(code + " i64.const 0")
		m.Table, m.Data, m.Passive = []int{3}, "x", "y"
		for lifetime, ok := range map[hostabi.Lifetime]bool{hostabi.Shared: true, hostabi.Session: false, hostabi.PerCall: false} {
			_, err := newPool(t, m, hostabi.PoolOptions{Lifetime: lifetime})
			if (err == nil) != ok || err != nil && (!errors.Is(err, hostabi.ErrABI) || !strings.Contains(err.Error(), name)) {
				t.Errorf("%s, %v: %v", name, lifetime, err)
			}
		}
	}
	for globals, ok := range map[string]bool{"ilfd": true, "ir": false, "v": false} {
		m := guest("i64.const 0")
		m.Globals = globals
		if _, err := newPool(t, m, hostabi.PoolOptions{Lifetime: hostabi.PerCall}); (err == nil) != ok {
			t.Errorf("globals %s: %v", globals, err)
		}
	}
}

// BenchmarkRestore is a call, and with lifetime call putting the guest back, by size of memory.
func BenchmarkRestore(b *testing.B) {
	for _, pages := range []int{1, 16, 64} {
		for _, lifetime := range []hostabi.Lifetime{hostabi.Shared, hostabi.PerCall} {
			b.Run(fmt.Sprintf("%dKiB/%v", pages*64, lifetime), func(b *testing.B) {
				m := guest("i64.const 0")
				m.Memory = "\x00" + string(rune(pages))
				m.Funcs = append(m.Funcs, wasmtest.Func{Export: "_initialize", // so that there is something to put back
					Code: fmt.Sprintf("i32.const 65000 i32.const 7 i32.const %d memory.fill", (pages-1)*65536)})
				p := mustPool(b, m, hostabi.PoolOptions{Size: 1, Lifetime: lifetime})
				view := make([]byte, 200)
				for b.Loop() {
					if _, err := p.Decide(context.Background(), view); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
