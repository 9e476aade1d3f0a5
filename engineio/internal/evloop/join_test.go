//go:build linux

package evloop

import (
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
)

// brief is done with its connection as soon as it works.
type brief struct {
	Source
	works atomic.Int32
	gone  func()
}

func (b *brief) Reads() bool            { return true }
func (b *brief) Begin() []byte          { return nil }
func (b *brief) End(int, syscall.Errno) {}
func (b *brief) Work(Events, *Reader) bool {
	if b.works.Add(1) == 1 {
		b.Leave()
		b.Close()
		b.gone()
	}
	return false
}

// A source that the loop hears of while it joins works once, however short its life.
func TestBriefLives(t *testing.T) {
	g := New(1)
	stay, fd := newEcho(t, g.Seat()) // the loop runs on
	seat := stay.seat
	var all []*brief
	for range 1000 {
		var joining, gone sync.WaitGroup
		for range 10 {
			ours, theirs := pair(t)
			_ = syscall.Close(theirs)
			gone.Add(1)
			b := &brief{gone: gone.Done}
			b.Init(seat, ours, b)
			all = append(all, b)
			joining.Go(func() {
				if err := b.Join(); err != nil {
					t.Error(err)
				}
			})
		}
		joining.Wait()
		gone.Wait()
	}
	ask(t, fd, "hello") // the queue is empty
	for _, b := range all {
		if n := b.works.Load(); n != 1 {
			t.Fatalf("one that was done at once worked %d times", n)
		}
	}
	end(t, stay, fd)
}
