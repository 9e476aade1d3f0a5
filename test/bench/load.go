package main

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/siogw/siogw/internal/siotest"
)

// event is what the clients send, after "42" and an ack id: 62 bytes.
const event = `["message",{"room":"general","text":"hello, how are you all?"}]`

// result is what a load came to.
type result struct {
	cpu   time.Duration // of the process, for an event
	trips []time.Duration
}

// quantile gives the round trip time that a share q of the events did not exceed.
func (r *result) quantile(q float64) time.Duration {
	return r.trips[min(int(q*float64(len(r.trips))), len(r.trips)-1)]
}

// connect opens a session and enters "/".
func connect(p *process) (*siotest.Conn, error) {
	c, err := siotest.Dial(p.address, nil)
	if err != nil {
		return nil, err
	}
	answer, err := c.Connect("/", `{"token":"`+token+`"}`)
	if err == nil && answer.Type != '0' {
		err = fmt.Errorf("CONNECT was refused: %s", answer.Data)
	}
	if err != nil {
		c.Close()
		return nil, err
	}
	return c, nil
}

// load lets clients send events in a closed loop, each with so many in flight, for a time.
func load(p *process, clients, inFlight int, length time.Duration) (r result, err error) {
	conns, err := connectAll(p, clients)
	if err != nil {
		return r, err
	}
	defer closeAll(conns)
	before, err := p.cpu()
	if err != nil {
		return r, err
	}
	trips := make([][]time.Duration, clients)
	errs := make([]error, clients)
	var wg sync.WaitGroup
	end := time.Now().Add(length)
	for i, c := range conns {
		wg.Go(func() { trips[i], errs[i] = converse(c, inFlight, end) })
	}
	wg.Wait()
	after, err := p.cpu()
	r.trips = slices.Concat(trips...)
	if err = errors.Join(append(errs, err)...); err != nil {
		return r, err
	}
	if len(r.trips) == 0 {
		return r, errors.New("no event came back")
	}
	slices.Sort(r.trips)
	r.cpu = (after - before) / time.Duration(len(r.trips))
	return r, nil
}

// converse sends events until end and gives the round trip time of each.
func converse(c *siotest.Conn, inFlight int, end time.Time) (trips []time.Duration, err error) {
	sent := make([]time.Time, inFlight) // by ack id modulo inFlight
	next, open := 0, 0
	for {
		now := time.Now()
		for ; open < inFlight && now.Before(end); open, next = open+1, next+1 {
			sent[next%inFlight] = now
			if err := c.Send("42" + strconv.Itoa(next) + event); err != nil {
				return trips, err
			}
		}
		if open == 0 {
			return trips, nil
		}
		f, err := c.Read()
		if err != nil {
			return trips, err
		}
		id, err := ackID(f)
		if err != nil {
			return trips, err
		}
		trips = append(trips, time.Since(sent[id%inFlight]))
		open--
	}
}

// ackID reads the id of an answer that repeats the event's argument; a refusal is an error.
func ackID(f siotest.Frame) (int, error) {
	m, ok := siotest.ParseMessage(f)
	if !ok || m.Type != '3' || !strings.HasPrefix(m.Data, `[{"room"`) {
		return 0, fmt.Errorf("no answer but %s", f)
	}
	return strconv.Atoi(m.ID)
}

func connectAll(p *process, n int) (conns []*siotest.Conn, err error) {
	for range n {
		c, err := connect(p)
		if err != nil {
			closeAll(conns)
			return nil, fmt.Errorf("session %d: %w", len(conns), err)
		}
		conns = append(conns, c)
	}
	return conns, nil
}

func closeAll(conns []*siotest.Conn) {
	for _, c := range conns {
		c.Close()
	}
}

// idle opens n sessions that then say nothing: the CPU time to open one, and the bytes that one holds.
func idle(p *process, n int) (open time.Duration, bytes int64, err error) {
	warm, err := connectAll(p, 20)
	if err != nil {
		return 0, 0, err
	}
	closeAll(warm)
	cpu0, err0 := p.cpu()
	mem0, err1 := p.memory()
	conns, err := connectAll(p, n)
	if err != nil {
		return 0, 0, err
	}
	defer closeAll(conns)
	cpu1, err2 := p.cpu()
	time.Sleep(2 * time.Second) // buffers of the handshakes go back
	mem1, err3 := p.memory()
	return (cpu1 - cpu0) / time.Duration(n), (mem1 - mem0) / int64(n), errors.Join(err0, err1, err2, err3)
}
