package main

import (
	"cmp"
	"fmt"
	"io"
	"runtime"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
)

// report writes tables of Markdown, to be read and to be pasted.
type report struct {
	w     *tabwriter.Writer
	turns []*turn
	base  *turn // what ratios are to; nil for none
}

func printTables(out io.Writer, s *settings, turns []*turn) error {
	r := report{tabwriter.NewWriter(out, 0, 0, 1, ' ', 0), turns, baseOf(turns)}
	fmt.Fprintf(r.w, "%d cores, %s, %s; %d clients, %d rounds of %v; %d idle sessions\n", runtime.NumCPU(), runtime.Version(),
		runtime.GOARCH, s.clients, s.rounds, s.length, s.idle)
	base := "nginx"
	if r.base != nil {
		base = r.base.row.name
	}
	r.table(oneCPU, "CPU µs/event|±|× "+base+"|8 in flight|±|× "+base+"|events/s, 1|8", func(t *turn) []string {
		return []string{t.micros(oneCPU), t.spread(oneCPU), r.ratio(t, oneCPU),
			t.micros(eightCPU), t.spread(eightCPU), r.ratio(t, eightCPU), t.text(oneRate, "%.0f", 1), t.text(eightRate, "%.0f", 1)}
	})
	r.table(halfP50, "at half load, events/s|p50 µs|p99|p99.9|sent late, p99", func(t *turn) []string {
		return []string{t.text(eightRate, "%.0f", 2), t.micros(halfP50), t.micros(halfP99), t.micros(halfP999), t.micros(halfLate)}
	})
	r.table(idleBytes, "KB/idle session|once it spoke|with garbage|CPU µs/open|kernel KB/socket", func(t *turn) []string {
		return []string{t.text(idleBytes, "%.1f", 1024), t.text(idleSpoke, "%.1f", 1024), t.text(idleResident, "%.1f", 1024), t.micros(idleOpen), t.text(idleSlab, "%.1f", 1024)}
	})
	r.table(busyP99, fmt.Sprintf("p99 µs at %d events/s|while %d/s open and close|opened a second", s.rate, s.opens), func(t *turn) []string {
		return []string{t.micros(calmP99), t.micros(busyP99), t.text(busyRate, "%.0f", 1)}
	})
	r.table(beatCPU, "CPU µs/heartbeat, both sides", func(t *turn) []string { return []string{t.micros(beatCPU)} })
	r.budgets()
	return r.w.Flush()
}

// baseOf gives what the others are measured against: nginx, or where it is not the bare relay.
func baseOf(turns []*turn) *turn {
	for _, name := range []string{"nginx", "relay"} {
		for _, t := range turns {
			if t.row.name == name && len(t.values[oneCPU]) > 0 {
				return t
			}
		}
	}
	return nil
}

// table prints a line for each row, if any was measured by m.
func (r *report) table(m metric, head string, cells func(*turn) []string) {
	if !slices.ContainsFunc(r.turns, func(t *turn) bool { return len(t.values[m]) > 0 }) {
		return
	}
	titles := strings.Split(head, "|")
	fmt.Fprintf(r.w, "\n|\t| %s\t|\n|---\t%s|\n", strings.Join(titles, "\t| "), strings.Repeat("|---\t", len(titles)))
	for _, t := range r.turns {
		line := cells(t)
		if t.absent != nil {
			line = make([]string, len(titles))
			line[0] = errAbsent.Error()
		}
		fmt.Fprintf(r.w, "| %s\t| %s\t|\n", t.row.title, strings.Join(line, "\t| "))
	}
}

// text gives the median of a metric divided by unit.
func (t *turn) text(m metric, format string, unit float64) string {
	if len(t.values[m]) == 0 {
		return "-"
	}
	return fmt.Sprintf(format, median(t.values[m])/unit)
}

func (t *turn) micros(m metric) string { return t.text(m, "%.1f", 1000) }

func (t *turn) spread(m metric) string {
	if len(t.values[m]) < 2 {
		return "-"
	}
	return fmt.Sprintf("%.0f %%", 100*spread(t.values[m]))
}

func (r *report) ratio(t *turn, m metric) string {
	if x, ok := against(t, r.base, m); ok {
		return fmt.Sprintf("%.2f", x)
	}
	return "-"
}

// against gives the median of the ratios of two rows, round by round: what slows the machine slows both.
func against(a, b *turn, m metric) (float64, bool) {
	if a == nil || b == nil {
		return 0, false
	}
	var all []float64
	for i := range min(len(a.values[m]), len(b.values[m])) {
		if b.values[m][i] > 0 {
			all = append(all, a.values[m][i]/b.values[m][i])
		}
	}
	return median(all), len(all) > 0
}

// printBenchstat prints a line for each turn, as benchstat reads them.
func printBenchstat(out io.Writer, turns []*turn) error {
	_, err := fmt.Fprintf(out, "goos: %s\ngoarch: %s\npkg: github.com/siogw/siogw/test/bench\n", runtime.GOOS, runtime.GOARCH)
	for _, t := range turns {
		ms := make([]metric, 0, len(t.values))
		for m := range t.values {
			ms = append(ms, m)
		}
		slices.SortFunc(ms, func(a, b metric) int { return cmp.Or(cmp.Compare(a.bench, b.bench), cmp.Compare(a.unit, b.unit)) })
		for i := range roundsOf(turns) {
			for k, m := range ms {
				if i >= len(t.values[m]) || err != nil {
					continue
				}
				if k == 0 || ms[k-1].bench != m.bench {
					_, err = fmt.Fprintf(out, "\nBenchmark%s/row=%s 1", m.bench, t.row.name)
				}
				fmt.Fprintf(out, " %.1f %s", t.values[m][i], m.unit)
			}
		}
	}
	fmt.Fprintln(out)
	return err
}

func micros(d time.Duration) string {
	return fmt.Sprintf("%.1f", float64(d)/float64(time.Microsecond))
}
