package main

import (
	"context"
	"crypto/sha256"
	_ "embed"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/siogw/siogw/internal/siotest"
	"github.com/siogw/siogw/sdk/native"
)

// slowness is something slow beside the clients that are measured.
type slowness struct {
	name, title string
	run         func(ctx context.Context, p *process) error // till ctx ends, which is no error; nil for nothing
}

var slownesses = []slowness{
	{"quiet", "nothing slow", nil},
	{"plugin", "8 sessions of a native plugin, 20 ms", asks("slow", 8)},
	{"policy", "1 session of a policy, some 10 ms", asks("heavy", 1)},
	{"upstream", "1 upstream that does not read", floods("stall")},
	{"client", "1 client that does not read", floods("echo")},
	{"all", "all of these", together(asks("slow", 8), asks("heavy", 1), floods("stall"), floods("echo"))},
}

const pluginTime = 20 * time.Millisecond

const delayManifest = `{"abi":1,"name":"waits","view":"args","kinds":["event"]}`

const delayConfig = `
policy: { paths: [slow.rego], timeout: 10s, memo: { enabled: false } }
plugins: [{ name: waits, source: "native:%s", sha256: "%x", args: [waits, %v], match: { kinds: [event], events: [slow] }, timeout: 10s }]
`

//go:embed slow.rego
var slowRego []byte

// serveWaits is the role of a native plugin that takes its time.
func serveWaits(d string) error {
	took, err := time.ParseDuration(d)
	if err != nil {
		return err
	}
	native.Serve([]byte(delayManifest), func([]byte) (native.Plugin, error) {
		return native.Func(func(context.Context, []byte) native.Verdict {
			time.Sleep(took)
			return native.Allow()
		}), nil
	})
	return nil
}

// serveStalls is the role of an upstream that stops reading a session at the event "stall".
func serveStalls(address string) error {
	return serve(address, &siotest.Server{Message: func(_ *siotest.Peer, m siotest.Message, _ []string) bool {
		if strings.HasPrefix(m.Data, `["stall"`) {
			select {}
		}
		return false
	}})
}

// asks has sessions send an event, each once the one before is answered.
func asks(event string, sessions int) func(context.Context, *process) error {
	packet, answer := []byte(`420["`+event+`"]`), "430"
	return func(ctx context.Context, p *process) error {
		conns, err := dialAll(ctx, p, sessions)
		if err != nil {
			return err
		}
		defer closeAll(conns)
		errs := make([]error, len(conns))
		var wg sync.WaitGroup
		for i, c := range conns {
			wg.Go(func() {
				for errs[i] == nil {
					if errs[i] = errors.Join(c.SetDeadline(time.Now().Add(patience)), c.send(packet)); errs[i] == nil {
						_, errs[i] = c.expect(answer)
					}
				}
			})
		}
		wg.Wait()
		if ctx.Err() != nil {
			return nil
		}
		return errors.Join(errs...)
	}
}

// floods has one session send as much as it can, and read nothing.
func floods(event string) func(context.Context, *process) error {
	packet := []byte(`42["` + event + `","` + strings.Repeat("x", 4000) + `"]`)
	return func(ctx context.Context, p *process) error {
		c, err := dial(ctx, p)
		if err != nil {
			return err
		}
		defer c.Close()
		defer context.AfterFunc(ctx, func() { c.Close() })()
		if err := c.SetDeadline(time.Time{}); err != nil {
			return err
		}
		for err == nil { // till nobody takes any more, when it waits
			err = c.send(packet)
		}
		if ctx.Err() != nil {
			return nil
		}
		return fmt.Errorf("flood of %s: %w", event, err)
	}
}

// together does several at a time.
func together(all ...func(context.Context, *process) error) func(context.Context, *process) error {
	return func(ctx context.Context, p *process) error {
		errs := make([]error, len(all))
		var wg sync.WaitGroup
		for i, one := range all {
			wg.Go(func() { errs[i] = one(ctx, p) })
		}
		wg.Wait()
		return errors.Join(errs...)
	}
}

// delay measures what slow sessions cost others: "bench delay".
func delay(args []string) error {
	s := &settings{}
	flags := flag.NewFlagSet("bench delay", flag.ContinueOnError)
	flags.IntVar(&s.clients, "clients", 50, "clients that converse")
	flags.IntVar(&s.rounds, "rounds", 5, "turns of each row; the median counts")
	flags.DurationVar(&s.length, "turn", 2*time.Second, "length of a turn")
	flags.IntVar(&s.rate, "rate", 2000, "events a second")
	flags.StringVar(&s.binary, "siogw", "", "the program to measure; built when empty")
	if err := flags.Parse(args); err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	return measureDelays(ctx, s, os.Stdout)
}

func measureDelays(ctx context.Context, s *settings, out io.Writer) error {
	dir, err := os.MkdirTemp("", "siogw-delay-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	s.dir = dir
	if err := s.build(); err != nil {
		return err
	}
	up, err := startSelf("stalls")
	if err != nil {
		return err
	}
	defer up.stop()
	p, err := startDelayed(s, up.address)
	if err != nil {
		return err
	}
	defer p.stop()
	figures := make([][]delays, len(slownesses))
	for range s.rounds {
		for i := range slownesses { // they take turns: machines drift
			d, err := slownesses[i].measure(ctx, s, p)
			if err != nil {
				return fmt.Errorf("%s: %w", slownesses[i].name, err)
			}
			figures[i] = append(figures[i], d)
		}
	}
	printDelays(out, s, figures)
	return nil
}

// startDelayed starts siogw with a policy and a plugin that are slow where an event says so.
func startDelayed(s *settings, upstream string) (*process, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	program, err := os.ReadFile(self)
	if err != nil {
		return nil, err
	}
	address, err := freeAddress()
	if err != nil {
		return nil, err
	}
	waits, config := filepath.Join(s.dir, "waits"), filepath.Join(s.dir, "siogw.yaml")
	text := fmt.Sprintf(base, address, upstream) + fmt.Sprintf(delayConfig, waits, sha256.Sum256(program), pluginTime)
	err = errors.Join(os.WriteFile(waits, program, 0o700), os.WriteFile(waits+".manifest.json", []byte(delayManifest), 0o600),
		os.WriteFile(filepath.Join(s.dir, "slow.rego"), slowRego, 0o600), os.WriteFile(config, []byte(text), 0o600))
	if err != nil {
		return nil, err
	}
	return startProcess(address, exec.Command(s.binary, "run", "-c", config))
}

// measure has clients converse beside what is slow, which has a moment to get so.
func (one *slowness) measure(ctx context.Context, s *settings, p *process) (d delays, err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	slow := make(chan error, 1)
	go func() {
		if one.run == nil {
			slow <- nil
			return
		}
		slow <- one.run(ctx, p)
	}()
	if err := wait(ctx, 200*time.Millisecond); err != nil {
		return d, err
	}
	d, err = open(ctx, &turn{s: s, row: &row{}, p: p}, float64(s.rate), s.length)
	cancel()
	return d, errors.Join(err, <-slow)
}

const delayLine = "%-40s %8s %8s %8s %12s\n"

// printDelays prints the medians, and p99 as a multiple of the first row's, turn by turn.
func printDelays(out io.Writer, s *settings, figures [][]delays) {
	fmt.Fprintf(out, "%d events a second of %d clients, ms till the answer, beside what is slow, %d rounds\n\n", s.rate, s.clients, s.rounds)
	fmt.Fprintf(out, delayLine, "", "p50", "p99", "p99.9", "p99 / quiet")
	for i := range slownesses {
		cells := []any{slownesses[i].title}
		for _, of := range []func(*delays) time.Duration{
			func(d *delays) time.Duration { return d.p50 }, func(d *delays) time.Duration { return d.p99 },
			func(d *delays) time.Duration { return d.p999 }} {
			cells = append(cells, fmt.Sprintf("%.2f", float64(median(column(figures[i], of)))/float64(time.Millisecond)))
		}
		tail := func(d *delays) time.Duration { return d.p99 }
		fmt.Fprintf(out, delayLine, append(cells, ratioOf(column(figures[i], tail), column(figures[0], tail)))...)
	}
}

func column(turns []delays, of func(*delays) time.Duration) (out []time.Duration) {
	for i := range turns {
		out = append(out, of(&turns[i]))
	}
	return slices.Clip(out)
}
