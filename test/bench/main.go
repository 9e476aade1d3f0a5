// Command bench measures siogw against its budgets (see printBudgets): CPU time of the process for
// each event and its ack, memory of an idle session, CPU time to open one. Client, upstream, relay and
// gateway are processes of their own on this machine; figures are comparable within one run only.
//
//	go run ./test/bench [-clients 50] [-seconds 5] [-idle 1000] [-only relay,plain]
package main

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"
)

// settings is how much is measured.
type settings struct {
	clients int
	length  time.Duration
	idle    int
	dir     string // for binaries and configurations
}

func main() {
	if len(os.Args) == 3 && os.Args[1] == "upstream" {
		exit(serveUpstream(os.Args[2]))
	}
	if len(os.Args) == 3 && os.Args[1] == "emitter" {
		exit(serveEmitter(os.Args[2]))
	}
	if len(os.Args) >= 2 && os.Args[1] == "fan" {
		exit(fan(os.Args[2:]))
	}
	if len(os.Args) == 4 {
		switch os.Args[1] {
		case "relay":
			exit(serveRelay(os.Args[2], os.Args[3]))
		case "sessions":
			exit(serveSessions(os.Args[2], os.Args[3], nil))
		case "loops":
			exit(serveSessions(os.Args[2], os.Args[3], newLoops()))
		}
	}
	var s settings
	flag.IntVar(&s.clients, "clients", 50, "clients that send events")
	seconds := flag.Float64("seconds", 5, "length of each measurement")
	flag.IntVar(&s.idle, "idle", 1000, "sessions whose memory is measured")
	only := flag.String("only", "", "the rows to measure, by name, with commas between; all when empty")
	flag.Parse()
	s.length = time.Duration(*seconds * float64(time.Second))
	exit(run(s, *only))
}

func exit(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(2)
	}
	os.Exit(0)
}

func run(s settings, only string) error {
	dir, err := os.MkdirTemp("", "siogw-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	s.dir = dir
	up, err := startSelf("upstream")
	if err != nil {
		return err
	}
	defer up.stop()
	printHead(s)
	for _, row := range rows {
		if only != "" && !slices.Contains(strings.Split(only, ","), row.name) {
			continue
		}
		f, err := row.measure(s, up.address)
		if err != nil {
			return fmt.Errorf("%s: %w", row.name, err)
		}
		printRow(row, f)
	}
	printBudgets()
	return nil
}

// figures is what one row came to.
type figures struct {
	cpu1, cpu8 time.Duration // process CPU time for an event, with 1 and 8 in flight
	p50, p99   time.Duration // round trip with 1 in flight, at full load
	open       time.Duration // process CPU time to open a session
	idle       int64         // bytes for an idle session
}

// measure starts the process of row and puts it under load.
func (row row) measure(s settings, upstream string) (f figures, err error) {
	p, err := row.start(s, upstream)
	if err != nil {
		return f, err
	}
	defer p.stop()
	if f.open, f.idle, err = idle(p, s.idle); err != nil {
		return f, err
	}
	if _, err := load(p, s.clients, 1, s.length/5); err != nil { // warm
		return f, err
	}
	one, err := load(p, s.clients, 1, s.length)
	if err != nil {
		return f, err
	}
	eight, err := load(p, s.clients, 8, s.length)
	f.cpu1, f.cpu8, f.p50, f.p99 = one.cpu, eight.cpu, one.quantile(0.5), one.quantile(0.99)
	return f, err
}
