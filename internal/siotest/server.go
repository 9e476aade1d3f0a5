package siotest

import (
	"crypto/rand"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

// Server is a minimal Socket.IO server over WebSocket, as an http.Handler: it accepts every namespace but
// those in Refuse, answers every event that asks for an ack with the event's own arguments, and emits
// every other event back. It sends no pings before PingInterval and does not judge what it gets.
type Server struct {
	Refuse       map[string]string                           // by namespace: the JSON payload of the CONNECT_ERROR
	PingInterval time.Duration                               // announced and kept; 0 is 25 s
	Message      func(p *Peer, m Message, bin []string) bool // true: handled, the default does nothing; may be nil
	Peers        chan *Peer                                  // receives each session when there is room; may be nil

	mu      sync.Mutex
	open    map[*Peer]bool
	running sync.WaitGroup
}

var upgrader = websocket.Upgrader{
	ReadBufferSize: 1024, WriteBufferSize: 1024, WriteBufferPool: &sync.Pool{},
	CheckOrigin: func(*http.Request) bool { return true },
}

// ServeHTTP serves one session until it ends. What is no WebSocket handshake gets 404 and the path as text.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !websocket.IsWebSocketUpgrade(r) {
		http.Error(w, "siotest: "+r.URL.Path, http.StatusNotFound)
		return
	}
	ws, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		return // Upgrade has answered
	}
	p := &Peer{Request: r, ws: ws}
	defer s.enter(p)()
	every := s.PingInterval
	if every == 0 {
		every = 25 * time.Second
	}
	open := `0{"sid":"%s","upgrades":[],"pingInterval":%d,"pingTimeout":20000,"maxPayload":1000000}`
	if p.Send(fmt.Sprintf(open, rand.Text(), every.Milliseconds())) != nil {
		return
	}
	stop := p.ping(every)
	defer stop()
	if s.Peers != nil {
		select {
		case s.Peers <- p:
		default:
		}
	}
	for s.next(p) == nil {
	}
}

// enter notes an open session until leave is called.
func (s *Server) enter(p *Peer) (leave func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.open == nil {
		s.open = map[*Peer]bool{}
	}
	s.open[p] = true
	s.running.Add(1)
	return func() {
		defer s.running.Done()
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.open, p)
		p.Close()
	}
}

// CloseAll drops every session and waits until they are gone.
func (s *Server) CloseAll() {
	s.mu.Lock()
	for p := range s.open {
		p.Close()
	}
	s.mu.Unlock()
	s.running.Wait()
}

func (s *Server) next(p *Peer) error {
	f, err := p.read()
	if err != nil {
		return err
	}
	m, ok := ParseMessage(f)
	if !ok {
		return nil // pong, close: the end of the connection follows
	}
	bin := make([]string, 0, m.Count)
	for range m.Count {
		if f, err = p.read(); err != nil {
			return err
		}
		bin = append(bin, f.Data)
	}
	if s.Message != nil && s.Message(p, m, bin) {
		return nil
	}
	return s.answer(p, m, bin)
}

func (s *Server) answer(p *Peer, m Message, bin []string) error {
	switch {
	case m.Type == '0':
		if refusal, no := s.Refuse[m.Namespace]; no {
			return p.Send("44" + m.prefix() + refusal)
		}
		return p.Send("40" + m.prefix() + `{"sid":"` + rand.Text() + `"}`)
	case (m.Type == '2' || m.Type == '5') && m.ID != "":
		return p.Send(m.Answer("["+arguments(m.Data)), bin...)
	case m.Type == '2':
		return p.Send("42" + m.prefix() + m.Data)
	case m.Type == '5':
		return p.Send(fmt.Sprintf("45%d-%s%s", m.Count, m.prefix(), m.Data), bin...)
	}
	return nil
}

// arguments cuts `["name"` and a comma off an event's payload. Names with escaped quotes are not for tests.
func arguments(data string) string {
	_, after, _ := strings.Cut(strings.TrimPrefix(data, `["`), `"`)
	return strings.TrimPrefix(after, ",")
}
