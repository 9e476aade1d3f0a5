package main

import (
	"context"
	"errors"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"
	"time"
)

// delays are of an open loop: the clients send when it is time, whether or not answers are here, and an event's time runs
// from when it was meant to be sent. Who answers late is not spared the events of that while.
type delays struct {
	p50, p99, p999 time.Duration
	late           time.Duration // p99 of how late we were to send: what of the others may be our own
	opened         float64       // sessions a second that came and went meanwhile
}

// plan is when the events of an open loop are sent: independent of each other, at a mean rate. Event k is the k/n-th of
// client k%n.
func plan(rate float64, length time.Duration) (at []time.Duration) {
	random := rand.New(rand.NewPCG(1, 2)) // the same for every row
	for t := 0.0; ; {
		t += random.ExpFloat64() / rate
		if t >= length.Seconds() {
			return at
		}
		at = append(at, time.Duration(t*float64(time.Second)))
	}
}

// open lets clients send events at a rate. beside runs meanwhile, until its context ends; nil for nothing.
func open(ctx context.Context, t *turn, rate float64, length time.Duration) (d delays, err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	conns, err := dialAll(ctx, t.p, t.s.clients)
	if err != nil {
		return d, err
	}
	defer closeAll(conns)
	at := plan(rate, length)
	if len(at) < len(conns) {
		return d, errors.New("the load is too small for its clients")
	}
	start := time.Now().Add(5 * time.Millisecond)
	trips, errs := make([][]time.Duration, len(conns)), make([]error, len(conns)+1)
	var wg sync.WaitGroup
	for i, c := range conns {
		if err := c.SetDeadline(start.Add(length + patience)); err != nil {
			return d, err
		}
		wg.Go(func() { trips[i], errs[i] = await(c, start, every(at, i, len(conns))) })
	}
	late, err := pace(conns, start, at, t.row.varied)
	if err != nil {
		cancel()
	}
	wg.Wait()
	if err = errors.Join(append(errs, err)...); err != nil {
		return d, err
	}
	all := slices.Concat(trips...)
	slices.Sort(all)
	slices.Sort(late)
	return delays{p50: quantile(all, 0.5), p99: quantile(all, 0.99), p999: quantile(all, 0.999), late: quantile(late, 0.99)}, nil
}

// every gives those of at that are client i's of n.
func every(at []time.Duration, i, n int) (own []time.Duration) {
	for ; i < len(at); i += n {
		own = append(own, at[i])
	}
	return own
}

// pace sends the events when it is time, and gives how late each was.
func pace(conns []*conn, start time.Time, at []time.Duration, varied bool) (late []time.Duration, err error) {
	runtime.LockOSThread() // its sleep is the thread's
	defer runtime.UnlockOSThread()
	fineTimers()
	late = make([]time.Duration, 0, len(at))
	var packet []byte
	for k, when := range at {
		sleepUntil(start.Add(when))
		packet = appendEvent(packet[:0], k/len(conns), varied)
		late = append(late, time.Since(start)-when)
		if err := conns[k%len(conns)].send(packet); err != nil {
			return late, err
		}
	}
	return late, nil
}

// await reads the answers to events that were to be sent at these times.
func await(c *conn, start time.Time, at []time.Duration) (trips []time.Duration, err error) {
	for range at {
		p, err := c.next()
		if err != nil {
			return trips, err
		}
		id, err := ackID(p)
		if err != nil {
			return trips, err
		}
		if id >= len(at) {
			return trips, errors.New("an answer to what was not asked")
		}
		trips = append(trips, time.Since(start)-at[id])
	}
	return trips, nil
}
