package hostabi_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/siogw/siogw/hostabi"
)

// TestStrangeBuffers: whatever buffer a guest names, the host writes there and nowhere else, or refuses.
func TestStrangeBuffers(t *testing.T) {
	long := strings.Repeat("v", 5000)
	for name, c := range map[string]struct {
		alloc, decide string
		want          error
		answer        string
	}{
		"over its own data":                 {"i32.const 8", "i64.const 0x0000000800000004", nil, "vvvv"},
		"at address 1":                      {"i32.const 1", "i64.const 0x0000000100000004", nil, "vvvv"},
		"the same one, again":               {"i32.const 64", "local.get 0 i64.extend_i32_u i64.const 32 i64.shl i64.const 4 i64.or", nil, "vvvv"},
		"to the last byte":                  {"i32.const 131072 local.get 0 i32.sub", "local.get 0 i64.extend_i32_u i64.const 32 i64.shl i64.const 4 i64.or", nil, "vvvv"},
		"one byte beyond, at the second":    {"local.get 0 i32.const 4096 i32.gt_u if i i32.const 122881 else i32.const 64 end", "i64.const 0", hostabi.ErrABI, ""},
		"4 GiB away, at the second":         {"local.get 0 i32.const 4096 i32.gt_u if i i32.const -4 else i32.const 64 end", "i64.const 0", hostabi.ErrABI, ""},
		"none, at the second":               {"local.get 0 i32.const 4096 i32.gt_u if i i32.const 0 else i32.const 64 end", "i64.const 0", hostabi.ErrMemory, ""},
		"a trap, at the second":             {"local.get 0 i32.const 4096 i32.gt_u if - unreachable end i32.const 64", "i64.const 0", hostabi.ErrTrap, ""},
		"a spin, at the second":             {"local.get 0 i32.const 4096 i32.gt_u if - loop - br 0 end end i32.const 64", "i64.const 0", hostabi.ErrTimeout, ""},
		"an answer to the last byte":        {"i32.const 64", "i32.const 131068 i32.const 1886417008 i32.store 0 i64.const 0x0001fffc00000004", nil, "pppp"},
		"an answer of one byte more":        {"i32.const 64", "i64.const 0x0001fffc00000005", hostabi.ErrABI, ""},
		"an answer of all memory":           {"i32.const 64", "i64.const 0x0000000100400001", hostabi.ErrABI, ""},
		"an answer in memory that it grows": {"i32.const 64", "i32.const 1 memory.grow drop i32.const 131072 i32.const 1886417008 i32.store 0 i64.const 0x0002000000000004", nil, "pppp"},
		"memory that it grows":              {"local.get 0 i32.const 4096 i32.gt_u if i i32.const 1 memory.grow i32.const 16 i32.shl else i32.const 64 end", "local.get 0 i64.extend_i32_u i64.const 32 i64.shl i64.const 4 i64.or", nil, "vvvv"},
	} {
		m := guest(c.decide)
		m.Funcs[0] = alloc(c.alloc)
		for _, lifetime := range []hostabi.Lifetime{hostabi.Shared, hostabi.PerCall, hostabi.Session} {
			p := mustPool(t, m, hostabi.PoolOptions{Size: 1, Timeout: 200 * time.Millisecond, Lifetime: lifetime})
			for range 2 {
				res, err := p.Ask(context.Background(), &hostabi.Call{View: []byte(long), Session: "a"})
				if !errors.Is(err, c.want) || string(res.Verdict) != c.answer {
					t.Errorf("%s, %v: %q %v, want %q %v", name, lifetime, res.Verdict, err, c.answer, c.want)
				}
			}
		}
	}
}

// TestInputIsCopied: a guest that writes over its view changes its own memory, and no more.
func TestInputIsCopied(t *testing.T) {
	p := mustPool(t, guest("local.get 0 i32.const 0 local.get 1 memory.fill i64.const 0"), hostabi.PoolOptions{Timeout: time.Second})
	view := []byte("what the client sent")
	for range 3 {
		if _, err := p.Decide(context.Background(), view); err != nil || string(view) != "what the client sent" {
			t.Fatalf("%q %v", view, err)
		}
	}
}

// TestAnswerIsCopied: what a guest does to its answer in a later call changes nothing.
func TestAnswerIsCopied(t *testing.T) {
	p := mustPool(t, guest("local.get 0 i32.const 8 local.get 1 memory.copy "+echo), hostabi.PoolOptions{Size: 1, Timeout: time.Second})
	first := ask(t, p, "", "first")
	before := string(first)
	ask(t, p, "", "other")
	if string(first) != before {
		t.Errorf("%q became %q", before, first)
	}
}
