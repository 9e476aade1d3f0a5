package sdk_test

import (
	"context"
	"fmt"
	"os"
	"strings"
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

// BenchmarkGuard is what the validator costs in each language, with the gateway's part of it.
func BenchmarkGuard(b *testing.B) {
	in := kinds(b)[0]
	for i := range languages {
		l := &languages[i]
		b.Run(l.name, func(b *testing.B) {
			m := l.module(b)
			g := load(b, m, options(nil))
			var fuel, memory int64
			for b.Loop() {
				a := g.Judge(context.Background(), in)
				if a.Effect != "allow" {
					b.Fatal(fmt.Sprint(a))
				}
				fuel, memory = a.Fuel, a.Memory
			}
			b.ReportMetric(float64(fuel), "fuel/op")
			b.ReportMetric(float64(memory>>10), "KiB-memory")
			b.ReportMetric(float64(len(m.Wasm)>>10), "KiB-module")
		})
	}
}
