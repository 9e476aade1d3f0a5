package native

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"sync"
	"time"

	"github.com/hashicorp/go-plugin/runner"
)

// ErrChecksum says that the program is not the one that the configuration means.
var ErrChecksum = errors.New("another checksum")

var errKilled = errors.New("killed before it began")

// drainTime is for the last words of a process, when something else still holds its pipes.
const drainTime = 200 * time.Millisecond

// child is one run of a program, as go-plugin wants it. It is the leader of a process group, which ends with it, and
// with the gateway.
type child struct {
	path, sum      string
	cmd            *exec.Cmd
	stdout, stderr *os.File // our ends
	exited         chan struct{}
	err            error // once exited is closed

	mu     sync.Mutex
	killed bool
	reaped bool
}

var _ runner.Runner = (*child)(nil)

// newChild prepares a run. env is what go-plugin adds.
func newChild(o *Options, env []string) *child {
	cmd := &exec.Cmd{Path: o.Path, Args: append([]string{o.Path}, o.Args...), Dir: o.Dir, SysProcAttr: attributes()}
	cmd.Env = append(append(cmd.Env, o.Env...), env...) // go-plugin's own count, whatever the configuration says
	return &child{path: o.Path, sum: o.SHA256, cmd: cmd, exited: make(chan struct{})}
}

// Start implements runner.Runner. The program is read again, since it may be long after the configuration was.
func (c *child) Start(context.Context) error {
	_, sum, err := Sum(c.path)
	if err != nil {
		return err
	}
	if sum != c.sum {
		return fmt.Errorf("%w: %s", ErrChecksum, sum)
	}
	var theirs [2]*os.File
	if c.stdout, theirs[0], err = os.Pipe(); err != nil {
		return err
	}
	if c.stderr, theirs[1], err = os.Pipe(); err != nil {
		return errors.Join(err, c.stdout.Close(), theirs[0].Close())
	}
	c.cmd.Stdout, c.cmd.Stderr = theirs[0], theirs[1]
	started := make(chan error)
	go c.run(started)
	err = <-started
	for _, f := range theirs {
		err = errors.Join(err, f.Close())
	}
	if err != nil {
		c.stdout.Close()
		c.stderr.Close()
	}
	return err
}

// run starts the program and sees it end. It keeps its thread: where the system ends a child with its parent, that is the
// thread which started it.
func (c *child) run(started chan<- error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	c.mu.Lock()
	err := errKilled
	if !c.killed {
		err = c.cmd.Start()
	}
	c.mu.Unlock()
	started <- err
	if err != nil {
		return
	}
	c.err = c.reap()
	for _, f := range []*os.File{c.stdout, c.stderr} {
		_ = f.SetReadDeadline(time.Now().Add(drainTime)) // fails only when it is closed
	}
	close(c.exited)
}

// Wait implements runner.Runner.
func (c *child) Wait(context.Context) error {
	<-c.exited
	return c.err
}

// Kill implements runner.Runner: at once, with its group.
func (c *child) Kill(context.Context) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.killed = true
	if c.cmd.Process != nil && !c.reaped {
		endGroup(c.cmd.Process)
	}
	return nil
}

// pid gives the number of a process that was started.
func (c *child) pid() int { return c.cmd.Process.Pid }

// ID implements runner.Runner: "" before it began.
func (c *child) ID() string {
	if c.cmd.Process == nil {
		return ""
	}
	return strconv.Itoa(c.pid())
}

// Name implements runner.Runner.
func (c *child) Name() string { return c.path }

// Stdout implements runner.Runner.
func (c *child) Stdout() io.ReadCloser { return c.stdout }

// Stderr implements runner.Runner.
func (c *child) Stderr() io.ReadCloser { return c.stderr }

// Diagnose implements runner.Runner.
func (c *child) Diagnose(context.Context) string { return "" }

// PluginToHost implements runner.Runner.
func (c *child) PluginToHost(network, address string) (string, string, error) {
	return network, address, nil
}

// HostToPlugin implements runner.Runner.
func (c *child) HostToPlugin(network, address string) (string, string, error) {
	return network, address, nil
}
