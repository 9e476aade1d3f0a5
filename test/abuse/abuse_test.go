//go:build linux

package abuse

import (
	"fmt"
	"io"
	"os"
	"strings"
	"testing"
	"text/tabwriter"
	"time"

	"github.com/siogw/siogw/internal/siotest"
)

// cost is what one flood took of the gateway.
type cost struct {
	name        string
	took, cpu   time.Duration
	before, top int   // resident KiB
	sent        int64 // bytes of the attacker
	ended       int64
	served      int // round trips of the good client meanwhile
	slowest     time.Duration
}

var costs []cost

// TestFloods: the good client is answered before, during and after each flood, and the gateway counted what it did
// about it. What it cost is told and not judged.
func TestFloods(t *testing.T) {
	for _, f := range floods {
		t.Run(strings.ReplaceAll(f.name, " ", "-"), func(t *testing.T) {
			up := siotest.NewUpstream(t, nil)
			p := start(t, up, f.limits)
			good := siotest.NewClient(t, "http://"+p.clients, nil)
			good.Join("/", "")
			c := cost{name: f.name}
			trip := func() {
				t.Helper()
				begin := time.Now()
				good.Put(`427["echo","still","there"]`)
				good.Want(`437["still","there"]`)
				c.served++
				c.slowest = max(c.slowest, time.Since(begin))
			}
			trip()
			c.before, _ = p.memory(t)
			cpu, begin := p.cpu(t), time.Now()
			a := &attacker{target: p.clients}
			defer a.close()
			done := make(chan struct{})
			go func() { defer close(done); f.run(a) }()
			for over := false; !over; {
				select {
				case <-done:
					over = true
				case <-time.After(20 * time.Millisecond):
				}
				trip()
			}
			for _, label := range f.want {
				for end := time.Now().Add(siotest.Wait); !p.counted(t, label); time.Sleep(10 * time.Millisecond) {
					if time.Now().After(end) {
						t.Fatalf("nothing is counted with %s:\n%s", label, ours(p.metrics(t)))
					}
				}
			}
			trip()
			c.took, c.cpu, c.sent, c.ended = time.Since(begin), p.cpu(t)-cpu, a.sent.Load(), a.ended.Load()
			_, c.top = p.memory(t)
			costs = append(costs, c)
		})
	}
}

// ours are the lines of a scrape that are the gateway's own.
func ours(metrics string) string {
	var b strings.Builder
	for line := range strings.Lines(metrics) {
		if strings.HasPrefix(line, "siogw_") {
			b.WriteString(line)
		}
	}
	return b.String()
}

// printTable tells the costs, where it is asked for.
func printTable(w io.Writer) {
	if os.Getenv("ABUSE_TABLE") == "" || len(costs) == 0 {
		return
	}
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(tw, "flood\ttook\tCPU\tmemory before\tat most\tsent\tended\tserved meanwhile\tslowest\t")
	for _, c := range costs {
		fmt.Fprintf(tw, "%s\t%.2f s\t%.2f s\t%d KiB\t%d KiB\t%d KiB\t%d\t%d\t%.0f ms\t\n", c.name, c.took.Seconds(), c.cpu.Seconds(),
			c.before, c.top, c.sent>>10, c.ended, c.served, float64(c.slowest.Microseconds())/1000)
	}
	tw.Flush()
}
