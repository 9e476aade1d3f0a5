package main

import (
	"strings"
	"sync"

	"github.com/siogw/siogw/internal/siotest"
)

// serveEmitter is the role of a server that emits to all clients of a group when it is told to: a client names its group
// in its CONNECT, and the event "emit" names a group and holds the payload.
func serveEmitter(address string) error {
	var mu sync.Mutex
	groups := map[string][]*siotest.Peer{}
	return serve(address, &siotest.Server{Message: func(p *siotest.Peer, m siotest.Message, _ []string) bool {
		mu.Lock()
		defer mu.Unlock()
		if name, ok := strings.CutPrefix(m.Data, `{"group":"`); ok && m.Type == '0' {
			name, _, _ = strings.Cut(name, `"`)
			groups[name] = append(groups[name], p)
			return false
		}
		call, ok := strings.CutPrefix(m.Data, `["emit","`)
		if !ok {
			return false
		}
		name, payload, _ := strings.Cut(call, `",`)
		text := "42" + strings.TrimSuffix(payload, "]")
		for _, peer := range groups[name] {
			peer.Send(text) // who is gone does not matter
		}
		return true
	}})
}
