// Command bench measures siogw against its budgets (budgets.go), beside other proxies and a server that
// checks for itself, all under the same load in one run. Client, upstream and each row are processes of
// their own on this machine; rows take turns, so that ratios hold where figures drift.
//
//	go run ./test/bench                                # about ten minutes; -short or SIOGW_BENCH=short: two
//	go run ./test/bench -only nginx,full -parts events # some rows, some of the parts
//	go run ./test/bench -format benchstat > new.txt    # for benchstat old.txt new.txt
//	go run ./test/bench -profile DIR -only full        # where the time goes
//	go run ./test/bench fan                            # one emit to many clients
//	go run ./test/bench delay                          # what slow sessions cost others
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"
)

// settings is how much is measured.
type settings struct {
	clients int           // that converse
	rounds  int           // of turns: each row has one in each
	length  time.Duration // of a turn
	idle    int           // sessions whose memory is measured
	settle  time.Duration // till buffers of the handshakes went back
	opens   int           // a second, opened and closed while others converse
	rate    int           // events a second of those others

	only, parts []string // names; none means all
	format      string   // text, benchstat
	binary      string   // siogw; built when empty
	profile     string   // folder for profiles; none when empty
	dir         string   // for binaries and configurations
}

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(2)
	}
}

// run is the program, in whatever role.
func run(args []string) error {
	if done, err := role(args); done {
		return err
	}
	if len(args) > 0 && args[0] == "fan" {
		return fan(args[1:])
	}
	if len(args) > 0 && args[0] == "delay" {
		return delay(args[1:])
	}
	s, err := parse(args, os.Getenv("SIOGW_BENCH") == "short")
	if errors.Is(err, flag.ErrHelp) {
		return nil
	}
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	err = bench(ctx, s, os.Stdout)
	if ctx.Err() != nil {
		return fmt.Errorf("interrupted: %w", context.Cause(ctx))
	}
	return err
}

// role runs this program as one of the processes of a measurement; done is false where args name none.
func role(args []string) (done bool, err error) {
	if len(args) < 2 {
		return false, nil
	}
	switch name, rest := args[0], args[1:]; {
	case name == "upstream" && len(rest) == 2:
		return true, serveUpstream(rest[0], rest[1])
	case name == "relay" && len(rest) == 2:
		return true, serveRelay(rest[0], rest[1])
	case name == "sessions" && len(rest) == 2:
		return true, serveSessions(rest[0], rest[1], nil)
	case name == "loops" && len(rest) == 2:
		return true, serveSessions(rest[0], rest[1], newLoops())
	case name == "emitter" && len(rest) == 1:
		return true, serveEmitter(rest[0])
	case name == "stalls" && len(rest) == 1:
		return true, serveStalls(rest[0])
	case name == "waits" && len(rest) == 1:
		return true, serveWaits(rest[0])
	case name == "profiled" && len(rest) > 2:
		return true, serveProfiled(rest[0], rest[1], rest[2:])
	}
	return false, nil
}

// parse reads the flags; short is the smaller run, about two minutes.
func parse(args []string, short bool) (s *settings, err error) {
	s = &settings{}
	f := flag.NewFlagSet("bench", flag.ContinueOnError)
	f.BoolVar(&short, "short", short, "the smaller run, also by SIOGW_BENCH=short")
	f.IntVar(&s.clients, "clients", 50, "sessions that converse")
	f.IntVar(&s.rounds, "rounds", 5, "turns of each row; 3 with -short")
	f.DurationVar(&s.length, "turn", 1500*time.Millisecond, "length of a turn; 500ms with -short")
	f.IntVar(&s.idle, "idle", 1000, "idle sessions to hold; 8000 needs 16,500 descriptors")
	f.DurationVar(&s.settle, "settle", 2*time.Second, "wait before their memory is read; 1s with -short")
	f.IntVar(&s.opens, "opens", 1000, "sessions a second that come and go while others converse")
	f.IntVar(&s.rate, "rate", 2000, "events a second of those others")
	only := f.String("only", "", "rows, by name, with commas between: "+strings.Join(names(), ", "))
	parts := f.String("parts", "", "of "+strings.Join(partNames(), ", ")+"; all but the last when empty")
	f.StringVar(&s.format, "format", "text", "text (tables of Markdown) or benchstat")
	f.StringVar(&s.binary, "siogw", "", "the program to measure; built when empty")
	f.StringVar(&s.profile, "profile", "", "folder for CPU and heap profiles of the rows written in Go; they cost time themselves")
	if err := f.Parse(args); err != nil {
		return s, err
	}
	given := map[string]bool{}
	f.Visit(func(f *flag.Flag) { given[f.Name] = true })
	if short {
		s.shorten(given)
	}
	if s.only, err = list("-only", *only, names()); err == nil {
		s.parts, err = list("-parts", *parts, partNames())
	}
	if err == nil {
		err = s.check(f.Args())
	}
	return s, err
}

// shorten takes the values of -short for what was not given.
func (s *settings) shorten(given map[string]bool) {
	if !given["rounds"] {
		s.rounds = 3
	}
	if !given["turn"] {
		s.length = 500 * time.Millisecond
	}
	if !given["settle"] {
		s.settle = time.Second
	}
}

func (s *settings) check(rest []string) error {
	switch {
	case len(rest) > 0:
		return fmt.Errorf("%q is no flag", rest[0])
	case s.clients < 1 || s.rounds < 1 || s.idle < 1 || s.opens < 1 || s.rate < 1 || s.length < time.Millisecond:
		return fmt.Errorf("clients, rounds, turn, idle, opens and rate must be positive")
	case s.format != "text" && s.format != "benchstat":
		return fmt.Errorf("-format %q: text or benchstat", s.format)
	}
	return nil
}

// list takes a flag's names apart; each must be one of known.
func list(name, text string, known []string) ([]string, error) {
	if text == "" {
		return nil, nil
	}
	all := strings.Split(text, ",")
	for _, one := range all {
		if !slices.Contains(known, one) {
			return nil, fmt.Errorf("%s: no %q; there are %s", name, one, strings.Join(known, ", "))
		}
	}
	return all, nil
}
