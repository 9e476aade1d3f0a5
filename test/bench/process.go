package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"github.com/siogw/siogw/internal/siotest"
)

// errAbsent is why a row cannot be measured on this machine; the run goes on without it, and says so.
var errAbsent = errors.New("not installed")

// process is one under measurement, with those that it started, listening on an address.
type process struct {
	cmd     *exec.Cmd
	address string // http://host:port
	stderr  *bytes.Buffer
	ended   chan error
}

// startSelf starts this program in another role.
func startSelf(role string, args ...string) (*process, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	address, err := freeAddress()
	if err != nil {
		return nil, err
	}
	return startProcess(address, exec.Command(self, append([]string{role, address}, args...)...))
}

// startProcess starts cmd and waits until it listens on address, at most 30 s.
func startProcess(address string, cmd *exec.Cmd) (*process, error) {
	p := &process{cmd: cmd, address: "http://" + address, stderr: &bytes.Buffer{}, ended: make(chan error, 1)}
	cmd.Stderr, cmd.SysProcAttr = p.stderr, attributes()
	cmd.WaitDelay = time.Second
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	go func() { p.ended <- cmd.Wait() }()
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); {
		if conn, err := net.Dial("tcp", address); err == nil {
			conn.Close()
			return p, nil
		}
		select {
		case err := <-p.ended:
			return nil, fmt.Errorf("%s ended: %v\n%s", cmd.Args[0], err, p.stderr)
		case <-time.After(10 * time.Millisecond):
		}
	}
	p.stop()
	return nil, fmt.Errorf("%s does not listen\n%s", cmd.Args[0], p.stderr)
}

// stop ends the process, and what it started, and waits for it.
func (p *process) stop() {
	p.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-p.ended:
	case <-time.After(15 * time.Second):
		syscall.Kill(-p.cmd.Process.Pid, syscall.SIGKILL) // its group; it is not reaped yet, so the number is its own
		<-p.ended
	}
}

// tree gives the process and those below it.
func (p *process) tree() ([]int, error) {
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		return nil, err
	}
	parents := map[int]int{}
	for _, path := range stats {
		text, err := os.ReadFile(path)
		if err != nil {
			continue // it has ended meanwhile
		}
		if pid, parent, ok := parseStat(text); ok {
			parents[pid] = parent
		}
	}
	return below(p.cmd.Process.Pid, parents), nil
}

// below gives root and all whose parents lead there.
func below(root int, parents map[int]int) []int {
	all := []int{root}
	for i := 0; i < len(all); i++ {
		for pid, parent := range parents {
			if parent == all[i] && pid != root {
				all = append(all, pid)
			}
		}
	}
	return all
}

// parseStat reads fields 1 and 4 of proc(5) stat; the name between may hold anything.
func parseStat(text []byte) (pid, parent int, ok bool) {
	open, end := bytes.IndexByte(text, '('), bytes.LastIndexByte(text, ')')
	if open < 0 || end < open {
		return 0, 0, false
	}
	rest := bytes.Fields(text[end+1:])
	if len(rest) < 2 {
		return 0, 0, false
	}
	pid, err1 := strconv.Atoi(string(bytes.TrimSpace(text[:open])))
	parent, err2 := strconv.Atoi(string(rest[1]))
	return pid, parent, err1 == nil && err2 == nil
}

// cpu gives the CPU time, user's and system's, that the tree has used.
func (p *process) cpu() (sum time.Duration, err error) {
	pids, err := p.tree()
	for _, pid := range pids {
		used, err := cpuTime(pid)
		if err != nil {
			return 0, fmt.Errorf("CPU time of process %d: %w", pid, err)
		}
		sum += used
	}
	return sum, err
}

// memory gives the resident bytes of the tree: field 2 of proc(5) statm. What its processes share counts for each.
func (p *process) memory() (sum int64, err error) {
	pids, err := p.tree()
	for _, pid := range pids {
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", pid))
		if err != nil {
			return 0, err
		}
		pages, err := number(text, 1)
		if err != nil {
			return 0, fmt.Errorf("/proc/%d/statm: %w", pid, err)
		}
		sum += pages * int64(os.Getpagesize())
	}
	return sum, err
}

// number reads a field of text, counted from 0.
func number(text []byte, field int) (int64, error) {
	fields := bytes.Fields(text)
	if len(fields) <= field {
		return 0, errors.New("too few fields")
	}
	return strconv.ParseInt(string(fields[field]), 10, 64)
}

// serveUpstream is the role of the server behind all others; it sends heartbeats every so often.
func serveUpstream(address, every string) error {
	interval, err := time.ParseDuration(every)
	if err != nil {
		return err
	}
	return serve(address, &siotest.Server{PingInterval: interval})
}

func serve(address string, h http.Handler) error {
	l, err := net.Listen("tcp", address)
	if err != nil {
		return err
	}
	err = (&http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second}).Serve(l)
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}

func freeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	return l.Addr().String(), nil
}
