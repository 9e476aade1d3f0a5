package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

// opening is how many sessions may be on their way at once; what is due beyond waits.
const opening = 256

// churn opens sessions at a rate, each closed as soon as it has entered "/", for a time. It gives how many a second that
// were.
func churn(ctx context.Context, p *process, rate int, length time.Duration) (float64, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var wg sync.WaitGroup
	var done atomic.Int64
	free := make(chan struct{}, opening)
	start := time.Now()
	for k := 0; ctx.Err() == nil; k++ {
		when := time.Duration(k) * time.Second / time.Duration(rate)
		if when >= length || time.Since(start) >= length {
			break
		}
		time.Sleep(time.Until(start.Add(when)))
		free <- struct{}{}
		wg.Go(func() {
			defer func() { <-free }()
			c, err := dial(ctx, p)
			if err != nil {
				cancel(fmt.Errorf("a session that comes and goes: %w", err))
				return
			}
			c.Close()
			done.Add(1)
		})
	}
	wg.Wait()
	took := max(time.Since(start), length)
	return float64(done.Load()) / took.Seconds(), context.Cause(ctx)
}

// busy is open, while sessions come and go.
func busy(ctx context.Context, t *turn, length time.Duration) (delays, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var opened float64
	var err1 error
	var wg sync.WaitGroup
	wg.Go(func() { opened, err1 = churn(ctx, t.p, t.s.opens, length) })
	d, err := open(ctx, t, float64(t.s.rate), length)
	if err != nil {
		cancel()
	}
	wg.Wait()
	d.opened = opened
	return d, errors.Join(err, err1)
}
