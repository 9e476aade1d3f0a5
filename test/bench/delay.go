package main

import (
	"bufio"
	"context"
	"crypto/sha256"
	_ "embed"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
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
	p, admin, err := startDelayed(s, up.address)
	if err != nil {
		return err
	}
	defer p.stop()
	figures := make([][]beside, len(slownesses))
	for range s.rounds {
		for i := range slownesses { // they take turns: machines drift
			d, err := slownesses[i].measure(ctx, s, p, admin)
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
func startDelayed(s *settings, upstream string) (p *process, admin string, err error) {
	self, err := os.Executable()
	if err != nil {
		return nil, "", err
	}
	program, err := os.ReadFile(self)
	if err != nil {
		return nil, "", err
	}
	address, err0 := freeAddress()
	admin, err1 := freeAddress()
	if err := errors.Join(err0, err1); err != nil {
		return nil, "", err
	}
	waits, config := filepath.Join(s.dir, "waits"), filepath.Join(s.dir, "siogw.yaml")
	text := strings.Replace(fmt.Sprintf(base, address, upstream), `admin: { listen: "" }`, "admin: { listen: "+admin+" }", 1) + fmt.Sprintf(delayConfig, waits, sha256.Sum256(program), pluginTime)
	err = errors.Join(os.WriteFile(waits, program, 0o700), os.WriteFile(waits+".manifest.json", []byte(delayManifest), 0o600),
		os.WriteFile(filepath.Join(s.dir, "slow.rego"), slowRego, 0o600), os.WriteFile(config, []byte(text), 0o600))
	if err != nil {
		return nil, "", err
	}
	p, err = startProcess(address, exec.Command(s.binary, "run", "-c", config))
	return p, "http://" + admin + "/metrics", err
}

// beside is what a turn came to.
type beside struct {
	delays
	left, held float64 // calls that the loops went on without: before they took long, and after
}

// loopsWithout gives how often that was so far.
func loopsWithout(metrics string) (left, held float64, err error) {
	resp, err := http.Get(metrics)
	if err != nil {
		return 0, 0, err
	}
	defer resp.Body.Close()
	lines := bufio.NewScanner(resp.Body)
	for lines.Scan() {
		name, value, _ := strings.Cut(lines.Text(), " ")
		n, _ := strconv.ParseFloat(value, 64) // of the two it is a number
		switch name {
		case "siogw_loops_left_total":
			left = n
		case "siogw_loops_held_total":
			held = n
		}
	}
	return left, held, lines.Err()
}

// measure has clients converse beside what is slow, which has a moment to get so.
func (one *slowness) measure(ctx context.Context, s *settings, p *process, metrics string) (d beside, err error) {
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
	left, held, err0 := loopsWithout(metrics)
	d.delays, err = open(ctx, &turn{s: s, row: &row{}, p: p}, float64(s.rate), s.length)
	var err1 error
	d.left, d.held, err1 = loopsWithout(metrics)
	d.left, d.held = (d.left-left)/s.length.Seconds(), (d.held-held)/s.length.Seconds()
	cancel()
	return d, errors.Join(err, err0, err1, <-slow)
}

const delayLine = "%-40s %8s %8s %8s %12s %8s %8s\n"

// printDelays prints the medians, p99 as a multiple of the first row's, turn by turn, and the calls a second that the loops
// went on without.
func printDelays(out io.Writer, s *settings, figures [][]beside) {
	fmt.Fprintf(out, "%d events a second of %d clients, ms till the answer, beside what is slow, %d rounds\n\n", s.rate, s.clients, s.rounds)
	fmt.Fprintf(out, delayLine, "", "p50", "p99", "p99.9", "p99 / quiet", "left/s", "held/s")
	for i := range slownesses {
		cells := []any{slownesses[i].title}
		for _, of := range []func(*beside) time.Duration{
			func(d *beside) time.Duration { return d.p50 }, func(d *beside) time.Duration { return d.p99 },
			func(d *beside) time.Duration { return d.p999 }} {
			cells = append(cells, fmt.Sprintf("%.2f", float64(median(column(figures[i], of)))/float64(time.Millisecond)))
		}
		tail := func(d *beside) time.Duration { return d.p99 }
		cells = append(cells, ratioOf(column(figures[i], tail), column(figures[0], tail)),
			fmt.Sprintf("%.0f", median(column(figures[i], func(d *beside) float64 { return d.left }))),
			fmt.Sprintf("%.0f", median(column(figures[i], func(d *beside) float64 { return d.held }))))
		fmt.Fprintf(out, delayLine, cells...)
	}
}

func column[T any](turns []beside, of func(*beside) T) (out []T) {
	for i := range turns {
		out = append(out, of(&turns[i]))
	}
	return out
}
