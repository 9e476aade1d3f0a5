package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// rest is what sessions cost that say nothing.
type rest struct {
	bytes  int64         // of the process, for one
	spoke  int64         // the same, once each has sent an event
	kernel float64       // bytes of the kernel for a socket: of all on this machine
	beat   time.Duration // CPU time of a heartbeat on both sides; 0 where not asked
}

// opens gives the CPU time to open a session, and by how much the process is larger for it, garbage included, if there are enough.
func opens(ctx context.Context, t *turn) (open time.Duration, resident int64, err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	if err := t.used(ctx); err != nil {
		return 0, 0, err
	}
	mem0, err0 := t.p.memory()
	cpu0, err1 := t.p.cpu()
	conns, err := dialAll(ctx, t.p, t.s.idle)
	defer closeAll(conns)
	cpu1, err2 := t.p.cpu()
	if err = errors.Join(err, err0, err1, err2); err != nil {
		return 0, 0, err
	}
	n := len(conns)
	if n < enough {
		return (cpu1 - cpu0) / time.Duration(n), 0, nil
	}
	mem1, err := t.settled(ctx)
	return (cpu1 - cpu0) / time.Duration(n), (mem1 - mem0) / int64(n), err
}

// used has some sessions come and go, so that what is made once is there.
func (t *turn) used(ctx context.Context) error {
	conns, err := dialAll(ctx, t.p, min(t.s.idle, 100))
	closeAll(conns)
	return err
}

// idle opens sessions that then say nothing, and then one event each. With beats, heartbeats come each second, and are
// measured for so long instead.
func idle(ctx context.Context, t *turn, beats time.Duration) (r rest, err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	if err := t.used(ctx); err != nil {
		return r, err
	}
	mem0, err0 := t.settled(ctx)
	slab0, socks0, err1 := kernel()
	conns, err := dialAll(ctx, t.p, t.s.idle)
	if err = errors.Join(err, err0, err1); err != nil {
		closeAll(conns)
		return r, err
	}
	var wg sync.WaitGroup
	var answers atomic.Int64
	for _, c := range conns {
		wg.Go(func() { c.beat(&answers) })
	}
	defer wg.Wait()
	defer closeAll(conns)
	mem1, err0 := t.settled(ctx)
	slab1, socks1, err1 := kernel()
	n := len(conns)
	r.bytes = (mem1 - mem0) / int64(n)
	if slab0 > 0 && socks1 > socks0 {
		r.kernel = float64(slab1-slab0) / float64(socks1-socks0)
	}
	if err = errors.Join(err0, err1); err != nil {
		return r, err
	}
	if beats > 0 {
		return r, r.beats(ctx, t, n, beats)
	}
	if err := speak(ctx, conns, t.row.varied, &answers); err != nil {
		return r, err
	}
	mem2, err := t.settled(ctx)
	r.spoke = (mem2 - mem0) / int64(n)
	if err == nil && t.s.profile != "" {
		t.p.cmd.Process.Signal(syscall.SIGUSR1) // serveProfiled
		err = wait(ctx, t.s.settle)
	}
	return r, err
}

// settled gives the memory once buffers went back.
func (t *turn) settled(ctx context.Context) (int64, error) {
	if err := wait(ctx, t.s.settle); err != nil {
		return 0, err
	}
	return t.p.memory()
}

// speak has each session send an event, and waits for the answers.
func speak(ctx context.Context, conns []*conn, varied bool, answers *atomic.Int64) error {
	for _, c := range conns {
		if err := c.send(appendEvent(nil, 0, varied)); err != nil {
			return err
		}
	}
	for end := time.Now().Add(patience); answers.Load() < int64(len(conns)); {
		if err := wait(ctx, time.Millisecond); err != nil {
			return err
		}
		if time.Now().After(end) {
			return fmt.Errorf("%d answers to %d sessions", answers.Load(), len(conns))
		}
	}
	return nil
}

// beats measures heartbeats, one a second of each session on either side.
func (r *rest) beats(ctx context.Context, t *turn, sessions int, length time.Duration) error {
	before, err0 := t.p.cpu()
	start := time.Now()
	err := wait(ctx, length)
	after, err1 := t.p.cpu()
	r.beat = time.Duration(float64(after-before) / time.Since(start).Seconds() / float64(sessions))
	return errors.Join(err, err0, err1)
}

// wait sleeps, unless ctx ends.
func wait(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// kernel gives the bytes that the kernel's own objects and the buffers of TCP take, and how many TCP sockets there are,
// all of the machine's. Only root may read how many objects are in use; others get 0 bytes. How many slabs there are, which
// all may read, says little: they stay when sockets go.
func kernel() (size, sockets int64, err error) {
	if runtime.GOOS != "linux" {
		return 0, 0, nil
	}
	stat, err := os.ReadFile("/proc/net/sockstat")
	if err != nil {
		return 0, 0, err
	}
	sockets, err1 := number(after(stat, "TCP: inuse"), 0)
	pages, err2 := number(after(after(stat, "TCP:"), " mem "), 0)
	if err := errors.Join(err1, err2); err != nil {
		return 0, 0, fmt.Errorf("/proc/net/sockstat: %w", err)
	}
	slabs, err := os.ReadFile("/proc/slabinfo")
	if err != nil {
		return 0, sockets, nil
	}
	return slabBytes(slabs) + pages*int64(os.Getpagesize()), sockets, nil
}

// slabBytes adds up what is in use, by slabinfo(5): a name, objects in use, objects there are, bytes of one.
func slabBytes(slabs []byte) (sum int64) {
	for line := range bytes.Lines(slabs) {
		used, err1 := number(line, 1)
		size, err2 := number(line, 3)
		if err1 == nil && err2 == nil { // the two lines of titles
			sum += used * size
		}
	}
	return sum
}

// after gives what follows the first mark in text.
func after(text []byte, mark string) []byte {
	_, rest, _ := bytes.Cut(text, []byte(mark))
	return rest
}
