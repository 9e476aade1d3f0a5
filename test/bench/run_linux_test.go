package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

const testWait = 20 * time.Second

// TestTinyRun measures two rows in every part, for as long as it takes to see that all figures come.
func TestTinyRun(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	s := &settings{clients: 2, rounds: 2, length: 100 * time.Millisecond, idle: 8, settle: time.Millisecond, opens: 20, rate: 200,
		only: []string{"relay", "full", "miss"}, parts: partNames(), binary: self}
	var out bytes.Buffer
	if err := bench(t.Context(), s, &out); err != nil {
		t.Fatal(err)
	}
	text := out.String()
	for _, want := range []string{"× relay", "p99.9", "KB/idle session", "opened a second", "heartbeat", "| bare relay (gorilla)", "budgets of siogw"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	for line := range strings.Lines(text) {
		if !strings.HasPrefix(line, "| siogw, JWT, Rego, contract, Wasm") {
			continue
		}
		cells := strings.Split(line, "|")
		for i, cell := range cells {
			few := len(cells) == 8 && (i == 4 || i == 6) // eight sessions are too few: for garbage, and for the kernel's memory
			if strings.TrimSpace(cell) == "-" && !few {
				t.Errorf("a figure is not there: %s", line)
			}
		}
	}
	left, err := filepath.Glob(filepath.Join(os.TempDir(), "siogw-bench-*", "full*"))
	if err != nil || s.dir == "" {
		t.Fatal(err, s.dir)
	}
	for _, path := range left {
		if strings.HasPrefix(path, s.dir) {
			t.Errorf("%s is left", path)
		}
	}
}

// TestRefused has a server whose answers are no answers: that is an error, not a figure.
func TestRefused(t *testing.T) {
	p, err := startSelf("upstream", "25s")
	if err != nil {
		t.Fatal(err)
	}
	defer p.stop()
	c, err := dial(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.send([]byte(`421["message",{"no":"room"}]`)); err != nil {
		t.Fatal(err)
	}
	if _, err := await(c, time.Now(), []time.Duration{0, 0}); err == nil || !strings.Contains(err.Error(), "no answer but") {
		t.Errorf("got %v", err)
	}
}

// TestTree has a shell whose child is busy: the CPU time is that of both.
func TestTree(t *testing.T) {
	cmd := exec.Command("sh", "-c", "while :; do :; done & wait")
	cmd.SysProcAttr = attributes()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		cmd.Wait()
	}()
	p := &process{cmd: cmd}
	for end := time.Now().Add(testWait); ; time.Sleep(time.Millisecond) {
		pids, err := p.tree()
		if err != nil {
			t.Fatal(err)
		}
		all, err := p.cpu()
		if err != nil {
			t.Fatal(err)
		}
		own, err := cpuTime(cmd.Process.Pid)
		if err != nil {
			t.Fatal(err)
		}
		if len(pids) == 2 && all > own+50*time.Millisecond {
			break
		}
		if time.Now().After(end) {
			t.Fatalf("processes %v have used %v, the shell %v", pids, all, own)
		}
	}
	if n, err := p.memory(); err != nil || n < 100_000 {
		t.Errorf("%d bytes, %v", n, err)
	}
}

// TestCPUTime holds the clock to what getrusage says of this process.
func TestCPUTime(t *testing.T) {
	for end := time.Now().Add(50 * time.Millisecond); time.Now().Before(end); {
	}
	before := rusage(t)
	got, err := cpuTime(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	if after := rusage(t); got < before-20*time.Millisecond || got > after+20*time.Millisecond {
		t.Errorf("%v, not between %v and %v", got, before, after)
	}
	if _, err := cpuTime(1 << 22); err == nil {
		t.Error("a process that cannot be has a CPU time")
	}
}

func rusage(t *testing.T) time.Duration {
	var r syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
		t.Fatal(err)
	}
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}

// TestInterrupt ends a run in the middle in each way: nothing that it started goes on.
func TestInterrupt(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for _, sig := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGKILL} {
		t.Run(sig.String(), func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			cmd := exec.Command(self, "bench", "-only", "relay,nginx,full", "-parts", "events", "-turn", "1m", "-clients", "2", "-siogw", self)
			cmd.Env = append(os.Environ(), "TMPDIR="+dir)
			stderr, err := cmd.StderrPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			defer cmd.Process.Kill()
			lines := bufio.NewScanner(stderr)
			for lines.Scan() && !strings.HasSuffix(lines.Text(), " events") {
			}
			pids, err := (&process{cmd: cmd}).tree()
			if err != nil || len(pids) < 4 { // itself, the upstream, two rows; nginx where it is
				t.Fatalf("processes %v, %v", pids, err)
			}
			cmd.Process.Signal(sig)
			for lines.Scan() {
			}
			if err := cmd.Wait(); err == nil {
				t.Error("it ended as if it were whole")
			}
			ctx, cancel := context.WithTimeout(t.Context(), testWait)
			defer cancel()
			for _, pid := range pids[1:] {
				waitGone(ctx, t, pid)
			}
			if left, _ := os.ReadDir(dir); len(left) > 0 && sig != syscall.SIGKILL {
				t.Errorf("%v is left", left)
			}
		})
	}
}

// waitGone waits till a process has ended; who should have buried it may not have yet.
func waitGone(ctx context.Context, t *testing.T, pid int) {
	for ; ; time.Sleep(5 * time.Millisecond) {
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		if err != nil || bytes.Contains(text, []byte(") Z ")) {
			return
		}
		if ctx.Err() != nil {
			t.Fatalf("process %d goes on: %s", pid, text)
		}
	}
}
