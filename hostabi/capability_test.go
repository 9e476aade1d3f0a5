package hostabi_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/siogw/siogw/hostabi"
	"github.com/siogw/siogw/internal/kv"
	"github.com/siogw/siogw/internal/wasmtest"
)

// capable are the imports of all capabilities: kv_get 0, kv_set 1, kv_delete 2, kv_add 3, time_ms 4, random 5.
var capable = []wasmtest.Import{
	{Module: "siogw", Name: "kv_get", Params: "iiii", Results: "i"}, {Module: "siogw", Name: "kv_set", Params: "iiiil", Results: "i"},
	{Module: "siogw", Name: "kv_delete", Params: "ii", Results: "i"}, {Module: "siogw", Name: "kv_add", Params: "iilli", Results: "i"},
	{Module: "siogw", Name: "time_ms", Results: "l"}, {Module: "siogw", Name: "random", Params: "ii"},
}

const all = hostabi.KV | hostabi.Clock | hostabi.Random

// The data of storing guests: a key and a value, and where they note an answer and find a value.
const (
	aKey    = "i32.const 8 i32.const 3 "
	aValue  = "i32.const 11 i32.const 5 "
	answer  = "i64.const 0x0000040000000010"                         // 16 bytes at 1024
	noted   = "i32.store 0 "                                         // with its place before the call
	at1024  = "i32.const 1024 "                                      // where an answer is noted
	place   = "i32.const 1028 "                                      // where values go
	kvCalls = at1024 + aKey + place + "i32.const 12 call 0 " + noted // kv_get
)

func storing(code string) wasmtest.Module {
	m := guest(code + answer)
	m.Imports, m.Data = capable, "key"+"value"
	return m
}

// TestStore: each function, with what it answers and where it writes.
func TestStore(t *testing.T) {
	number := func(n int64) string { return string(binary.LittleEndian.AppendUint64(nil, uint64(n))) }
	long := strings.Repeat("x", 20)
	for name, c := range map[string]struct {
		before string // the value of the key, "-" for none
		code   string
		status int32
		wrote  string
		after  string
	}{
		"get":                      {"seven b", kvCalls, 7, "seven b", "seven b"},
		"get nothing":              {"-", kvCalls, hostabi.KVNone, "", "-"},
		"get no bytes":             {"", kvCalls, 0, "", ""},
		"get more than fits":       {long, kvCalls, 20, "", long},
		"get what just fits":       {long[:12], kvCalls, 12, long[:12], long[:12]},
		"set":                      {"-", at1024 + aKey + aValue + "i64.const 0 call 1 " + noted, 0, "", "value"},
		"set again":                {"other", at1024 + aKey + aValue + "i64.const 1000 call 1 " + noted, 0, "", "value"},
		"set no bytes":             {"-", at1024 + aKey + "i32.const 0 i32.const 0 i64.const -5 call 1 " + noted, 0, "", ""},
		"set the longest":          {"-", at1024 + aKey + "i32.const 16 i32.const 65536 i64.const 0 call 1 " + noted, 0, "", "?"},
		"set longer":               {"-", at1024 + aKey + "i32.const 16 i32.const 65537 i64.const 0 call 1 " + noted, hostabi.KVSize, "", "-"},
		"set under no key":         {"-", at1024 + "i32.const 8 i32.const 0 " + aValue + "i64.const 0 call 1 " + noted, hostabi.KVSize, "", "-"},
		"set under the longest":    {"-", at1024 + "i32.const 8 i32.const 256 " + aValue + "i64.const 0 call 1 " + noted, 0, "", "-"},
		"set under a longer":       {"-", at1024 + "i32.const 8 i32.const 257 " + aValue + "i64.const 0 call 1 " + noted, hostabi.KVSize, "", "-"},
		"delete":                   {"value", at1024 + aKey + "call 2 " + noted, 1, "", "-"},
		"delete nothing":           {"-", at1024 + aKey + "call 2 " + noted, 0, "", "-"},
		"add":                      {"-", at1024 + aKey + "i64.const -2 i64.const 1000 " + place + "call 3 " + noted, 0, number(-2), number(-2)},
		"add to a number":          {number(41), at1024 + aKey + "i64.const 1 i64.const 60000 " + place + "call 3 " + noted, 0, number(42), number(42)},
		"add to what is none":      {"value", at1024 + aKey + "i64.const 1 i64.const 0 " + place + "call 3 " + noted, hostabi.KVNotNumber, "", "value"},
		"the 64th call":            {"-", strings.Repeat(kvCalls, 63) + at1024 + aKey + aValue + "i64.const 0 call 1 " + noted, 0, "", "value"},
		"the 65th call":            {"-", strings.Repeat(kvCalls, 64) + at1024 + aKey + aValue + "i64.const 0 call 1 " + noted, hostabi.KVUnavailable, "", "-"},
		"set where there is room":  {"-", at1024 + aKey + aValue + "i64.const 9223372036854775807 call 1 " + noted, 0, "", "value"},
		"get over its own key":     {"abc", at1024 + aKey + aKey + "call 0 " + noted, 3, "", "abc"},
		"add over its own key":     {number(1), at1024 + aKey + "i64.const 1 i64.const 0 i32.const 8 call 3 " + noted, 0, "", number(2)},
		"set what it deleted then": {"1", at1024 + aKey + "call 2 drop " + aKey + aValue + "i64.const 0 call 1 " + noted, 0, "", "value"},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, store := context.Background(), kv.New(kv.Limits{})
			if c.before != "-" {
				if err := store.Set(ctx, []byte("key"), []byte(c.before), 0); err != nil {
					t.Fatal(err)
				}
			}
			p := mustPool(t, storing(c.code), hostabi.PoolOptions{Granted: all, Store: store, Timeout: time.Second, Size: 1})
			got := ask(t, p, "", "")
			if status := int32(binary.LittleEndian.Uint32(got)); status != c.status || !bytes.HasPrefix(got[4:], []byte(c.wrote)) ||
				len(bytes.TrimRight(got[4+len(c.wrote):], "\x00")) > 0 {
				t.Errorf("it answered %d and wrote %q, want %d and %q", status, got[4:], c.status, c.wrote)
			}
			after := "-"
			if v, err := store.Get(ctx, nil, []byte("key")); err == nil {
				after = string(v)
			}
			if after != c.after && c.after != "?" {
				t.Errorf("the key is %q, want %q", after, c.after)
			}
		})
	}
}

// broken is a store that cannot be reached.
type broken struct{ hostabi.Store }

var errBroken = errors.New("no route")

// Get waits for the guest's deadline, as a store that does not answer.
func (broken) Get(ctx context.Context, _, _ []byte) ([]byte, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}
func (broken) Set(context.Context, []byte, []byte, time.Duration) error         { return errBroken }
func (broken) Delete(context.Context, []byte) (bool, error)                     { return false, errBroken }
func (broken) Add(context.Context, []byte, int64, time.Duration) (int64, error) { return 0, errBroken }

func TestStoreUnavailable(t *testing.T) {
	for name, code := range map[string]string{
		"get": kvCalls, "set": at1024 + aKey + aValue + "i64.const 0 call 1 " + noted, "delete": at1024 + aKey + "call 2 " + noted,
		"add": at1024 + aKey + "i64.const 1 i64.const 0 " + place + "call 3 " + noted,
	} {
		p := mustPool(t, storing(code), hostabi.PoolOptions{Granted: all, Store: broken{}, Timeout: 50 * time.Millisecond, Size: 1})
		if status := int32(binary.LittleEndian.Uint32(ask(t, p, "", ""))); status != hostabi.KVUnavailable {
			t.Errorf("%s answers %d", name, status)
		}
	}
}

// TestStoreIsShared: by instances, and not by plugins.
func TestStoreIsShared(t *testing.T) {
	var set kv.Set
	count := at1024 + aKey + "i64.const 1 i64.const 0 " + place + "call 3 " + noted
	for name, want := range map[string]byte{"a": 7, "b": 7} {
		for range 2 { // generations
			p := mustPool(t, storing(count), hostabi.PoolOptions{Granted: all, Store: set.Store(name, kv.Limits{}), Timeout: time.Second,
				Lifetime: hostabi.Session})
			for _, s := range []string{"x", "y", ""} {
				ask(t, p, s, "")
			}
		}
		if sum, _ := set.Store(name, kv.Limits{}).Add(context.Background(), []byte("key"), 1, 0); byte(sum) != want {
			t.Errorf("%s is at %d", name, sum)
		}
	}
}

// TestFullStore: a guest that fills the store is told, and takes nobody's room but its own.
func TestFullStore(t *testing.T) {
	fill := `loop - i32.const 8 i32.const 8 i32.load 0 i32.const 1 i32.add i32.store 0 ` + at1024 + "i32.const 8 i32.const 4 " + aValue +
		"i64.const 0 call 1 " + noted + at1024 + "i32.load 0 i32.eqz br_if 0 end "
	store := kv.New(kv.Limits{Entries: 100})
	p := mustPool(t, storing(fill), hostabi.PoolOptions{Granted: all, Store: store, Timeout: time.Second, Size: 1})
	for i, want := range []int32{hostabi.KVUnavailable, hostabi.KVFull, hostabi.KVFull} {
		if got := int32(binary.LittleEndian.Uint32(ask(t, p, "", ""))); got != want {
			t.Errorf("call %d: stopped by %d, want %d", i, got, want)
		}
	}
	if st := store.Stats(); st.Entries != 100 || st.Refused != 2 {
		t.Errorf("%+v", st)
	}
}

func TestClockAndRandom(t *testing.T) {
	code := at1024 + "call 4 i64.store 0 i32.const 1032 i32.const 8 call 5 "
	p := mustPool(t, storing(code), hostabi.PoolOptions{Granted: all, Store: kv.New(kv.Limits{}), Timeout: time.Second, Size: 1, Lifetime: hostabi.PerCall})
	seen := map[string]bool{}
	for _, at := range []time.Time{{}, time.UnixMilli(1700000000123), time.UnixMilli(-5)} {
		res, err := p.Ask(context.Background(), &hostabi.Call{Time: at})
		if err != nil {
			t.Fatal(err)
		}
		want := int64(0)
		if !at.IsZero() {
			want = at.UnixMilli()
		}
		if got := int64(binary.LittleEndian.Uint64(res.Verdict)); got != want {
			t.Errorf("time_ms gives %d, want %d", got, want)
		}
		seen[string(res.Verdict[8:])] = true
	}
	if len(seen) != 3 {
		t.Errorf("%d different random values of 3", len(seen))
	}
}

// TestGrants: what is not granted is not there.
func TestGrants(t *testing.T) {
	for _, i := range capable {
		need := map[byte]hostabi.Capability{'k': hostabi.KV, 't': hostabi.Clock, 'r': hostabi.Random}[i.Name[0]]
		m := guest("i64.const 0")
		m.Imports = []wasmtest.Import{i}
		_, err := newPool(t, m, hostabi.PoolOptions{Granted: all &^ need, Store: kv.New(kv.Limits{})})
		if !errors.Is(err, hostabi.ErrABI) || !strings.Contains(err.Error(), "siogw."+i.Name+" needs the capability "+need.String()) {
			t.Errorf("%s: %v", i.Name, err)
		}
		if _, err := newPool(t, m, hostabi.PoolOptions{Granted: need, Store: kv.New(kv.Limits{})}); err != nil {
			t.Errorf("%s, granted: %v", i.Name, err)
		}
	}
	if _, err := newPool(t, guest("i64.const 0"), hostabi.PoolOptions{Granted: hostabi.KV}); err == nil {
		t.Error("a capability kv without a store")
	}
	for _, name := range []string{"kv", "clock", "random"} {
		if c, err := hostabi.ParseCapability(name); err != nil || c.String() != name {
			t.Errorf("%s: %v %v", name, c, err)
		}
	}
	if fmt.Sprint(hostabi.KV|hostabi.Random) != "kv, random" {
		t.Error(hostabi.KV | hostabi.Random)
	}
}

// TestBeforeDecisions: while it starts, a guest has no store, no time and no random bytes.
func TestBeforeDecisions(t *testing.T) {
	m := storing("")
	m.Funcs = append(m.Funcs, wasmtest.Func{Export: "siogw_configure", Params: "ii", Results: "l",
		Code: kvCalls + "i32.const 1028 call 4 i64.store 0 i64.const 0"})
	p := mustPool(t, m, hostabi.PoolOptions{Granted: all, Store: kv.New(kv.Limits{}), Timeout: time.Second})
	if got := ask(t, p, "", ""); int32(binary.LittleEndian.Uint32(got)) != hostabi.KVUnavailable || binary.LittleEndian.Uint64(got[4:]) != 0 {
		t.Errorf("%v", got)
	}
	m.Funcs[len(m.Funcs)-1].Code = "i32.const 8 i32.const 8 call 5 i64.const 0"
	if _, err := newPool(t, m, hostabi.PoolOptions{Granted: all, Store: kv.New(kv.Limits{})}); !errors.Is(err, hostabi.ErrABI) {
		t.Errorf("random: %v", err)
	}
}
