package listen

import (
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pires/go-proxyproto"
)

// Proxied is a listener behind proxies that begin each connection with a PROXY protocol header, version 1
// or 2 (https://www.haproxy.org/download/3.2/doc/proxy-protocol.txt). From those it is required, so a
// connection without one, with a bad one (more than 107 bytes in version 1, more than 4 KiB in version 2),
// or with one that comes too late is closed unanswered. From others it is no PROXY header but a bad request.
type Proxied struct {
	net.Listener
	from    []netip.Prefix
	timeout time.Duration
	refused atomic.Uint64
}

// Proxy wraps l. The peers in from must send the header within timeout.
func Proxy(l net.Listener, from []netip.Prefix, timeout time.Duration) *Proxied {
	return &Proxied{Listener: l, from: from, timeout: timeout}
}

// Refused gives the number of connections closed for want of a good header.
func (p *Proxied) Refused() uint64 { return p.refused.Load() }

// Accept does not wait for the header: the connection's first use does.
func (p *Proxied) Accept() (net.Conn, error) {
	c, err := p.Listener.Accept()
	if err != nil || !contains(p.from, c.RemoteAddr()) {
		return c, err
	}
	return &proxied{
		Conn: proxyproto.NewConn(c, proxyproto.WithPolicy(proxyproto.REQUIRE), proxyproto.SetReadHeaderTimeout(p.timeout)),
		p:    p,
	}, nil
}

// proxied counts once when its header is not there.
type proxied struct {
	*proxyproto.Conn
	p     *Proxied
	count sync.Once
}

// Read implements net.Conn.
func (c *proxied) Read(b []byte) (int, error) {
	if c.ProxyHeader() == nil { // only the header's absence: what fails later has one
		c.count.Do(func() { c.p.refused.Add(1) })
	}
	return c.Conn.Read(b)
}

// TCP gives the connection itself, nil for another, for who reads and writes it without waiting. What came with the
// header is read first: the library keeps at most 256 bytes, and net/http asks for more than that.
func (c *proxied) TCP() *net.TCPConn {
	tcp, _ := c.Conn.TCPConn()
	return tcp
}
