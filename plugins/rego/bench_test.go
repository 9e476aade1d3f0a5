package rego

import (
	"context"
	"syscall"
	"testing"
	"testing/fstest"

	"github.com/siogw/siogw/engine"
	"github.com/siogw/siogw/policies"
)

func chat(t testing.TB) *Policy {
	t.Helper()
	p, err := Load(context.Background(), Options{Paths: []string{"testdata"}, Timeout: -1})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// post is an ordinary message, 60 bytes of arguments.
func post() *engine.Input {
	return message(`[{"room":"general","text":"hello everybody","from":"u1"}]`)
}

func benchmark(b *testing.B, p *Policy, in *engine.Input) {
	b.Helper()
	if v := decide(b, p, in); v.Effect != engine.Allow {
		b.Fatalf("%+v", v)
	}
	b.ReportAllocs()
	from := cpuTime(b)
	for b.Loop() {
		p.Decide(context.Background(), in)
	}
	b.ReportMetric(float64(cpuTime(b)-from)/float64(b.N), "cpu-ns/op")
}

// cpuTime gives what the process has used in nanoseconds: on a busy machine the clock tells little.
func cpuTime(b *testing.B) int64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return u.Utime.Nano() + u.Stime.Nano()
}

func BenchmarkDecideChat(b *testing.B) { benchmark(b, chat(b), post()) }

func BenchmarkDecideChatTransform(b *testing.B) {
	benchmark(b, chat(b), message(`[{"room":"general","text":"hello everybody"}]`))
}

func BenchmarkDecideBaseline(b *testing.B) {
	p, err := Baseline(context.Background())
	if err != nil {
		b.Fatal(err)
	}
	benchmark(b, p, post())
}

func BenchmarkInput(b *testing.B) {
	for _, c := range []struct {
		name  string
		reads *reads
	}{{"whole", &everything}, {"chat", &chat(b).reads}} {
		b.Run(c.name, func(b *testing.B) {
			in := post()
			b.ReportAllocs()
			from := cpuTime(b)
			for b.Loop() {
				if _, err := c.reads.input(in); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(cpuTime(b)-from)/float64(b.N), "cpu-ns/op")
		})
	}
}

// What a decision costs found in the memo, put into it, and without one, for the baseline and for a policy of
// ordinary size.
func BenchmarkMemo(b *testing.B) {
	for _, c := range []struct {
		name string
		opts Options
		in   *engine.Input
	}{
		{"baseline", Options{Files: policies.Baseline()}, post()},
		{"ordinary", Options{Paths: []string{"../../test/bench/policy.rego"}}, post()},
	} {
		c.opts.Timeout = -1
		load := func(bytes int) *Policy {
			c.opts.Memo.Bytes = bytes
			p, err := Load(context.Background(), c.opts)
			if err != nil {
				b.Fatal(err)
			}
			return p
		}
		b.Run(c.name+"/hit", func(b *testing.B) {
			p := load(DefaultMemoBytes)
			benchmark(b, p, c.in)
			if st := p.MemoStats(); st.Misses != 1 {
				b.Fatalf("%+v", st)
			}
		})
		b.Run(c.name+"/miss", func(b *testing.B) {
			p := load(DefaultMemoBytes)
			b.ReportAllocs()
			for b.Loop() {
				p.memo = newMemo(MemoOptions{Bytes: 1 << 16})
				p.Decide(context.Background(), c.in)
			}
		})
		b.Run(c.name+"/none", func(b *testing.B) { benchmark(b, load(0), c.in) })
	}
}

// usesLibrary is a policy of modules of the library, with data for them.
var usesLibrary = fstest.MapFS{
	"p.rego": {Data: []byte(`package siogw.authz
import data.siogw.lib.moderation
import data.siogw.lib.rbac
import data.siogw.lib.rooms
allow if { rbac.allow; input.kind != "event" }
allow if { rbac.allow; rooms.may_speak }
deny contains m if some m in moderation.deny`)},
	"data.yaml": {Data: []byte(`
rbac: { roles: { guest: { permissions: [{ kinds: [connect] }] }, member: { inherits: [guest], permissions: [
  { kinds: [join, leave], rooms: ["room:*"] }, { kinds: [event], namespaces: [/chat], events: [message, typing] }] } } }
rooms: { /chat: { general: { everyone: true }, staff: { roles: [moderator] }, "*": { roles: [admin] } } }
moderation: { banned: [eve], muted: { /chat: { bob: [general] } }, read_only: { /chat: [news] }, exempt: [moderator], words: [badword] }`)},
}

// What a decision costs when it is not remembered, by each evaluator.
func BenchmarkEvaluators(b *testing.B) {
	for _, c := range []struct {
		name string
		opts Options
		in   *engine.Input
	}{
		{"baseline", Options{Files: policies.Baseline()}, post()},
		{"ordinary", Options{Paths: []string{"../../test/bench/policy.rego"}}, post()},
		{"chat", Options{Paths: []string{"testdata"}}, post()},
		{"transform", Options{Paths: []string{"testdata"}}, message(`[{"room":"general","text":"hello everybody"}]`)},
		{"library", Options{Files: usesLibrary}, post()},
	} {
		for name, topdown := range map[string]bool{EvaluatorTopdown: true, EvaluatorClosures: false} {
			b.Run(c.name+"/"+name, func(b *testing.B) {
				c.opts.Timeout, c.opts.Topdown = -1, topdown
				p, err := Load(context.Background(), c.opts)
				if err != nil {
					b.Fatal(err)
				}
				if got, why := p.Evaluator(); got != name {
					b.Fatal(why)
				}
				benchmark(b, p, c.in)
			})
		}
	}
}
