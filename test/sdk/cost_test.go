package sdk_test

import (
	"context"
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"

	"github.com/siogw/siogw/engine"
	"github.com/siogw/siogw/internal/pluginkit"
)

// kinds of packet that use every buffer of an SDK, some of them larger than usual.
func kinds(t testing.TB) (all []*engine.Input) {
	for i, args := range []string{
		`[{"room":"general","text":"hi there, are you coming to the party tonight?"}]`,
		`["4111111111111111 \ud83d\ude00\n", {"a":"5555-5555-5555-4444"}, "STOP THAT NOW"]`,
		`["` + strings.Repeat("x", 300) + `"]`, // denied
		`["` + strings.Repeat(`\u00e9`, 150) + strings.Repeat(`","4111111111111111`, 20) + `"]`,
		`[[[[[[["` + strings.Repeat("y ", 90) + `",1e3,null]]]]]]]`,
	} {
		in, err := pluginkit.Message([]byte(args), make([]byte, i*1000))
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, in)
	}
	return all
}

// TestMemory: over a million calls nothing is left behind. Without SIOGW_REQUIRE_INTEROP=1 it is fewer of them.
func TestMemory(t *testing.T) {
	calls := 20_000
	if os.Getenv("SIOGW_REQUIRE_INTEROP") == "1" {
		calls = 1_000_000
	}
	ctx := context.Background()
	each(t, func(t *testing.T, l *language) {
		opt := options([]byte(`{"max_attachment":2000,"words":["zzz"]}`))
		opt.Memory = 64 << 20 // what grows is to be seen, and not to be stopped
		g := load(t, l.module(t), opt)
		all := kinds(t)
		var settled, last int64
		calls := calls / max(l.slower, 1)
		for i := range calls {
			in := all[0]
			if i%16 == 0 { // the others cost the host more than the guest
				in = all[i/16%len(all)]
			}
			a := g.Judge(ctx, in)
			if a.Error != "" {
				t.Fatalf("call %d: %s", i, a.Error)
			}
			if last = a.Memory; i == calls/10 {
				settled = last
			}
		}
		if last > settled+l.slack {
			t.Errorf("%d KiB after a tenth of the calls, %d KiB after all", settled>>10, last>>10)
		}
	})
}

// targets are what a small plugin may cost a call, as a multiple of C's: with 200 bytes in and 50 out C was to take 0.5 µs, Rust
// 0.55, AssemblyScript 0.65, Go 1.2 and QuickJS 8 to 15.
var targets = map[string]float64{"c": 1, "rust": 1.1, "assemblyscript": 1.3, "go": 2.4, "js": 30}

// BenchmarkQuiet is a call of what `siogw plugin new` makes in each language, with the gateway's part of it: 200 bytes of text,
// of which a word is masked, for an answer of 64 bytes. Beside it stand how many times C's CPU time that is, and is to be.
func BenchmarkQuiet(b *testing.B) {
	text := strings.Repeat("what a fine day ", 12)
	compareCost(b, "quiet", `["darn it",{"text":"`+text+`"}]`, func(b *testing.B, l *language, ratio float64) {
		b.ReportMetric(ratio, "x-C")
		b.ReportMetric(targets[l.name], "x-C-target")
	})
}

// BenchmarkGuard is the same for message-guard, which reads the whole input, and lets a line of a chat pass untouched.
func BenchmarkGuard(b *testing.B) {
	compareCost(b, "guard", string(kinds(b)[0].Args), func(b *testing.B, _ *language, ratio float64) { b.ReportMetric(ratio, "x-C") })
}

// compareCost measures a plugin in every language, and gives report each cost as a multiple of C's, the first.
func compareCost(b *testing.B, plugin, args string, report func(b *testing.B, l *language, ratio float64)) {
	in, err := pluginkit.Message([]byte(args))
	if err != nil {
		b.Fatal(err)
	}
	c := 0.0
	for i := range languages {
		l := &languages[i]
		b.Run(l.name, func(b *testing.B) {
			m := l.moduleOf(b, plugin)
			g := load(b, m, options(nil))
			var a pluginkit.Answer
			from := cpuTime(b)
			for b.Loop() {
				if a = g.Judge(context.Background(), in); a.Effect != "allow" {
					b.Fatal(fmt.Sprint(a))
				}
			}
			cost := float64(cpuTime(b)-from) / float64(b.N)
			b.ReportMetric(cost, "cpu-ns/op")
			b.ReportMetric(float64(a.Fuel), "fuel/op")
			b.ReportMetric(float64(a.Memory>>10), "KiB-memory")
			b.ReportMetric(float64(len(m.Wasm)>>10), "KiB-module")
			if l.name == "c" {
				c = cost
			}
			if c > 0 { // C may be absent, or not asked for
				report(b, l, cost/c)
			}
		})
	}
}

// cpuTime is what the process has used, in nanoseconds: on a busy machine the clock tells little.
func cpuTime(b *testing.B) int64 {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return u.Utime.Nano() + u.Stime.Nano()
}
