package sdk_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/siogw/siogw/engine"
	"github.com/siogw/siogw/hostabi"
	"github.com/siogw/siogw/internal/kv"
	"github.com/siogw/siogw/internal/pluginkit"
	"github.com/siogw/siogw/plugins/wasm"
)

// ttls is a store that notes how long entries were to live.
type ttls struct {
	*kv.Store
	seen []time.Duration
}

func (s *ttls) Set(ctx context.Context, key, value []byte, ttl time.Duration) error {
	s.seen = append(s.seen, ttl)
	return s.Store.Set(ctx, key, value, ttl)
}

func (s *ttls) Add(ctx context.Context, key []byte, delta int64, ttl time.Duration) (int64, error) {
	s.seen = append(s.seen, ttl)
	return s.Store.Add(ctx, key, delta, ttl)
}

const everything = hostabi.KV | hostabi.Clock | hostabi.Random

// keep loads the keeper of a language with what is granted to it.
func keep(t *testing.T, l *language, o wasm.Options) (*wasm.Plugin, error) {
	t.Helper()
	m := l.moduleOf(t, "keeper")
	rt, err := hostabi.NewRuntime(t.Context(), hostabi.RuntimeOptions{CacheDir: cache})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = rt.Close(context.Background()) })
	o.Name, o.Wasm, o.Manifest, o.Timeout, o.Size = "keeper", m.Wasm, m.Manifest, 10*time.Second, 2
	p, err := wasm.Load(t.Context(), rt, o)
	if err == nil {
		t.Cleanup(func() { _ = p.Close(context.Background()) })
	}
	return p, err
}

func mustKeep(t *testing.T, l *language, limits kv.Limits) (*wasm.Plugin, *ttls) {
	t.Helper()
	store := &ttls{Store: kv.New(limits)}
	p, err := keep(t, l, wasm.Options{Granted: everything, Store: store})
	if err != nil {
		t.Fatal(err)
	}
	return p, store
}

// at is the time of all packets, in milliseconds since 1970: more than 32 bits of it.
const at = 1_767_225_600_123

// do has commands done in one packet.
func do(t *testing.T, p *wasm.Plugin, commands string) engine.Verdict {
	t.Helper()
	in, err := pluginkit.Message([]byte("[" + commands + "]"))
	if err != nil {
		t.Fatal(err)
	}
	in.Time = time.UnixMilli(at)
	return p.Decide(t.Context(), in)
}

// wants are the answers to commands, one packet after the other.
func wants(t *testing.T, p *wasm.Plugin, lines ...[2]string) {
	t.Helper()
	for _, line := range lines {
		if v := do(t, p, line[0]); v.Err != nil || string(plain(t, v.Args)) != "["+line[1]+"]" {
			t.Errorf("%.80s gives %.200s %v, want [%.200s]", line[0], v.Args, v.Err, line[1])
		}
	}
}

func TestStore(t *testing.T) {
	key := func(n int) string { return strings.Repeat("k", n) }
	value := func(n int) string { return strings.Repeat("x", n) }
	each(t, func(t *testing.T, l *language) {
		p, store := mustKeep(t, l, kv.Limits{})
		wants(t, p,
			[2]string{`["configured"]`, `["unavailable",0]`}, // neither the store nor the clock is there yet
			[2]string{`["get","a"],["delete","a"]`, `"none",false`},
			[2]string{`["set","a","é\n😀",1000],["get","a"]`, `"ok",{"value":"é\n😀"}`},
			[2]string{`["get","a"],["delete","a"],["delete","a"],["get","a"]`, `{"value":"é\n😀"},true,false,"none"`}, // in another packet
			[2]string{`["set","b","",0],["get","b"]`, `"ok",{"value":""}`},
			[2]string{`["set","b","two",0],["get","b"]`, `"ok",{"value":"two"}`},
			[2]string{`["add","b",1,0]`, `"number"`},
			[2]string{`["add","n",5,5000000000],["add","n",-7,0],["add","n",0,0]`, `5,-2,-2`},
			// the bounds of keys and values
			[2]string{`["set","` + key(256) + `","v",0],["get","` + key(256) + `"]`, `"ok",{"value":"v"}`},
			[2]string{`["set","` + key(257) + `","v",0],["get","` + key(257) + `"],["delete","` + key(257) + `"],["add","` + key(257) + `",1,0]`, `"size","size","size","size"`},
			[2]string{`["set","","v",0],["get",""],["delete",""],["add","",1,0]`, `"size","size","size","size"`},
			[2]string{`["set","é` + key(254) + `","v",0],["set","é` + key(255) + `","v",0]`, `"ok","size"`}, // bytes, not letters
			[2]string{`["set","v","` + value(65536) + `",0]`, `"ok"`},
			[2]string{`["get","v"]`, `{"value":"` + value(65536) + `"}`},
			[2]string{`["set","v","` + value(65537) + `",0]`, `"size"`},
			[2]string{`["set","v","` + value(257) + `",0],["get","v"]`, `"ok",{"value":"` + value(257) + `"}`},
		)
		if want := []time.Duration{time.Second, 5_000_000_000 * time.Millisecond}; store.seen[0] != want[0] || !slices.Contains(store.seen, want[1]) {
			t.Errorf("entries were to live %v, want %v among them", store.seen, want)
		}
	})
}

// TestStoreQuota fills the store, with the most calls of a packet, and one more.
func TestStoreQuota(t *testing.T) {
	each(t, func(t *testing.T, l *language) {
		p, _ := mustKeep(t, l, kv.Limits{Entries: 2})
		wants(t, p,
			[2]string{`["set","a","1",0],["set","b","2",0],["set","c","3",0],["add","d",1,0]`, `"ok","ok","full","full"`},
			[2]string{`["get","a"],["get","c"],["set","a","one",0]`, `{"value":"1"},"none","ok"`}, // what is there stays, and may change
			[2]string{`["delete","a"],["set","c","3",0]`, `true,"ok"`},
		)
		commands := strings.TrimSuffix(strings.Repeat(`["delete","none"],`, 66), ",")
		wants(t, p, [2]string{commands, strings.Repeat("false,", 64) + `"unavailable","unavailable"`}, [2]string{`["get","b"]`, `{"value":"2"}`})
		p, _ = mustKeep(t, l, kv.Limits{Bytes: 2 * (kv.Overhead + 11)})
		wants(t, p, [2]string{`["set","a","0123456789",0],["set","b","0123456789x",0],["set","b","0123456789",0]`, `"ok","full","ok"`})
	})
}

// TestStoreEnds waits for an entry to end.
func TestStoreEnds(t *testing.T) {
	each(t, func(t *testing.T, l *language) {
		p, _ := mustKeep(t, l, kv.Limits{})
		wants(t, p, [2]string{`["set","a","1",1],["set","b","2",3600000]`, `"ok","ok"`}, [2]string{`["add","n",1,1]`, `1`})
		for late := time.Now().Add(10 * time.Second); string(plain(t, do(t, p, `["get","a"],["get","n"]`).Args)) != `["none","none"]`; time.Sleep(time.Millisecond) {
			if time.Now().After(late) {
				t.Fatal("entries of a millisecond are there after 10 s")
			}
		}
		wants(t, p, [2]string{`["add","n",2,0]`, `2`}, [2]string{`["get","b"]`, `{"value":"2"}`})
	})
}

// TestClock: the time is the packet's, the same for a whole call.
func TestClock(t *testing.T) {
	each(t, func(t *testing.T, l *language) {
		p, _ := mustKeep(t, l, kv.Limits{})
		want := fmt.Sprint(at)
		wants(t, p, [2]string{`["now"],["now"]`, want + "," + want}, [2]string{`["now"]`, want})
	})
}

func TestRandom(t *testing.T) {
	each(t, func(t *testing.T, l *language) {
		p, _ := mustKeep(t, l, kv.Limits{})
		seen := map[string]bool{}
		for _, n := range []int{1, 8, 8, 4096, 4096} {
			v := do(t, p, fmt.Sprintf(`["random",%d]`, n))
			if len(v.Args) != 2*n+len(`[""]`) {
				t.Fatalf("%d bytes: %.100s %v", n, v.Args, v.Err)
			}
			if n > 1 && seen[string(v.Args)] {
				t.Errorf("%s a second time", v.Args)
			}
			seen[string(v.Args)] = true
		}
		for _, commands := range []string{`["random",4097]`, `["random",4096],["random",1]`} {
			if v := do(t, p, commands); v.Effect != engine.Deny || !errors.Is(v.Err, hostabi.ErrABI) {
				t.Errorf("%s: %s %v", commands, v.Effect, v.Err)
			}
		}
		wants(t, p, [2]string{`["get","a"]`, `"none"`}) // another instance answers
		if _, err := keep(t, l, wasm.Options{Granted: everything, Store: kv.New(kv.Limits{}), Config: []byte(`{"random":true}`)}); err == nil {
			t.Error("there are random bytes while a plugin is configured")
		}
	})
}

// TestNotGranted: what the manifest asks for and the operator does not grant is told by its name.
func TestNotGranted(t *testing.T) {
	each(t, func(t *testing.T, l *language) {
		for _, missing := range []hostabi.Capability{hostabi.KV, hostabi.Clock, hostabi.Random} {
			_, err := keep(t, l, wasm.Options{Granted: everything &^ missing, Store: kv.New(kv.Limits{})})
			if !errors.Is(err, wasm.ErrNotGranted) || !strings.Contains(err.Error(), "capability "+missing.String()+" is asked for") {
				t.Errorf("without %s: %v", missing, err)
			}
		}
	})
}

// TestCommands: a keeper knows no others, or the tests above would prove less.
func TestCommands(t *testing.T) {
	each(t, func(t *testing.T, l *language) {
		p, _ := mustKeep(t, l, kv.Limits{})
		if v := do(t, p, `["forget","a"]`); v.Effect != engine.Deny || v.Err != nil || string(v.Shown()) != `"command"` {
			t.Errorf("%+v", v)
		}
	})
}
