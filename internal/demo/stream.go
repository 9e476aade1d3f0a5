package demo

import (
	"encoding/json"
	"fmt"
	"net/http"
	"sync"

	"github.com/siogw/siogw/internal/decisionlog"
)

const (
	pastKept     = 100 // decisions that a late joiner gets
	readerBuffer = 512 // decisions that wait for a slow reader before it is cut off
	maxReaders   = 64
	tapBuffer    = 4096 // decisions between the log and the stream
)

// totals counts decisions; a transformed one is not among the allowed.
type totals struct {
	Allow     int `json:"allow"`
	Transform int `json:"transform"`
	Deny      int `json:"deny"`
}

// stream hands decisions to every page that listens, as Server-Sent Events. A reader that is too slow is cut
// off, connects again by itself, and gets the last ones anew.
type stream struct {
	mu      sync.Mutex
	totals  totals
	past    [][]byte
	readers map[chan []byte]bool
	closed  bool
}

func newStream() *stream { return &stream{readers: map[chan []byte]bool{}} }

// follow adds what the log tells, until it ends.
func (s *stream) follow(tap *decisionlog.Tap) {
	for line := range tap.Lines() {
		s.add(line)
	}
	s.close()
}

// add takes one decision, a line of JSON, which it keeps. It never waits.
func (s *stream) add(line []byte) {
	var seen struct {
		Kind        string `json:"kind"`
		Effect      string `json:"effect"`
		Transformed bool   `json:"transformed"`
	}
	if json.Unmarshal(line, &seen) != nil { // not a decision
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case seen.Effect == "deny":
		s.totals.Deny++
	case seen.Kind == "disconnect": // the end of a session, which nobody decided
	case seen.Transformed:
		s.totals.Transform++
	default:
		s.totals.Allow++
	}
	s.past = append(s.past, line)
	if len(s.past) > pastKept {
		s.past = append(s.past[:0:0], s.past[1:]...)
	}
	for r := range s.readers {
		select {
		case r <- line:
		default:
			s.drop(r)
		}
	}
}

// drop ends a reader; mu is held.
func (s *stream) drop(r chan []byte) {
	if s.readers[r] {
		delete(s.readers, r)
		close(r)
	}
}

// close ends every reader, now and later.
func (s *stream) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	for r := range s.readers {
		s.drop(r)
	}
}

// join gives a new reader with what it missed; nil when there is no place for it.
func (s *stream) join() (r chan []byte, past [][]byte, sums totals) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed || len(s.readers) >= maxReaders {
		return nil, nil, totals{}
	}
	r = make(chan []byte, readerBuffer)
	s.readers[r] = true
	return r, append([][]byte(nil), s.past...), s.totals
}

func (s *stream) leave(r chan []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.drop(r)
}

// ServeHTTP streams: "hello" with the totals, "past" for each of the last decisions, then "decision".
func (s *stream) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	reader, past, sums := s.join()
	if reader == nil {
		http.Error(w, "too many readers", http.StatusServiceUnavailable)
		return
	}
	defer s.leave(reader)
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-store")
	hello, _ := json.Marshal(sums) // three ints always marshal
	send(w, "hello", hello)
	for _, line := range past {
		send(w, "past", line)
	}
	for {
		if http.NewResponseController(w).Flush() != nil {
			return
		}
		select {
		case <-r.Context().Done():
			return
		case line, ok := <-reader:
			if !ok {
				return
			}
			send(w, "decision", line)
		}
	}
}

// send writes one event; a reader that is gone is noticed at the next flush.
func send(w http.ResponseWriter, event string, line []byte) {
	_, _ = fmt.Fprintf(w, "event: %s\ndata: %s\n\n", event, line)
}
