package main

import (
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/siogw/siogw/internal/siotest"
)

// fanSizes are the bytes of the emits, about.
var fanSizes = [...]int{100, 2048}

// group is the clients of one row, all in one room, and what they came to.
type group struct {
	row     *fanRow
	p       *process
	control *siotest.Conn // to the server, past what is measured
	conns   []*siotest.Conn
	reading sync.WaitGroup
	n       int          // emits so far
	left    atomic.Int64 // deliveries of the emit under way
	all     chan struct{}
	failed  chan error

	sizes [len(fanSizes)]struct{ cpu, last []time.Duration } // by turn
}

// gather starts the row's process and its clients.
func gather(s fanSettings, row *fanRow, upstream string) (g *group, err error) {
	g = &group{row: row, all: make(chan struct{}, 1), failed: make(chan error, 1)}
	defer func() {
		if err != nil {
			g.close()
		}
	}()
	if g.p, err = row.start(s, upstream); err != nil {
		return g, err
	}
	if g.control, err = siotest.Dial(upstream, nil); err != nil {
		return g, err
	}
	for i := range s.clients {
		if err := g.add(i); err != nil {
			return g, fmt.Errorf("client %d: %w", i, err)
		}
	}
	return g, nil
}

// add connects one client, with an identity of its own, and has it join the room.
func (g *group) add(i int) error {
	c, err := siotest.Dial(g.p.address, nil)
	if err != nil {
		return err
	}
	g.conns = append(g.conns, c)
	roles := [...]string{`"member"`, `"member","premium"`, `"member","moderator"`}[i%3]
	token := siotest.Token(secret, fmt.Sprintf(`{"sub":"user%d","roles":[%s],"exp":4102444800}`, i, roles))
	answer, err := c.Connect("/", fmt.Sprintf(`{"group":"%s","token":"%s"}`, g.row.name, token))
	if err == nil && answer.Type != '0' {
		err = fmt.Errorf("CONNECT was refused: %s", answer.Data)
	}
	if err == nil {
		err = c.Send(`421["join","general"]`)
	}
	if err != nil {
		return err
	}
	if f, err := c.Read(); err != nil || f.Data != `431["general"]` {
		return fmt.Errorf("the join was answered %s: %w", f, err)
	}
	g.reading.Go(func() { g.read(c) })
	return nil
}

// read counts emits until the connection ends.
func (g *group) read(c *siotest.Conn) {
	for {
		f, err := c.ReadBefore(time.Time{})
		if err == nil && !strings.HasPrefix(f.Data, `42["message",{"n":`) {
			err = fmt.Errorf("no emit but %.200s", f)
		}
		if err != nil {
			select {
			case g.failed <- err:
			default:
			}
			return
		}
		if g.left.Add(-1) == 0 {
			g.all <- struct{}{}
		}
	}
}

// turn has the server emit so many times in each size, each emit once the last client has the one before.
func (g *group) turn(emits int, warm bool) error {
	for i, size := range fanSizes {
		before, err := g.p.cpu()
		if err != nil {
			return err
		}
		var last []time.Duration
		for range emits {
			took, err := g.emit(size)
			if err != nil {
				return err
			}
			last = append(last, took)
		}
		after, err := g.p.cpu()
		if err != nil {
			return err
		}
		if !warm {
			r := &g.sizes[i]
			r.cpu, r.last = append(r.cpu, (after-before)/time.Duration(emits*len(g.conns))), append(r.last, median(last))
		}
	}
	return nil
}

// emit has the server emit once, and waits until all clients have it.
func (g *group) emit(size int) (time.Duration, error) {
	g.n++
	text := fmt.Sprintf("no %d: ", g.n)
	if g.row.changed {
		text += "<b>bold</b> "
	}
	text += strings.Repeat("hello, how are you all? ", size/24+1)
	payload := fmt.Sprintf(`["message",{"n":%d,"room":"general","from":"somebody","text":"%.*s"}]`, g.n, size-62, text)
	g.left.Store(int64(len(g.conns)))
	start := time.Now()
	if err := g.control.Send(fmt.Sprintf(`42["emit","%s",%s]`, g.row.name, payload)); err != nil {
		return 0, err
	}
	select {
	case <-g.all:
		return time.Since(start), nil
	case err := <-g.failed:
		return 0, err
	case <-time.After(30 * time.Second):
		return 0, fmt.Errorf("%d clients have not heard", g.left.Load())
	}
}

func (g *group) close() {
	if g.control != nil {
		g.control.Close()
	}
	closeAll(g.conns)
	g.reading.Wait()
	if g.p != nil {
		g.p.stop()
	}
}
