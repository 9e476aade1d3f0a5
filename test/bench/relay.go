package main

import (
	"io"
	"net/http"
	"strings"
	"sync"

	"github.com/gorilla/websocket"
)

// serveRelay is the role of the bare relay: frames pass between two gorilla connections, by a goroutine
// for each direction, unread. It is what a gateway cannot be cheaper than in this style.
func serveRelay(address, upstream string) error {
	target := "ws" + strings.TrimPrefix(upstream, "http")
	pool := &sync.Pool{}
	up := websocket.Upgrader{ReadBufferSize: 1024, WriteBufferSize: 1024, WriteBufferPool: pool}
	dial := websocket.Dialer{ReadBufferSize: 1024, WriteBufferSize: 1024, WriteBufferPool: pool}
	return serve(address, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		server, _, err := dial.Dial(target+r.URL.RequestURI(), nil)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
			return
		}
		defer server.Close()
		client, err := up.Upgrade(w, r, nil)
		if err != nil {
			return // Upgrade has answered
		}
		defer client.Close()
		go func() {
			relay(client, server)
			client.Close()
		}()
		relay(server, client)
	}))
}

// relay moves frames until one side ends.
func relay(to, from *websocket.Conn) {
	for {
		kind, r, err := from.NextReader()
		if err != nil {
			return
		}
		w, err := to.NextWriter(kind)
		if err != nil {
			return
		}
		if _, err := io.Copy(w, r); err != nil || w.Close() != nil {
			return
		}
	}
}
