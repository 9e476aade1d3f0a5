package eioserver

import (
	"crypto/subtle"
	"errors"
	"io"
	"net/http"
	"time"

	"github.com/siogw/siogw/engineio"
)

// charge tells how much the queue holds.
func (q *polling) charge() {
	if account := q.s.account; account != nil && q.size != q.held {
		account(q.size - q.held)
		q.held = q.size
	}
}

// drop forgets what nobody will poll.
func (q *polling) drop() {
	q.queue, q.size = nil, 0
	q.charge()
}

// overdue gives the reason for which the session is too old, or too quiet; 0 for none. The heartbeat asks, so
// that no session needs another timer.
func (s *Session) overdue() engineio.Reason {
	o, now := s.now(), time.Now()
	if s.active.Swap(false) || s.seen.IsZero() {
		s.seen = now
	}
	switch {
	case o.Lifetime > 0 && now.Sub(s.opened) >= o.Lifetime:
		return engineio.Lifetime
	case o.Idle > 0 && now.Sub(s.seen) >= o.Idle:
		return engineio.Idle
	}
	return 0
}

// awaitPoll sets the deadline of the first poll. s.mu is held.
func (s *Session) awaitPoll() {
	if d := s.opts.PollTimeout; d > 0 && s.name == "polling" {
		s.poll.early = time.AfterFunc(d, func() {
			s.mu.Lock()
			defer s.mu.Unlock()
			if s.poll != nil && s.poll.early != nil {
				s.endLocked(engineio.NeverPolled)
			}
		})
	}
}

// hasPolled ends the wait for the first poll. s.mu is held.
func (s *Session) hasPolled() {
	if q := s.poll; q != nil && q.early != nil {
		q.early.Stop()
		q.early = nil
	}
}

// ErrUpgrades is the cause of the error that refuses an upgrade for Options.Upgrades or TotalUpgrades.
var ErrUpgrades = errors.New("too many upgrades")

// startUpgrade counts an upgrade before anything is spent on it; done ends it.
func (s *Session) startUpgrade() error {
	o := s.now()
	s.mu.Lock()
	s.upgrades++
	tooMany := o.Upgrades > 0 && s.upgrades > o.Upgrades
	s.mu.Unlock()
	s.srv.mu.Lock()
	defer s.srv.mu.Unlock()
	if tooMany || o.TotalUpgrades > 0 && s.srv.upgrades >= o.TotalUpgrades {
		return &engineio.Error{Code: engineio.BadRequest, Status: http.StatusTooManyRequests, Message: "Too many upgrades",
			Cause: ErrUpgrades}
	}
	s.srv.upgrades++
	return nil
}

// endUpgrade is for a WebSocket that began one, once.
func (k *socket) endUpgrade() {
	if k.begun.CompareAndSwap(true, false) {
		k.s.srv.endUpgrade()
	}
}

func (s *Server) endUpgrade() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.upgrades--
}

// setCookie binds the session to the browser: to the cookie that it has, or a new one. Several sessions of one
// browser share it.
func (s *Session) setCookie(h http.Header, req *request) {
	name := s.opts.Cookie
	if name == "" {
		return
	}
	s.owner = newID()
	if c, err := req.Cookie(name); err == nil && len(c.Value) == len(s.owner) {
		s.owner = c.Value
	}
	c := http.Cookie{Name: name, Value: s.owner, Path: s.srv.path, HttpOnly: true, SameSite: http.SameSiteLaxMode}
	if req.secure {
		c.Secure = true
		if len(s.opts.Origins) > 0 { // pages of other sites are meant to come
			c.SameSite = http.SameSiteNoneMode
		}
	}
	h.Add("Set-Cookie", c.String())
}

// owned reports whether a request may use the session that its sid names.
func (s *Session) owned(req *request) bool {
	o := s.opts
	if s.addr != req.addr && !o.AnyAddress {
		return false
	}
	if o.Cookie == "" {
		return true
	}
	c, err := req.Cookie(o.Cookie)
	return err == nil && subtle.ConstantTimeCompare([]byte(c.Value), []byte(s.owner)) == 1
}

// counted holds the packets of a POST against Options.Rates. It reports whether the session goes on.
func (s *Session) counted() bool {
	if reason := s.poll.meter.Frame(&s.now().Rates, time.Now()); reason != 0 {
		s.end(reason)
		return false
	}
	return true
}

// slow waits for a client that posts more bytes than it may.
func (s *Session) slow(bytes int) {
	o := s.now()
	d := s.poll.meter.Bytes(&o.Rates, bytes, time.Now())
	if d <= 0 {
		return
	}
	if o.Slowed != nil {
		o.Slowed()
	}
	until := time.Now().Add(d)
	timer := time.AfterFunc(d, func() {
		s.mu.Lock() // who has looked at the time waits already
		defer s.mu.Unlock()
		s.wake()
	})
	defer timer.Stop()
	s.mu.Lock()
	defer s.mu.Unlock()
	for s.reason == 0 && time.Now().Before(until) {
		s.poll.wake.Wait()
	}
}

// freshBody is the size of a buffer that is not accounted for yet.
const freshBody = 512

// readAll is io.ReadAll, with the memory accounted for while it grows.
func (s *Session) readAll(from io.Reader) (body []byte, err error) {
	body = make([]byte, 0, freshBody)
	for err == nil {
		if len(body) == cap(body) {
			old := cap(body)
			body = append(body, 0)[:len(body)]
			s.holds(cap(body) - old)
		}
		var n int
		n, err = from.Read(body[len(body):cap(body)])
		body = body[:len(body)+n]
	}
	if err == io.EOF {
		err = nil
	}
	return body, err
}

func (s *Session) holds(delta int) {
	if s.account != nil {
		s.account(delta)
	}
}
