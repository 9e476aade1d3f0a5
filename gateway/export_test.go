package gateway

import (
	"net/http/httptest"

	"github.com/siogw/siogw/engineio"
	"github.com/siogw/siogw/engineio/eioserver"
)

// StopExpiry stops the timers of all sessions' identities, as if they were late.
func (g *Gateway) StopExpiry() {
	for _, s := range g.sessions.all() {
		s.mu.Lock()
		s.expiry.Stop()
		s.mu.Unlock()
	}
}

// Wire opens a session between two ends that are not on a network, and gives what takes their packets.
func (g *Gateway) Wire(client, server engineio.Session) (down, up engineio.Handler) {
	s := g.newSession(&eioserver.Opening{Request: httptest.NewRequest("GET", "/socket.io/", nil), ID: "id", EIO: 4, Transport: "websocket"})
	s.client = &eioserver.Session{}
	s.down.eio, s.up.eio = client, server
	s.enter()
	return s.down, s.up
}
