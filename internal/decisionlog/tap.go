package decisionlog

import "bytes"

// Tap is a subscription to the lines as they are made.
type Tap struct {
	log   *Log
	lines chan []byte
	lost  uint64 // guarded by log.mu
}

// Tap subscribes. At most n lines wait; a reader that is slower misses some. The tap of a closed log has
// ended.
func (l *Log) Tap(n int) *Tap {
	t := &Tap{log: l, lines: make(chan []byte, max(n, 1))}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		close(t.lines)
		return t
	}
	l.taps[t] = struct{}{}
	l.tapped.Add(1)
	return t
}

// Lines gives the lines, without their newline. The channel is closed when the log or the tap is.
func (t *Tap) Lines() <-chan []byte { return t.lines }

// Lost gives the number of lines that the reader was too slow for.
func (t *Tap) Lost() uint64 {
	t.log.mu.Lock()
	defer t.log.mu.Unlock()
	return t.lost
}

// Close ends the subscription.
func (t *Tap) Close() {
	t.log.mu.Lock()
	defer t.log.mu.Unlock()
	if _, open := t.log.taps[t]; open {
		delete(t.log.taps, t)
		t.log.tapped.Add(-1)
		close(t.lines)
	}
}

// tell hands a line to the taps. The caller holds l.mu.
func (l *Log) tell(line []byte) {
	if len(l.taps) == 0 {
		return
	}
	line = bytes.Clone(bytes.TrimSuffix(line, []byte("\n"))) // readers share it and do not write
	for t := range l.taps {
		select {
		case t.lines <- line:
		default:
			t.lost++
		}
	}
}
