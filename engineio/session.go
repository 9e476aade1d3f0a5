package engineio

// Handler receives what a session got. Its methods run to completion and never wait; for one session
// they are never called two at a time, except Closed, which may come while another still runs.
//
// A session never calls its handler from inside Send, Flush, Pause, Resume or Close, so a handler may
// hold a lock of its own over those calls, and a handler of one session may call methods of another.
type Handler interface {
	// Packet takes one Message packet. p.Data is valid only during the call.
	Packet(p Packet)
	// PassEnd says that all which had arrived has been handed over: the time to Flush the peer.
	PassEnd()
	// Writable says that the send buffer, having been above its high-water mark, is below the low one.
	Writable()
	// Closed is the last word, said exactly once, whoever closed the session.
	Closed(r Reason)
}

// Rester is a Handler that keeps things which it could make again.
type Rester interface {
	// Rest says that no message has passed in either direction for a heartbeat.
	Rest()
}

// Session is one end of an Engine.IO session, client-facing or upstream. Its methods are safe for
// concurrent use, never wait, and do nothing once the session is closed.
type Session interface {
	// Send takes a Message packet into the send buffer, in order; it copies p.Data. It reports whether
	// the buffer is still below its high-water mark: after a false the caller stops its source, and
	// starts it again at Handler.Writable. A buffer past its hard limit closes the session (SlowReader).
	Send(p Packet) bool
	// Flush starts writing what Send took.
	Flush()
	// Pause stops reading from the peer, after the packet at hand; Resume starts it again.
	Pause()
	Resume()
	// Close ends the session, telling the peer as its transport and r demand. What was sent before is
	// still written, within the write deadline.
	Close(r Reason)
}

// Reason says why a session ended. The numbers are part of the contract and appear in logs and metrics.
type Reason uint8

// The reasons.
const (
	_                 Reason = iota
	PeerClosed               // 1: the peer closed the transport in order
	TransportError           // 2: the connection broke
	PingTimeout              // 3: the peer missed a heartbeat
	ParseError               // 4: bytes that are no packet of the protocol
	ProtocolViolation        // 5: a packet that the state does not allow
	TooLarge                 // 6: a message above the limit
	SlowReader               // 7: the peer did not read what was sent in time, or let too much pile up
	HandshakeTimeout         // 8: the handshake or the first CONNECT did not come in time
	OtherSideClosed          // 9: the other side of the gateway's session ended
	Denied                   // 10: a decision closed it
	Shutdown                 // 11: the gateway is stopping
	DoublePoll               // 12: two polls or two posts at once
	BadUTF8                  // 13: text that is no UTF-8
	PollAborted              // 14: the poll's connection was closed while it waited
	InternalError            // 15: a defect of this program
	Frames                   // 16: more frames than allowed
	ControlFrames            // 17: more control frames than allowed
	Fragments                // 18: more fragments than allowed
	SlowMessage              // 19: a message or body was not whole in time
	NeverPolled              // 20: the first poll did not come in time
	Idle                     // 21: no message for too long
	Lifetime                 // 22: the session is as old as one may get
	OutOfMemory              // 23: closed to keep the memory budget
	Inflated                 // 24: a compressed message that unfolds too far
	Compressed               // 25: a compressed message, which was not agreed on
)

var reasonNames = [...]string{"", "peer closed", "transport error", "ping timeout", "parse error",
	"protocol violation", "too large", "slow reader", "handshake timeout", "other side closed", "denied",
	"shutdown", "double poll", "bad utf-8", "poll aborted", "internal error", "too many frames",
	"too many control frames", "too many fragments", "message too slow", "never polled", "idle", "lifetime over",
	"out of memory", "unfolds too far", "compressed"}

// String gives the reason in words.
func (r Reason) String() string {
	if int(r) < len(reasonNames) {
		return reasonNames[r]
	}
	return "unknown"
}
