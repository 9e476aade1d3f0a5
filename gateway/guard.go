package gateway

import (
	"net"
	"net/netip"
	"sync"
	"time"

	"github.com/siogw/siogw/engine"
)

// Guard gives l without the connections of banned addresses, and with at most Limits.SocketsPerIP open ones of one
// address: they are closed before anything is read. Peers that are trusted proxies pass, since they stand
// for many.
func (g *Gateway) Guard(l net.Listener) net.Listener {
	return &guard{Listener: l, g: g, open: map[netip.Prefix]int{}}
}

type guard struct {
	net.Listener
	g *Gateway

	mu   sync.Mutex
	open map[netip.Prefix]int
}

// Accept implements net.Listener.
func (l *guard) Accept() (net.Conn, error) {
	for {
		conn, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		tcp, ok := conn.(*net.TCPConn)
		if !ok { // nobody to tell apart
			return conn, nil
		}
		peer := tcp.RemoteAddr().(*net.TCPAddr).AddrPort().Addr().Unmap() // always, of a TCPConn
		if l.g.rules.Load().trusted(peer) {
			return conn, nil
		}
		key := l.g.clientKey(peer)
		if code := l.take(key); code != engine.CodeNone {
			l.g.stats.refuse(code)
			_ = conn.Close()
			continue
		}
		return &guarded{TCPConn: tcp, give: sync.OnceFunc(func() { l.give(key) })}, nil
	}
}

func (l *guard) take(key netip.Prefix) engine.Code {
	if l.g.bans.any() {
		if _, banned := l.g.bans.address(key, time.Now()); banned {
			return engine.CodeBanned
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if most := l.g.rules.Load().Limits.SocketsPerIP; most > 0 && l.open[key] >= most {
		return engine.CodeConnectionsPerIP
	}
	l.open[key]++
	return engine.CodeNone
}

func (l *guard) give(key netip.Prefix) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.open[key]--; l.open[key] <= 0 {
		delete(l.open, key)
	}
}

// guarded is a connection that is counted. It is a TCP connection in every other way.
type guarded struct {
	*net.TCPConn
	give func()
}

// Close implements net.Conn.
func (c *guarded) Close() error {
	c.give()
	return c.TCPConn.Close()
}

// TCP gives the connection itself, for who writes to it without waiting.
func (c *guarded) TCP() *net.TCPConn { return c.TCPConn }

// Gone gives what who takes the descriptor out of the connection calls when that is closed, in the place of Close.
func (c *guarded) Gone() func() { return c.give }
