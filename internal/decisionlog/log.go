// Package decisionlog writes one JSON line for each decision. It never makes its caller wait: what cannot
// be written in time is dropped, counted, and told by a line of its own.
package decisionlog

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/siogw/siogw/engine"
	"github.com/siogw/siogw/gateway"
)

// DefaultBuffer is how many bytes may wait for the output.
const DefaultBuffer = 4 << 20

// Options says where lines go and what they hide.
type Options struct {
	Output         string    // stdout, stderr, none, or a file, which is appended to
	Stdout, Stderr io.Writer // what stdout and stderr mean
	Mask           []string  // auth, args, or JSON pointers below them such as /auth/token
	Buffer         int       // bytes that may wait; 0 is DefaultBuffer
	Logger         *slog.Logger
}

// Log implements [gateway.Log]. It is safe for concurrent use.
type Log struct {
	mask   atomic.Pointer[masks]
	out    io.Writer // nil: only taps
	file   *os.File  // out, when it is ours to close
	logger *slog.Logger

	mu      sync.Mutex
	pending []byte // whole lines
	limit   int
	lost    uint64 // lines dropped since the last line that told so
	dropped uint64 // in total
	taps    map[*Tap]struct{}
	closed  bool

	tapped atomic.Int32 // len(taps), for who does not hold mu

	wake  chan struct{} // capacity 1: something is pending, or closed
	hurry chan struct{} // capacity 1: much is, or closed
	done  chan struct{} // the writer has ended
}

var (
	_ gateway.Log    = (*Log)(nil)
	_ gateway.Timing = (*Log)(nil)
)

// Open starts the log. It fails on a file that cannot be appended to and on a mask that is none.
func Open(o Options) (*Log, error) {
	l := &Log{logger: o.Logger, limit: o.Buffer, taps: map[*Tap]struct{}{},
		wake: make(chan struct{}, 1), hurry: make(chan struct{}, 1), done: make(chan struct{})}
	if l.limit <= 0 {
		l.limit = DefaultBuffer
	}
	if l.logger == nil {
		l.logger = slog.New(slog.DiscardHandler)
	}
	if err := l.Mask(o.Mask); err != nil {
		return nil, err
	}
	switch o.Output {
	case "stdout":
		l.out = o.Stdout
	case "stderr":
		l.out = o.Stderr
	case "none":
	default:
		f, err := os.OpenFile(o.Output, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
		if err != nil {
			return nil, fmt.Errorf("decision log: %w", err)
		}
		l.file, l.out = f, f
	}
	go l.write()
	return l, nil
}

var scratch = sync.Pool{New: func() any { return new([]byte) }}

// Decision takes one decision. It keeps neither argument and does not wait.
func (l *Log) Decision(in *engine.Input, d *engine.Decision) {
	if l.idle() {
		return
	}
	buf := scratch.Get().(*[]byte)
	*buf = append(l.mask.Load().appendLine((*buf)[:0], in, d), '\n')
	l.add(*buf)
	if cap(*buf) <= maxValue {
		scratch.Put(buf)
	}
}

// Mask has lines from now on hide other paths, see Options. It fails on a path that is none, and changes nothing then.
func (l *Log) Mask(paths []string) error {
	m := &masks{}
	if err := m.parse(paths); err != nil {
		return err
	}
	l.mask.Store(m)
	return nil
}

// Times implements [gateway.Timing].
func (l *Log) Times() bool { return !l.idle() }

// idle reports whether nobody reads the lines.
func (l *Log) idle() bool {
	return l.out == nil && l.tapped.Load() == 0
}

func (l *Log) add(line []byte) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		l.dropped++
		return
	}
	l.tell(line)
	switch {
	case l.out == nil:
	case len(l.pending)+len(line) > l.limit:
		l.lost++
		l.dropped++
		signal(l.wake)
	default:
		before := len(l.pending)
		l.pending = append(l.pending, line...)
		if before == 0 {
			signal(l.wake)
		}
		if before < gatherBytes && len(l.pending) >= gatherBytes {
			signal(l.hurry)
		}
	}
}

func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// Lines are written together: those that come within gatherTime, or gatherBytes of them. To wake the writer costs more
// than a line.
const (
	gatherTime  = 10 * time.Millisecond
	gatherBytes = 64 << 10
)

// gather waits for more lines.
func (l *Log) gather(timer *time.Timer) {
	timer.Reset(gatherTime)
	select {
	case <-timer.C:
	case <-l.hurry:
		timer.Stop()
	}
}

// Dropped gives the number of lines that were not written.
func (l *Log) Dropped() uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.dropped
}

// write is the background writer.
func (l *Log) write() {
	defer close(l.done)
	var spare []byte
	failing := false
	timer := time.NewTimer(gatherTime)
	defer timer.Stop()
	for range l.wake {
		l.gather(timer)
		chunk, told, closed := l.take(spare)
		if len(chunk) > 0 {
			n, err := l.out.Write(chunk)
			if err != nil {
				l.failed(bytes.Count(chunk[n:], []byte{'\n'}), told)
			}
			if err != nil && !failing {
				l.logger.Error("decision log: lines are lost", "error", err)
			}
			failing = err != nil
		}
		spare = chunk[:0]
		if cap(spare) > l.limit/4 { // after a burst
			spare = nil
		}
		if closed {
			return
		}
	}
}

// take gives what is pending, and after it a line about the told lines that were dropped since.
func (l *Log) take(spare []byte) (chunk []byte, told uint64, closed bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	chunk, l.pending = l.pending, spare
	if l.lost > 0 && l.out != nil {
		chunk = fmt.Appendf(chunk, `{"time":"%s","dropped":%d}`+"\n", time.Now().UTC().Format(timeForm), l.lost)
		told, l.lost = l.lost, 0
	}
	return chunk, told, l.closed
}

// failed counts n lines that the output did not take, the one about told among them. A later line tells.
func (l *Log) failed(n int, told uint64) {
	if told > 0 {
		n--
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lost += uint64(n) + told
	l.dropped += uint64(n)
}

// Close writes what is pending, within ctx, and ends the taps. What comes later is dropped.
func (l *Log) Close(ctx context.Context) error {
	l.mu.Lock()
	if l.closed {
		l.mu.Unlock()
		return nil
	}
	l.closed = true
	for t := range l.taps {
		close(t.lines)
	}
	clear(l.taps)
	l.tapped.Store(0)
	signal(l.wake)
	signal(l.hurry)
	l.mu.Unlock()
	select {
	case <-l.done:
	case <-ctx.Done():
		return errors.New("decision log: the output does not take the last lines")
	}
	if l.file != nil {
		return l.file.Close()
	}
	return nil
}
