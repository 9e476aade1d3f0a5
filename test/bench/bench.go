package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"
)

// metric is one figure of a row, named as benchstat does.
type metric struct{ bench, unit string }

var (
	oneCPU       = metric{"Event/inflight=1", "cpu-ns/op"}
	eightCPU     = metric{"Event/inflight=8", "cpu-ns/op"}
	oneRate      = metric{"Event/inflight=1", "events/s"}
	eightRate    = metric{"Event/inflight=8", "events/s"}
	halfP50      = metric{"Half", "p50-ns"}
	halfP99      = metric{"Half", "p99-ns"}
	halfP999     = metric{"Half", "p999-ns"}
	halfLate     = metric{"Half", "late-ns"}
	idleBytes    = metric{"Idle", "B/session"}
	idleResident = metric{"Idle", "B/session-resident"}
	idleSpoke    = metric{"Idle", "B/session-spoke"}
	idleOpen     = metric{"Idle", "cpu-ns/open"}
	idleSlab     = metric{"Idle", "kernel-B/socket"}
	calmP99      = metric{"Churn/opens=no", "p99-ns"}
	busyP99      = metric{"Churn/opens=yes", "p99-ns"}
	busyRate     = metric{"Churn/opens=yes", "opens/s"}
	beatCPU      = metric{"Beat", "cpu-ns/op"}
)

// turn is a row with its process, and what it came to in each of its turns.
type turn struct {
	s        *settings
	row      *row
	p        *process
	upstream string
	absent   error // why it is not measured
	values   map[metric][]float64
}

func (t *turn) add(m metric, v float64) { t.values[m] = append(t.values[m], v) }

func (t *turn) addTime(m metric, d time.Duration) { t.add(m, float64(d)) }

// part is one kind of measurement, over all rows.
type part struct {
	name string
	run  func(ctx context.Context, turns []*turn) error
}

var parts = []part{{"idle", idleAll}, {"events", eventsAll}, {"half", halfAll}, {"churn", churnAll}, {"beats", beatsAll}}

func partNames() (all []string) {
	for _, p := range parts {
		all = append(all, p.name)
	}
	return all
}

// bench measures what s says and writes it to out: what there is of it, after an error too.
func bench(ctx context.Context, s *settings, out io.Writer) (err error) {
	if s.dir, err = os.MkdirTemp("", "siogw-bench-"); err != nil {
		return err
	}
	defer os.RemoveAll(s.dir)
	if err := s.build(); err != nil {
		return err
	}
	descriptors()
	up, err := startSelf("upstream", "25s")
	if err != nil {
		return err
	}
	defer up.stop()
	turns, err := startAll(ctx, s, up.address)
	defer func() {
		for _, t := range turns {
			if t.p != nil {
				t.p.stop()
			}
		}
	}()
	if err != nil {
		return err
	}
	for _, p := range parts {
		if s.wants(p.name) && err == nil {
			fmt.Fprintf(os.Stderr, "%s %s\n", time.Now().Format(time.TimeOnly), p.name)
			err = p.run(ctx, turns)
		}
	}
	if s.format == "benchstat" {
		return errors.Join(err, printBenchstat(out, turns))
	}
	return errors.Join(err, printTables(out, s, turns))
}

// wants tells whether a part is to be measured; heartbeats only when asked for.
func (s *settings) wants(part string) bool {
	if s.parts == nil {
		return part != "beats"
	}
	return slices.Contains(s.parts, part)
}

// startAll starts the rows' processes. What is not installed stays in the list.
func startAll(ctx context.Context, s *settings, upstream string) (turns []*turn, err error) {
	for i := range rows {
		if s.only != nil && !slices.Contains(s.only, rows[i].name) {
			continue
		}
		t := &turn{s: s, row: &rows[i], upstream: upstream, values: map[metric][]float64{}}
		turns = append(turns, t)
		if t.p, err = t.row.start(s, t.row, upstream); errors.Is(err, errAbsent) {
			t.absent = err
			fmt.Fprintf(os.Stderr, "%s: %v\n", t.row.name, err)
		} else if err != nil {
			return turns, fmt.Errorf("%s: %w", t.row.name, err)
		}
		if err := ctx.Err(); err != nil {
			return turns, err
		}
	}
	return turns, nil
}

// rounds gives each row that is there its turn, so many times over.
func rounds(ctx context.Context, turns []*turn, n int, do func(*turn) error) error {
	for range n {
		for _, t := range turns {
			if t.absent != nil {
				continue
			}
			if err := errors.Join(ctx.Err(), do(t)); err != nil {
				return fmt.Errorf("%s: %w\n%s", t.row.name, err, strings.TrimSpace(t.p.stderr.String()))
			}
		}
	}
	return nil
}

// enough sessions outweigh the process that holds them, and its garbage.
const enough = 4000

// idleAll measures each row twice: as it is, and in a process that collects its garbage as soon as there is some, where it is
// one of Go. What is left is what sessions hold; a process of 100 MB would hide it.
func idleAll(ctx context.Context, turns []*turn) error {
	return rounds(ctx, turns, 1, func(t *turn) error {
		open, resident, err := opens(ctx, t)
		if err != nil {
			return err
		}
		t.addTime(idleOpen, open)
		if t.s.idle >= enough {
			t.add(idleResident, float64(resident))
		}
		os.Setenv("GOGC", "5")
		p, err := t.row.start(t.s, t.row, t.upstream)
		os.Unsetenv("GOGC")
		if err != nil {
			return err
		}
		defer p.stop()
		r, err := idle(ctx, &turn{s: t.s, row: t.row, p: p}, 0)
		t.add(idleBytes, float64(r.bytes))
		t.add(idleSpoke, float64(r.spoke))
		if r.kernel > 0 {
			t.add(idleSlab, r.kernel)
		}
		return err
	})
}

func eventsAll(ctx context.Context, turns []*turn) error {
	warm := func(t *turn) error {
		_, err := closed(ctx, t, 8)
		return err
	}
	if err := rounds(ctx, turns, 1, warm); err != nil {
		return err
	}
	return rounds(ctx, turns, roundsOf(turns), func(t *turn) error {
		one, err := closed(ctx, t, 1)
		if err != nil {
			return err
		}
		eight, err := closed(ctx, t, 8)
		t.addTime(oneCPU, one.cpu)
		t.addTime(eightCPU, eight.cpu)
		t.add(oneRate, one.rate)
		t.add(eightRate, eight.rate)
		return err
	})
}

func roundsOf(turns []*turn) int { return turns[0].s.rounds }

// halfAll loads each row with half of what it can do with 8 in flight.
func halfAll(ctx context.Context, turns []*turn) error {
	return rounds(ctx, turns, roundsOf(turns), func(t *turn) error {
		if len(t.values[eightRate]) == 0 {
			full, err := closed(ctx, t, 8)
			if err != nil {
				return err
			}
			t.add(eightRate, full.rate)
		}
		d, err := open(ctx, t, median(t.values[eightRate])/2, 2*t.s.length)
		t.addTime(halfP50, d.p50)
		t.addTime(halfP99, d.p99)
		t.addTime(halfP999, d.p999)
		t.addTime(halfLate, d.late)
		return err
	})
}

func churnAll(ctx context.Context, turns []*turn) error {
	return rounds(ctx, turns, max(roundsOf(turns)/2, 1), func(t *turn) error {
		calm, err := open(ctx, t, float64(t.s.rate), 2*t.s.length)
		if err != nil {
			return err
		}
		d, err := busy(ctx, t, 2*t.s.length)
		t.addTime(calmP99, calm.p99)
		t.addTime(busyP99, d.p99)
		t.add(busyRate, d.opened)
		return err
	})
}

// beatsAll measures heartbeats of siogw with nothing and with everything, each in a process with an interval of a second, before a
// server with the same.
func beatsAll(ctx context.Context, turns []*turn) error {
	up, err := startSelf("upstream", "1s")
	if err != nil {
		return err
	}
	defer up.stop()
	return rounds(ctx, turns, 1, func(t *turn) error {
		if t.row.name != "plain" && t.row.name != "full" {
			return nil
		}
		beating := *t.row
		beating.config += "heartbeat: { interval: 1s, timeout: 20s }\n"
		p, err := beating.start(t.s, &beating, up.address)
		if err != nil {
			return err
		}
		defer p.stop()
		r, err := idle(ctx, &turn{s: t.s, row: &beating, p: p}, 4*t.s.length)
		t.addTime(beatCPU, r.beat)
		return err
	})
}
