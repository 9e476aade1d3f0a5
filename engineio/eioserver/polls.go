package eioserver

import (
	"errors"
	"iter"
	"mime"
	"net/http"
	"os"
	"time"

	"github.com/siogw/siogw/engineio"
)

// get answers a poll, after waiting till there is something.
func (s *Session) get(w http.ResponseWriter, req *request) {
	wait, err := s.startPoll()
	if err != nil {
		refuse(w, req, err)
		return
	}
	if wait == nil {
		bare(w, http.StatusBadRequest)
		return
	}
	select {
	case <-wait.ready:
	case <-req.Context().Done():
		s.abort(wait)
		return
	}
	if err := s.send(w, req, wait.batch); err != nil {
		s.lost(wait, engineio.TransportError)
		return
	}
	s.mu.Lock()
	drained := s.poll != nil && s.poll.drained()
	s.mu.Unlock()
	if drained {
		s.writable()
	}
}

// abort ends a poll whose client is gone.
func (s *Session) abort(wait *poll) {
	s.mu.Lock()
	if s.poll != nil && s.poll.waiting == wait {
		s.endLocked(engineio.PollAborted)
	}
	s.mu.Unlock()
	<-wait.ready
	s.lost(wait, engineio.PollAborted)
}

// lost closes the session for a batch that did not reach the client, unless nothing was in it: an upgrade ends
// polls with a noop, and clients may not stay for that.
func (s *Session) lost(wait *poll, r engineio.Reason) {
	if len(wait.batch) != 1 || wait.batch[0].Type != engineio.Noop {
		s.end(r)
	}
}

// startPoll takes a GET in. A second one while one waits closes the session, and gives nil.
func (s *Session) startPoll() (*poll, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	q := s.poll
	switch {
	case q == nil: // upgraded since the request was verified
		return nil, &engineio.Error{Code: engineio.BadRequest}
	case s.reason != 0 && len(q.queue) == 0:
		return nil, &engineio.Error{Code: engineio.UnknownSID}
	case q.waiting != nil:
		s.endLocked(engineio.DoublePoll)
		return nil, nil
	}
	s.hasPolled()
	wait := &poll{ready: make(chan struct{})}
	q.waiting = wait
	q.Flush()
	if s.reason != 0 && len(q.queue) == 0 {
		s.forgetNow()
	}
	return wait, nil
}

// post takes packets in.
func (s *Session) post(w http.ResponseWriter, req *request) {
	started, err := s.startPost()
	if err != nil {
		refuse(w, req, err)
		return
	}
	status := http.StatusBadRequest
	if started {
		status = s.takeBody(w, req)
		s.endPost()
	}
	if status != http.StatusOK {
		bare(w, status)
		return
	}
	ok(w)
}

// startPost takes a POST in. A second one at a time closes the session, and gives false.
func (s *Session) startPost() (bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.poll == nil: // upgraded since the request was verified
		return false, &engineio.Error{Code: engineio.BadRequest}
	case s.reason != 0 && len(s.poll.queue) == 0:
		return false, &engineio.Error{Code: engineio.UnknownSID}
	case s.poll.posting:
		s.endLocked(engineio.DoublePoll)
		return false, nil
	}
	s.poll.posting = true
	return true, nil
}

func (s *Session) endPost() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.poll == nil {
		return
	}
	s.poll.posting = false
	if k := s.up; k != nil && k.stage.Load() == waits && s.reason == 0 {
		k.takeOver()
	}
}

// takeBody reads a POST and hands its packets over. It gives the status to answer with.
func (s *Session) takeBody(w http.ResponseWriter, req *request) int {
	kind, _, _ := mime.ParseMediaType(req.Header.Get("Content-Type"))
	binary := kind == octets
	if binary && (s.eio != 3 || req.jsonp) {
		s.end(engineio.ProtocolViolation) // binary payloads are revision 3's
		s.srv.refused(req, &engineio.Error{Code: engineio.BadRequest})
		return http.StatusBadRequest
	}
	body, err := s.readBody(w, req)
	defer s.holds(freshBody - cap(body))
	var tooLong *http.MaxBytesError
	if errors.As(err, &tooLong) {
		s.srv.refused(req, &engineio.Error{Code: engineio.BadRequest, Status: http.StatusRequestEntityTooLarge})
		return http.StatusRequestEntityTooLarge // the session stays, as with the reference
	}
	if err == nil && req.jsonp {
		body, err = engineio.DecodeJSONP(body)
	} else if errors.Is(err, os.ErrDeadlineExceeded) {
		s.end(engineio.SlowMessage)
		return http.StatusRequestTimeout
	} else if err != nil {
		s.end(engineio.TransportError)
		return http.StatusBadRequest
	}
	if err != nil {
		s.end(engineio.ParseError)
		return http.StatusOK
	}
	s.slow(len(body))
	return s.takePayload(s.packets(body, binary))
}

func (s *Session) readBody(w http.ResponseWriter, req *request) ([]byte, error) {
	limit := s.maxPayload.Load()
	if req.ContentLength > limit {
		return nil, &http.MaxBytesError{Limit: limit}
	}
	rc := http.NewResponseController(w)
	_ = rc.SetReadDeadline(time.Now().Add(s.now().BodyTimeout))
	body, err := s.readAll(http.MaxBytesReader(w, req.Body, limit))
	if err == nil {
		_ = rc.SetReadDeadline(time.Time{})
	}
	return body, err
}

// takePayload hands over the packets of a POST, one by one, while the session lives.
func (s *Session) takePayload(packets iter.Seq2[engineio.Packet, error]) int {
	defer s.passEnd()
	for p, err := range packets {
		switch {
		case !s.mayTake():
			return s.lateStatus()
		case !s.counted():
			return http.StatusBadRequest
		case err != nil:
			s.endBad(err)
			return http.StatusOK
		case !s.packet(p):
			return http.StatusOK
		}
	}
	return http.StatusOK
}

// lateStatus answers a POST whose session ended meanwhile: its client did wrong, or will read so in its next poll.
func (s *Session) lateStatus() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	if graceful(s.reason) {
		return http.StatusOK
	}
	return http.StatusBadRequest
}

// endBad closes for bytes that are no packet.
func (s *Session) endBad(err error) {
	s.opts.Logger.Debug("bad packet", "sid", s.id, "error", err)
	if errors.Is(err, engineio.ErrUTF8) {
		s.end(engineio.BadUTF8)
		return
	}
	s.end(engineio.ParseError)
}

// mayTake waits while the session is paused. It reports whether the session lives.
func (s *Session) mayTake() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for s.paused && s.reason == 0 {
		s.poll.wake.Wait() // nothing takes over while it waits
	}
	return s.reason == 0
}
