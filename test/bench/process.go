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
	"strconv"
	"syscall"
	"time"

	"github.com/siogw/siogw/internal/siotest"
)

// process is one under measurement, listening on an address.
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
	cmd.Stderr = p.stderr
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
	return nil, fmt.Errorf("%s does not listen", cmd.Args[0])
}

func (p *process) stop() {
	p.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-p.ended:
	case <-time.After(15 * time.Second):
		p.cmd.Process.Kill()
		<-p.ended
	}
}

// tick is the unit of CPU time in /proc (USER_HZ, 100 on every Linux).
const tick = 10 * time.Millisecond

// cpu gives the CPU time that the process has used: utime and stime, fields 14 and 15 of proc(5) stat.
func (p *process) cpu() (time.Duration, error) {
	text, err := p.proc("stat")
	if err != nil {
		return 0, err
	}
	fields := bytes.Fields(text[bytes.LastIndexByte(text, ')')+1:])
	if len(fields) < 13 {
		return 0, errors.New("/proc/PID/stat is short")
	}
	user, err1 := strconv.Atoi(string(fields[11]))
	system, err2 := strconv.Atoi(string(fields[12]))
	return time.Duration(user+system) * tick, errors.Join(err1, err2)
}

// memory gives the resident bytes of the process: field 2 of proc(5) statm.
func (p *process) memory() (int64, error) {
	text, err := p.proc("statm")
	if err != nil {
		return 0, err
	}
	fields := bytes.Fields(text)
	if len(fields) < 2 {
		return 0, errors.New("/proc/PID/statm is short")
	}
	pages, err := strconv.ParseInt(string(fields[1]), 10, 64)
	return pages * int64(os.Getpagesize()), err
}

func (p *process) proc(file string) ([]byte, error) {
	return os.ReadFile(fmt.Sprintf("/proc/%d/%s", p.cmd.Process.Pid, file))
}

// serveUpstream is the role of the server behind all others.
func serveUpstream(address string) error {
	return serve(address, &siotest.Server{})
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
