//go:build !linux

package native

import (
	"os"
	"syscall"
)

// Elsewhere a process ends with the gateway because its stream does (package sdk/native), and alone.
func attributes() *syscall.SysProcAttr { return nil }

func endGroup(p *os.Process) { _ = p.Kill() } // fails only when it is gone

func (c *child) reap() error {
	err := c.cmd.Wait()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.reaped = true
	return err
}

func resident(int) (int64, error) { return 0, nil }
