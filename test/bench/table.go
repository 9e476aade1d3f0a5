package main

import (
	"fmt"
	"os"
	"runtime"
	"text/tabwriter"
	"time"
)

const line = "%-32s %8s %12s %8s %10s %8s %8s %8s\n"

func printHead(s settings) {
	fmt.Printf("%d clients, %v a measurement, %d idle sessions, %d cores, %s\n\n",
		s.clients, s.length, s.idle, runtime.NumCPU(), runtime.Version())
	fmt.Printf(line, "", "µs/event", "events/CPU s", "8 open", "KB/session", "open µs", "p50 µs", "p99 µs")
}

func printRow(r row, f figures) {
	fmt.Printf(line, r.title, micros(f.cpu1), perSecond(f.cpu1), micros(f.cpu8), fmt.Sprintf("%.1f", float64(f.idle)/1024),
		micros(f.open), micros(f.p50), micros(f.p99))
}

func perSecond(d time.Duration) string {
	if d <= 0 {
		return "-"
	}
	return fmt.Sprintf("%.0f", float64(time.Second)/float64(d))
}

func micros(d time.Duration) string {
	return fmt.Sprintf("%.1f", float64(d)/float64(time.Microsecond))
}

// printBudgets prints what is asked of siogw, and what was measured elsewhere.
func printBudgets() {
	fmt.Println()
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	defer w.Flush()
	fmt.Fprintln(w, "measured on another machine of 2 cores\tµs/event\t8 open\tKB/session")
	fmt.Fprintln(w, "nginx, bare proxy: the budget for all of ours\t12-15\t4.5-5.9\t17.5")
	fmt.Fprintln(w, "HAProxy, bare proxy\t15\t\t4.4")
	fmt.Fprintln(w, "node socket.io 4.8.4 with the same checks in process\t32\t\t21")
	fmt.Fprintln(w, "Go relay, gorilla, two goroutines a session\t22\t15-17\t25.5")
	fmt.Fprintln(w, "budget for an idle session, and to open one\t\t\t4 KB, 200 µs")
}
