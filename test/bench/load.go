package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// The event that clients send, after "42" and an ack id: 62 bytes. Where texts vary, a number takes the place of some.
const (
	eventBegin = `["message",{"room":"general","text":"hello, how `
	eventSame  = `are you all?`
	eventEnd   = `"}]`
)

// patience is how long an answer may take; a slower one is an error, and no figure.
const patience = 20 * time.Second

// numbered counts texts, over all rows, so that none comes twice.
var numbered atomic.Int64

// appendEvent appends the packet of the event with an ack id.
func appendEvent(b []byte, id int, varied bool) []byte {
	b = append(strconv.AppendInt(append(b, '4', '2'), int64(id), 10), eventBegin...)
	if varied {
		b = fmt.Appendf(b, "%012d", numbered.Add(1))
	} else {
		b = append(b, eventSame...)
	}
	return append(b, eventEnd...)
}

// ackID reads the id of an answer that repeats the event's argument; a refusal is an error.
func ackID(p []byte) (int, error) {
	digits, _, ok := bytes.Cut(p, []byte(`[{"room"`))
	digits, isAck := bytes.CutPrefix(digits, []byte("43"))
	id, err := strconv.Atoi(string(digits))
	if !ok || !isAck || err != nil || id < 0 {
		return 0, fmt.Errorf("no answer but %.200s", p)
	}
	return id, nil
}

// burst is what a closed loop came to.
type burst struct {
	cpu  time.Duration // of the process, for an event
	rate float64       // events a second
}

// closed lets clients send events for a time, each with so many in flight.
func closed(ctx context.Context, t *turn, inFlight int) (r burst, err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	conns, err := dialAll(ctx, t.p, t.s.clients)
	if err != nil {
		return r, err
	}
	defer closeAll(conns)
	before, err := t.p.cpu()
	if err != nil {
		return r, err
	}
	counts, errs := make([]int, len(conns)), make([]error, len(conns))
	start := time.Now()
	end := start.Add(t.s.length)
	var wg sync.WaitGroup
	for i, c := range conns {
		wg.Go(func() { counts[i], errs[i] = converse(c, inFlight, end, t.row.varied) })
	}
	wg.Wait()
	took := time.Since(start)
	after, err := t.p.cpu()
	if err = errors.Join(append(errs, err)...); err != nil {
		return r, err
	}
	sum := 0
	for _, n := range counts {
		sum += n
	}
	if sum == 0 {
		return r, errors.New("no event came back")
	}
	return burst{(after - before) / time.Duration(sum), float64(sum) / took.Seconds()}, nil
}

// converse sends events until end, each when the answer to one before is here, and counts them.
func converse(c *conn, inFlight int, end time.Time, varied bool) (n int, err error) {
	if err := c.SetDeadline(end.Add(patience)); err != nil {
		return 0, err
	}
	var packet []byte
	for next, open := 0, 0; ; open-- {
		for ; open < inFlight && time.Now().Before(end); open, next = open+1, next+1 {
			packet = appendEvent(packet[:0], next, varied)
			if err := c.send(packet); err != nil {
				return n, err
			}
		}
		if open == 0 {
			return n, nil
		}
		p, err := c.next()
		if err == nil {
			_, err = ackID(p)
		}
		if err != nil {
			return n, err
		}
		n++
	}
}

// quantile gives the value of sorted that a share q does not exceed; the zero value when there is none.
func quantile[T any](sorted []T, q float64) (v T) {
	if len(sorted) == 0 {
		return v
	}
	return sorted[min(int(q*float64(len(sorted))), len(sorted)-1)]
}

// spread gives how far the quarters next to the median lie from it, as a share of it: half of what is between the first and
// third quartile.
func spread(list []float64) float64 {
	s := slices.Sorted(slices.Values(list))
	m := median(s)
	if m == 0 {
		return 0
	}
	return (quantile(s, 0.75) - quantile(s, 0.25)) / 2 / m
}
