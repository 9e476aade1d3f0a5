package hostabi_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/siogw/siogw/hostabi"
	"github.com/siogw/siogw/internal/kv"
	"github.com/siogw/siogw/internal/wasmtest"
)

// onlyWhenTold makes a guest that answers 0 to an empty view and does code to any other.
func onlyWhenTold(code string) string {
	return "local.get 1 if - " + code + " end i64.const 0"
}

// Guests that break in siogw_decide, one way each.
var hostile = map[string]struct {
	code string
	want error
}{
	"spins":                      {"loop - br 0 end", hostabi.ErrTimeout},
	"spins filling memory":       {"loop - i32.const 0 i32.const 1 i32.const 131072 memory.fill br 0 end", hostabi.ErrTimeout},
	"spins growing memory":       {"loop - i32.const 1 memory.grow drop br 0 end", hostabi.ErrTimeout},
	"spins logging":              {"loop - i32.const 3 i32.const 0 i32.const 65536 call 0 br 0 end", hostabi.ErrTimeout},
	"recurses":                   {"local.get 0 local.get 1 call 4 drop", hostabi.ErrTrap},
	"traps":                      {"unreachable", hostabi.ErrTrap},
	"divides by zero":            {"i32.const 1 i32.const 0 i32.div_u drop", hostabi.ErrTrap},
	"reads outside of memory":    {"i32.const -4 i32.load 0 drop", hostabi.ErrTrap},
	"grows beyond the cap":       {"i32.const 1000 memory.grow drop unreachable", hostabi.ErrMemory},
	"points outside of memory":   {"i64.const 0x7fffffff00000010 return", hostabi.ErrABI},
	"points beyond the end":      {"i64.const 0x0001ffff00000002 return", hostabi.ErrABI},
	"points nowhere":             {"i64.const 0x00000010 return", hostabi.ErrABI},
	"gives nothing somewhere":    {"i64.const 0x0000001000000000 return", hostabi.ErrABI},
	"lies about the length":      {"i64.const 0x00000008ffffffff return", hostabi.ErrABI},
	"logs from outside":          {"i32.const 0 i32.const -1 i32.const 10 call 0", hostabi.ErrABI},
	"logs more than there is":    {"i32.const 0 i32.const 8 i32.const -1 call 0", hostabi.ErrABI},
	"labels from outside":        {"i32.const 131071 i32.const 2 i32.const 8 i32.const 1 call 1", hostabi.ErrABI},
	"labels with a long key":     {"i32.const 8 i32.const 65 i32.const 8 i32.const 1 call 1", hostabi.ErrABI},
	"labels with a long value":   {"i32.const 8 i32.const 1 i32.const 8 i32.const 1025 call 1", hostabi.ErrABI},
	"labels without end":         {"loop - i32.const 8 i32.const 1 i32.const 8 i32.const 1 call 1 br 0 end", hostabi.ErrABI},
	"counts without a name":      {"i32.const 8 i32.const 0 i64.const 1 call 2", hostabi.ErrABI},
	"counts under a strange one": {"i32.const 0 i32.const 4 i64.const 1 call 2", hostabi.ErrABI},
	"counts under a long one":    {"i32.const 8 i32.const 65 i64.const 1 call 2", hostabi.ErrABI},
	"counts from outside":        {"i32.const -1 i32.const 4 i64.const 1 call 2", hostabi.ErrABI},
	"counts without end":         {"loop - i32.const 8 i32.const 1 i64.const 1 call 2 br 0 end", hostabi.ErrABI},
	"grows a table":              {"loop - ref.null i32.const 1 table.grow 0 drop br 0 end", hostabi.ErrTimeout},
	"fills a table":              {"loop - i32.const 0 ref.null i32.const 1 table.fill 0 br 0 end", hostabi.ErrTimeout},
	"calls what is no function":  {"i32.const 0 i32.const 1 call_indirect 3 drop", hostabi.ErrTrap},
	"calls under another type":   {"i32.const 0 i32.const 0 i32.const 0 i32.const 0 call_indirect 0", hostabi.ErrTrap},
	"copies all memory, forever": {"loop - i32.const 0 i32.const 1 i32.const 131071 memory.copy br 0 end", hostabi.ErrTimeout},
}

// Guests that abuse what capabilities give them.
var greedy = map[string]struct {
	code string
	want error
}{
	"gets from outside":           {"i32.const -1 i32.const 3 i32.const 8 i32.const 8 call 0 drop", hostabi.ErrABI},
	"gets to outside":             {aKey + "i32.const 131071 i32.const 2 call 0 drop", hostabi.ErrABI},
	"gets 4 GiB":                  {aKey + "i32.const 8 i32.const -1 call 0 drop", hostabi.ErrABI},
	"sets from outside":           {aKey + "i32.const 131071 i32.const 2 i64.const 0 call 1 drop", hostabi.ErrABI},
	"deletes from outside":        {"i32.const 131072 i32.const 1 call 2 drop", hostabi.ErrABI},
	"adds to outside":             {aKey + "i64.const 1 i64.const 0 i32.const 131065 call 3 drop", hostabi.ErrABI},
	"random to outside":           {"i32.const 131071 i32.const 2 call 5", hostabi.ErrABI},
	"random of 4 GiB":             {"i32.const 0 i32.const -1 call 5", hostabi.ErrABI},
	"random without end":          {"loop - i32.const 8 i32.const 64 call 5 br 0 end", hostabi.ErrABI},
	"sets without end":            {"loop - " + aKey + "i32.const 8 i32.const 65536 i64.const 0 call 1 drop br 0 end", hostabi.ErrTimeout},
	"looks at the clock, forever": {"loop - call 4 drop br 0 end", hostabi.ErrTimeout},
}

// figures are what TestHostile prints of each guest.
type figures struct {
	want      string
	took      time.Duration // the longest of three
	allocated uint64        // by the host in one call, with the fresh instance
}

// hostileTimeout is the deadline of hostile guests.
const hostileTimeout = 20 * time.Millisecond

// contained asks a hostile guest three times, and each time whether the pool serves on.
func contained(t *testing.T, m wasmtest.Module, want error) (f figures) {
	m.Data = strings.Repeat("a", 100)
	if m.Table == nil {
		m.Table = []int{len(m.Imports)}
	}
	p := mustPool(t, m, hostabi.PoolOptions{Memory: 1 << 20, Timeout: hostileTimeout, Size: 1, Granted: all, Store: kv.New(kv.Limits{})})
	ctx := context.Background()
	f.want = want.Error()
	for range 3 {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		start := time.Now()
		res, err := p.Decide(ctx, []byte("x"))
		f.took = max(f.took, time.Since(start))
		if !errors.Is(err, want) {
			t.Fatalf("got %q and %v, want %v", res.Verdict, err, want)
		}
		runtime.ReadMemStats(&after)
		f.allocated = max(f.allocated, after.TotalAlloc-before.TotalAlloc)
		if res, err := p.Decide(ctx, nil); err != nil || res.Verdict != nil {
			t.Fatalf("afterwards: %q %v", res.Verdict, err)
		}
	}
	return f
}

// TestHostile: each is contained and told apart, and the pool serves on with a fresh instance. With -v it prints how
// long that took and what it cost.
func TestHostile(t *testing.T) {
	got := map[string]figures{}
	for name, c := range hostile {
		t.Run(name, func(t *testing.T) { got[name] = contained(t, guest(onlyWhenTold(c.code)), c.want) })
	}
	for name, c := range greedy {
		t.Run(name, func(t *testing.T) {
			m := guest(onlyWhenTold(c.code))
			m.Imports = capable
			got[name] = contained(t, m, c.want)
		})
	}
	table := fmt.Sprintf("%d guests, a deadline of %v:\n", len(got), hostileTimeout)
	for _, name := range slices.Sorted(maps.Keys(got)) {
		f := got[name]
		table += fmt.Sprintf("%-28s %-22s in %8v, %6d KiB\n", name, f.want, f.took.Round(time.Microsecond), f.allocated>>10)
	}
	t.Log(table)
}

// TestSpinFreezesNobody: while a guest spins, the garbage collector and others get on.
func TestSpinFreezesNobody(t *testing.T) {
	p := mustPool(t, guest(onlyWhenTold("loop - br 0 end")), hostabi.PoolOptions{Timeout: 300 * time.Millisecond})
	done := make(chan error)
	go func() {
		_, err := p.Decide(context.Background(), []byte("x"))
		done <- err
	}()
	for cycles := 0; ; cycles++ {
		select {
		case err := <-done:
			t.Logf("%d collections while the guest was spinning", cycles)
			if cycles < 3 || !errors.Is(err, hostabi.ErrTimeout) {
				t.Errorf("%d collections in 300 ms of spinning, %v", cycles, err)
			}
			return
		default:
			runtime.GC() // stops the world: it ends only when the guest's goroutine has stopped too
		}
	}
}

// TestNoticed prints how late a spinning guest is stopped.
func TestNoticed(t *testing.T) {
	p := mustPool(t, guest(onlyWhenTold("loop - br 0 end")), hostabi.PoolOptions{Timeout: 5 * time.Millisecond, Size: 1})
	var worst time.Duration
	for range 20 {
		start := time.Now()
		if _, err := p.Decide(context.Background(), []byte("x")); !errors.Is(err, hostabi.ErrTimeout) {
			t.Fatal(err)
		}
		worst = max(worst, time.Since(start)-5*time.Millisecond)
	}
	t.Logf("stopped at most %v after the deadline", worst)
	if worst > 2*time.Second {
		t.Errorf("stopped %v after the deadline", worst)
	}
}

// TestCallersDeadline: the caller's deadline and its cancellation hold as well.
func TestCallersDeadline(t *testing.T) {
	p := mustPool(t, guest(onlyWhenTold("loop - br 0 end")), hostabi.PoolOptions{Timeout: time.Hour})
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Millisecond)
	defer cancel()
	if _, err := p.Decide(ctx, []byte("x")); !errors.Is(err, hostabi.ErrTimeout) {
		t.Error(err)
	}
	ctx, cancel = context.WithCancel(context.Background())
	time.AfterFunc(10*time.Millisecond, cancel)
	if _, err := p.Decide(ctx, []byte("x")); !errors.Is(err, hostabi.ErrTimeout) {
		t.Error(err)
	}
}

// TestOvertime: a deadline that passed while nobody let the guest run does not stop what is nearly done; it
// does stop the rest.
func TestOvertime(t *testing.T) {
	for rounds, want := range map[int]error{10_000: nil, 1_000_000: hostabi.ErrTimeout} {
		code := fmt.Sprintf("i32.const %d local.set 2 loop - local.get 2 i32.const 1 i32.sub local.tee 2 br_if 0 end", rounds)
		p := mustPool(t, guest(onlyWhenTold(code)), hostabi.PoolOptions{Timeout: 1})
		for range 20 { // fuel is left over from one call to the next, so each meets the clock elsewhere
			if _, err := p.Decide(context.Background(), []byte("x")); !errors.Is(err, want) {
				t.Errorf("%d rounds: %v", rounds, err)
			}
		}
	}
}

// TestFuel: a budget in fuel ends a call that has time left.
func TestFuel(t *testing.T) {
	p := mustPool(t, guest(onlyWhenTold("loop - br 0 end")), hostabi.PoolOptions{Timeout: time.Hour, Fuel: 1e6})
	if _, err := p.Decide(context.Background(), []byte("x")); !errors.Is(err, hostabi.ErrTimeout) {
		t.Error(err)
	}
}

// Modules that are refused when they are loaded.
var unloadable = map[string]struct {
	m    wasmtest.Module
	want error
	text string
}{
	"4 GiB of memory":   {withMemory("\x00\x80\x80\x04"), hostabi.ErrMemory, "4294967296 bytes"},
	"more than 4 GiB":   {withMemory("\x00\x81\x80\x04"), hostabi.ErrABI, "65536 pages"},
	"no memory":         {wasmtest.Module{None: true, Funcs: []wasmtest.Func{alloc(goodAlloc), decide("i64.const 0")}}, hostabi.ErrABI, `"memory"`},
	"a hidden memory":   {wasmtest.Module{Hidden: true, Funcs: []wasmtest.Func{alloc(goodAlloc), decide("i64.const 0")}}, hostabi.ErrABI, `"memory"`},
	"no alloc":          {wasmtest.Module{Funcs: []wasmtest.Func{decide("i64.const 0")}}, hostabi.ErrABI, `"siogw_alloc"`},
	"no decide":         {wasmtest.Module{Funcs: []wasmtest.Func{alloc(goodAlloc)}}, hostabi.ErrABI, `"siogw_decide"`},
	"a wrong decide":    {wasmtest.Module{Funcs: []wasmtest.Func{alloc(goodAlloc), {Export: "siogw_decide", Params: "i", Results: "i", Code: "i32.const 0"}}}, hostabi.ErrABI, "(i32) → (i32), not (i32, i32) → (i64)"},
	"a wrong configure": {wasmtest.Module{Funcs: []wasmtest.Func{alloc(goodAlloc), decide("i64.const 0"), {Export: "siogw_configure"}}}, hostabi.ErrABI, `"siogw_configure"`},
	"an unknown import": {withImport("env", "open"), hostabi.ErrABI, "env.open"},
	"an unknown call":   {withImport("siogw", "open"), hostabi.ErrABI, "siogw.open"},
	"a mistyped call":   {withImport("siogw", "log"), hostabi.ErrABI, "siogw.log"},
	"unknown WASI":      {withImport("wasi_snapshot_preview1", "fd_steal"), hostabi.ErrABI, "fd_steal"},
	"the meter's hook":  {withImport("siogw.meter", "hook"), hostabi.ErrABI, "reserved"},
	"alloc gives 0":     {withAlloc("i32.const 0"), hostabi.ErrMemory, "gave 0"},
	"alloc points out":  {withAlloc("i32.const 65536"), hostabi.ErrABI, "outside of memory"},
	"alloc points over": {withAlloc("i32.const -1"), hostabi.ErrABI, "outside of memory"},
	"alloc traps":       {withAlloc("unreachable"), hostabi.ErrTrap, "unreachable"},
	"alloc spins":       {withAlloc("loop - br 0 end i32.const 0"), hostabi.ErrTimeout, "start"},
	"a start that spins": {wasmtest.Module{Start: new(int), Funcs: []wasmtest.Func{{Code: "loop - br 0 end"}, alloc(goodAlloc), decide("i64.const 0")}},
		hostabi.ErrTimeout, "start"},
	"a spinning _initialize": {wasmtest.Module{Funcs: []wasmtest.Func{{Export: "_initialize", Code: "loop - br 0 end"}, alloc(goodAlloc), decide("i64.const 0")}},
		hostabi.ErrTimeout, "start"},
	"a huge table": {wasmtest.Module{Table: make([]int, 70000), Funcs: []wasmtest.Func{{}, alloc(goodAlloc), decide("i64.const 0")}}, hostabi.ErrABI, "table"},
}

func withMemory(limits string) wasmtest.Module {
	m := guest("i64.const 0")
	m.Memory = limits
	return m
}

func withImport(module, name string) wasmtest.Module {
	m := guest("i64.const 0")
	m.Imports = []wasmtest.Import{{Module: module, Name: name}}
	return m
}

func withAlloc(code string) wasmtest.Module {
	return wasmtest.Module{Funcs: []wasmtest.Func{alloc(code), decide("i64.const 0")}}
}

func TestUnloadable(t *testing.T) {
	for name, c := range unloadable {
		t.Run(name, func(t *testing.T) {
			_, err := newPool(t, c.m, hostabi.PoolOptions{StartTimeout: 50 * time.Millisecond})
			if err == nil || c.want != nil && !errors.Is(err, c.want) || !strings.Contains(err.Error(), c.text) {
				t.Errorf("got %v, want %v with %q", err, c.want, c.text)
			}
		})
	}
	if _, err := newRuntime(t).Compile(context.Background(), []byte("no wasm")); !errors.Is(err, hostabi.ErrABI) {
		t.Error(err)
	}
}
