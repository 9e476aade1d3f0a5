package engine

import (
	"bytes"
	"sync"
	"sync/atomic"
)

// Shared keeps what is made of one packet that goes to many sessions (a broadcast), so that it is made once and not
// once for each: verdicts, parts of keys, messages. What is kept may follow from Kind, Direction, Namespace, Event,
// Args, Ack, Bytes and Attachments of an [Input] and from nothing else of it, and is never changed.
//
// It is bounded in bytes. A nil one keeps nothing. Safe for concurrent use.
type Shared struct {
	number uint64        // no other has it
	left   *atomic.Int64 // bytes that may still be kept, here and in what About and Changed give
	mu     sync.Mutex    // for what is kept
	made   atomic.Pointer[[]form]

	decisions atomic.Pointer[kept]
}

// sharedBytes is what keeping something takes beside it, about.
const sharedBytes = 64

// numbers are those of all Shared.
var numbers atomic.Uint64

// NewShared makes one that keeps so many bytes at most.
func NewShared(bytes int) *Shared {
	s := &Shared{number: numbers.Add(1), left: new(atomic.Int64)}
	s.left.Store(int64(bytes))
	return s
}

// Get gives what is kept under key, nil for nothing. Keys are compared with ==; a package uses values of an unexported
// type, which tell apart what else the kept depends on, such as the plugin.
func (s *Shared) Get(key any) any {
	if s == nil {
		return nil
	}
	if made := s.made.Load(); made != nil {
		for i := range *made {
			if (*made)[i].key == key {
				return (*made)[i].val
			}
		}
	}
	return nil
}

// Keep keeps val, which takes so many bytes, under key, where nothing is kept yet and there is room.
func (s *Shared) Keep(key, val any, bytes int) {
	if s == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.Get(key) != nil || !s.take(bytes+sharedBytes) {
		return
	}
	var made []form
	if before := s.made.Load(); before != nil {
		made = append(made, *before...)
	}
	made = append(made, form{key, val})
	s.made.Store(&made)
}

func (s *Shared) take(bytes int) bool {
	if s.left.Add(-int64(bytes)) >= 0 {
		return true
	}
	s.left.Add(int64(bytes))
	return false
}

// aboutKey is what an answer to an event is kept by, which the answer itself does not name.
type aboutKey struct{ event string }

type about struct {
	event  string
	shared Shared
}

// About gives the one of an answer to an event of that name, within the same bytes: the same one each time. It gives nil
// where there is no room.
func (s *Shared) About(event string) *Shared {
	if s == nil {
		return nil
	}
	for range 2 {
		if made := s.made.Load(); made != nil {
			for i := range *made {
				if a, ok := (*made)[i].val.(*about); ok && a.event == event {
					return &a.shared
				}
			}
		}
		s.Keep(aboutKey{event}, &about{event, Shared{number: numbers.Add(1), left: s.left}}, len(event))
	}
	return nil
}

// changedKey is what the packet with other arguments is kept by.
type changedKey struct{ n int }

// changed is one form that verdicts give a packet; there are at most maxChanged.
type changed struct {
	args   []byte
	shared *Shared
}

const maxChanged = 4

// Changed gives the one of the packet with the arguments of v in place of its own, within the same bytes: the same one for
// the same arguments. It gives nil where v changes something else.
func (s *Shared) Changed(v *Verdict) *Shared {
	if s == nil || v.Args == nil || v.Auth != nil || v.Attachments != nil {
		return nil
	}
	for i := range maxChanged {
		key := changedKey{i}
		if s.Get(key) == nil {
			s.Keep(key, &changed{bytes.Clone(v.Args), &Shared{number: numbers.Add(1), left: s.left}}, len(v.Args))
		}
		c, ok := s.Get(key).(*changed)
		if !ok { // no room
			return nil
		}
		if bytes.Equal(c.args, v.Args) {
			return c.shared
		}
	}
	return nil
}
