// Package wsconn is one WebSocket connection of an Engine.IO session, on either side: it pushes the messages
// that it reads, and its writes never wait. gorilla/websocket makes the handshake (RFC 6455). Then there are two
// kinds: on Linux, without TLS and compression, an event loop serves the connection (looped). Else a goroutine of its
// own reads, another one writes while the network does not take what there is, and gorilla/websocket makes and reads the
// frames (portable); it writes them into memory, see pipe.
package wsconn

import (
	"net"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/gorilla/websocket"

	"github.com/siogw/siogw/engineio"
	"github.com/siogw/siogw/engineio/internal/evloop"
)

// Peer receives what a Conn read. Message, PassEnd, Ended and Gone come from the reading goroutine, in this
// order; Drained may come from any other.
type Peer interface {
	// Message takes one message, whole, text being valid UTF-8. data is valid only during the call.
	Message(binary bool, data []byte)
	// PassEnd says that reading is about to wait: the time to Flush what was sent since, on this Conn and others.
	PassEnd()
	// Drained says that the buffer, having been at Limits.High, is below half of it.
	Drained()
	// Ended says that no more will be read, exactly once.
	Ended(r engineio.Reason)
	// Gone says that the network connection is closed; the last call.
	Gone()
}

// Seat is the place of a session on one of Loops: both its connections are served there. They keep nobody from
// working: a call of a Peer that takes longer than a millisecond goes on beside its loop.
type (
	Seat  = evloop.Seat
	Loops = evloop.Loops
)

// NewLoops makes n event loops; nil where there are none. They need not be closed.
func NewLoops(n int) *Loops { return evloop.New(n) }

// Options say how one Conn works. Read and Live are required.
type Options struct {
	Read    *atomic.Int64   // bytes of one message read; it may change, once started at a client's end only
	Live    *Live           // what else bounds it
	Seat    *Seat           // the loop that serves the connection, where one can; nil for a portable one
	Account func(delta int) // hears of each change of the memory held in bytes; does not wait or lock; may be nil
}

// Limits bound connections. The first three have no default.
type Limits struct {
	High  int           // bytes waiting to be written at which Send reports false
	Hard  int           // bytes waiting to be written at which the connection is cut
	Write time.Duration // for each chunk of 16 KiB, and for all that is left when the connection closes

	Message time.Duration // for the rest of a message that has begun; 0 for no limit
	Rates   Rates
	Slowed  func()  // called each time Rates.Bytes makes reading wait; may be nil
	Deflate Deflate // of Upgrade; default off
}

// Live are Limits that connections share, and that may be replaced while these live: each looks when it needs one.
type Live = atomic.Pointer[Limits]

// NewLive gives Live that hold lim.
func NewLive(lim Limits) *Live {
	live := &Live{}
	live.Store(&lim)
	return live
}

// Conn is one WebSocket connection. Its methods are safe for concurrent use, never wait and never call the
// Peer.
type Conn interface {
	// Start begins to read, and to call peer. It is called once.
	Start(peer Peer)
	// Send takes p into the buffer. It reports whether the buffer is below its high-water mark; past the hard
	// limit the connection is cut (SlowReader).
	Send(p engineio.Packet) bool
	// Flush starts writing: at once what the network takes without waiting, the rest when it takes more.
	Flush()
	// Pause stops reading after the message at hand; Resume starts it again.
	Pause()
	Resume()
	// Close ends the connection: no message is handed over any more, what was sent is written within
	// Limits.Write, then a close frame with code (0: none, as the reference closes).
	Close(code int)
	// Cut ends the connection at once, for want of time.
	Cut()
	// Buffered gives the number of bytes waiting to be written.
	Buffered() int
	// SetForm chooses another form than Revision4. It is called before anything is sent.
	SetForm(f Form)
}

// portable is a Conn of any network connection, on any system: goroutines wait for it.
type portable struct {
	net  net.Conn        // TCP or TLS
	raw  syscall.RawConn // of plain TCP; nil where the network cannot be tried without waiting
	ws   *websocket.Conn
	peer Peer
	opt  Options
	form Form // of what is sent; constant once anything is

	frame sync.Mutex // one message at a time into ws; taken before mu
	wg    sync.WaitGroup

	mu      sync.Mutex // a leaf
	wake    sync.Cond  // paused or closing changed
	out     []byte     // frames that nobody writes yet
	inHand  int        // bytes that the writing goroutine has
	direct  bool       // handshake: writes go straight to the network
	writing bool       // the writing goroutine runs
	full    bool       // Send reported false; Drained is owed
	paused  bool
	closing bool // nothing more is handed to the peer
	dead    bool // the network connection is cut
	started bool // the reading goroutine runs, or has run
	ending  bool // the reading goroutine waits for the last write
	shut    bool // the sending direction is closed
	reason  engineio.Reason
	closeBy time.Time // when closing

	reading int // capacity of a message being read, above that of a fresh buffer; guarded by mu
	held    int // what Account was told last; guarded by mu

	watch watch // the reading goroutine's own
	timed bool  // Limits.Message runs; the reading goroutine's own
	due   bool  // messages were handed over since the last PassEnd; the reading goroutine's own
	tries int   // reads without waiting in this pass; the reading goroutine's own
}

func newConn(network net.Conn, opt Options) *portable {
	c := &portable{net: network, raw: rawOf(network), opt: opt}
	c.wake.L = &c.mu
	return c
}

// lim gives the limits as they are now.
func (c *portable) lim() *Limits { return c.opt.Live.Load() }

// use takes ws, made over the pipe of c, into service.
func (c *portable) use(ws *websocket.Conn) {
	c.ws = ws
	ws.SetPingHandler(func(data string) error {
		if c.Buffered() < c.lim().High { // RFC 6455, 5.5.3: not every ping needs its own answer
			_ = ws.WriteControl(websocket.PongMessage, []byte(data), time.Time{})
		}
		return nil
	})
}

// Start implements Conn.
func (c *portable) Start(peer Peer) {
	c.mu.Lock()
	c.peer, c.started = peer, true
	drained := c.drained() // before there was anybody to tell
	c.mu.Unlock()
	if drained {
		go peer.Drained()
	}
	go c.run()
}

// Buffered implements Conn.
func (c *portable) Buffered() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.out) + c.inHand
}

// Pause implements Conn.
func (c *portable) Pause() {
	c.mu.Lock()
	c.paused = true
	c.mu.Unlock()
}

// Resume implements Conn.
func (c *portable) Resume() {
	c.mu.Lock()
	c.paused = false
	c.mu.Unlock()
	c.wake.Broadcast()
}
