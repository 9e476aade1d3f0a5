package rego

import (
	"context"
	"syscall"
	"testing"

	"github.com/siogw/siogw/engine"
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
