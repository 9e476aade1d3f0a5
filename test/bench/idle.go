package main

import (
	"bytes"
	"context"
	"errors"
	"os"
	"runtime"
	"sync"
	"time"
)

// rest is what sessions cost that say nothing.
type rest struct {
	open   time.Duration // CPU time to open one
	bytes  int64         // of the process, for one
	kernel float64       // bytes of the kernel for a socket: of all on this machine
	beat   time.Duration // CPU time of a heartbeat on both sides; 0 where not asked
}

// idle opens sessions that then say nothing. With beats, heartbeats come each second, and are measured for so long.
func idle(ctx context.Context, t *turn, beats time.Duration) (r rest, err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	warm, err := dialAll(ctx, t.p, 20)
	if err != nil {
		return r, err
	}
	closeAll(warm)
	cpu0, err0 := t.p.cpu()
	mem0, err1 := t.p.memory()
	slab0, socks0, err2 := kernel()
	conns, err := dialAll(ctx, t.p, t.s.idle)
	if err = errors.Join(err, err0, err1, err2); err != nil {
		closeAll(conns)
		return r, err
	}
	var wg sync.WaitGroup
	for _, c := range conns {
		wg.Go(c.beat)
	}
	defer wg.Wait()
	defer closeAll(conns)
	cpu1, err0 := t.p.cpu()
	if err := wait(ctx, t.s.settle); err != nil { // buffers of the handshakes go back
		return r, err
	}
	mem1, err1 := t.p.memory()
	slab1, socks1, err2 := kernel()
	n := len(conns)
	r = rest{open: (cpu1 - cpu0) / time.Duration(n), bytes: (mem1 - mem0) / int64(n)}
	if socks1 > socks0 {
		r.kernel = float64(slab1-slab0) / float64(socks1-socks0)
	}
	if err = errors.Join(err0, err1, err2); err != nil || beats == 0 {
		return r, err
	}
	return r, r.beats(ctx, t, n, beats)
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
// all of the machine's.
func kernel() (size, sockets int64, err error) {
	if runtime.GOOS != "linux" {
		return 0, 0, nil
	}
	info, err0 := os.ReadFile("/proc/meminfo")
	stat, err1 := os.ReadFile("/proc/net/sockstat")
	slab, err2 := number(after(info, "Slab:"), 0)
	sockets, err3 := number(after(stat, "TCP: inuse"), 0)
	pages, err4 := number(after(after(stat, "TCP:"), " mem "), 0)
	return slab*1024 + pages*int64(os.Getpagesize()), sockets, errors.Join(err0, err1, err2, err3, err4)
}

// after gives what follows the first mark in text.
func after(text []byte, mark string) []byte {
	_, rest, _ := bytes.Cut(text, []byte(mark))
	return rest
}
