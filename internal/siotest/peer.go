package siotest

import (
	"net/http"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

// Peer is one session at a Server.
type Peer struct {
	Request *http.Request // the handshake
	ws      *websocket.Conn
	mu      sync.Mutex
	got     []string
}

// ping sends heartbeats until stop is called.
func (p *Peer) ping(every time.Duration) (stop func()) {
	var mu sync.Mutex
	var timer *time.Timer
	stopped := false
	var beat func()
	beat = func() {
		mu.Lock()
		defer mu.Unlock()
		if !stopped && p.Send("2") == nil {
			timer = time.AfterFunc(every, beat)
		}
	}
	mu.Lock()
	defer mu.Unlock()
	timer = time.AfterFunc(every, beat)
	return func() {
		mu.Lock()
		defer mu.Unlock()
		stopped = true
		timer.Stop()
	}
}

func (p *Peer) read() (Frame, error) {
	f, err := read(p.ws)
	if err == nil {
		p.mu.Lock()
		if len(p.got) < 10000 { // what tests look at; a benchmark's load is not kept
			p.got = append(p.got, f.String())
		}
		p.mu.Unlock()
	}
	return f, err
}

// Send sends a text frame and the binary frames that belong to it, with nothing between.
func (p *Peer) Send(text string, bin ...string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	err := write(p.ws, Frame{Data: text})
	for i := 0; i < len(bin) && err == nil; i++ {
		err = write(p.ws, Frame{Binary: true, Data: bin[i]})
	}
	return err
}

// Got gives the first 10,000 frames that came, in order, as Frame.String reads.
func (p *Peer) Got() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]string(nil), p.got...)
}

// Close drops the connection without a word.
func (p *Peer) Close() { p.ws.Close() }
