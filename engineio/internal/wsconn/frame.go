package wsconn

import (
	"encoding/binary"
	"math/rand/v2"

	"github.com/gorilla/websocket"

	"github.com/siogw/siogw/engineio"
)

// maxHeader is the length of the longest header, its mask included.
const maxHeader = 14

// header is what a frame says before its payload (RFC 6455, 5.2).
type header struct {
	final   bool
	rsv1    bool
	opcode  byte
	length  uint64 // of the payload
	minimal bool   // length is written in the shortest form
	mask    [4]byte
}

func (h *header) control() bool { return h.opcode >= websocket.CloseMessage }

// readHeader reads the header that b begins with and gives its length; 0 when b ends before it.
func readHeader(b []byte) (h header, n int) {
	if len(b) < 2 {
		return h, 0
	}
	h.final, h.rsv1, h.opcode = b[0]&0x80 != 0, b[0]&0x40 != 0, b[0]&0x0f
	h.length, h.minimal, n = uint64(b[1]&0x7f), true, 2
	switch {
	case h.length == 126 && len(b) >= 4:
		h.length, n = uint64(binary.BigEndian.Uint16(b[2:])), 4
		h.minimal = h.length > 125
	case h.length == 127 && len(b) >= 10:
		h.length, n = binary.BigEndian.Uint64(b[2:]), 10
		h.minimal = h.length > 0xffff
	case h.length > 125:
		return h, 0
	}
	if b[1]&0x80 == 0 {
		return h, n
	}
	if len(b) < n+4 {
		return h, 0
	}
	return h, n + copy(h.mask[:], b[n:])
}

// gate holds the frames of a peer against the protocol and the limits, by their headers.
type gate struct {
	meter   Meter
	client  bool // this end is the client: what it reads is not masked
	deflate bool // permessage-deflate was agreed on
	open    bool // a message has begun whose last frame has not
}

// begin judges the first bytes of a header, at two of them and at three. It gives the reason to end the connection,
// 0 for none.
func (g *gate) begin(head []byte) engineio.Reason {
	if len(head) > 2 {
		if head[1]&0x7f == 127 && head[2]&0x80 != 0 { // the first bit of 64
			return engineio.TooLarge
		}
		return 0
	}
	first, second := head[0], head[1]
	opcode, length, bad := first&0x0f, second&0x7f, false
	switch opcode {
	case websocket.TextMessage, websocket.BinaryMessage:
		bad = g.open
	case 0:
		bad = !g.open
	case websocket.CloseMessage:
		bad = first&0x80 == 0 || length > 125 || length == 1
	case websocket.PingMessage, websocket.PongMessage:
		bad = first&0x80 == 0 || length > 125
	default:
		bad = true
	}
	switch {
	case first&0x70 == 0x40 && !g.deflate && !g.client:
		return engineio.Compressed
	case bad, first&0x30 != 0, first&0x40 != 0 && !g.deflate, second&0x80 == 0 != g.client:
		return engineio.ProtocolViolation
	case first&0x40 != 0 && opcode != websocket.TextMessage && opcode != websocket.BinaryMessage:
		return engineio.ProtocolViolation // RFC 7692, 6
	}
	return 0
}

// frame counts a frame whose header is whole. It gives the reason to end the connection, 0 for none.
func (g *gate) frame(h *header, r *Rates, now moment) engineio.Reason {
	if !h.minimal {
		return engineio.ProtocolViolation
	}
	if reason := g.meter.frame(r, now); reason != 0 {
		return reason
	}
	if h.control() {
		if !g.meter.control.add(r.Control, 1, now) {
			return engineio.ControlFrames
		}
		return 0
	}
	g.open = !h.final
	if (!h.final || h.opcode == 0) && !g.meter.fragments.add(r.Fragments, 1, now) {
		return engineio.Fragments
	}
	return 0
}

// closeCode gives the status code (RFC 6455, 7.4.1) that tells a peer of a reason that lies with it.
func closeCode(r engineio.Reason) int {
	switch r {
	case engineio.TooLarge:
		return websocket.CloseMessageTooBig
	case engineio.BadUTF8:
		return websocket.CloseInvalidFramePayloadData
	case engineio.ProtocolViolation, engineio.Compressed:
		return websocket.CloseProtocolError
	}
	return websocket.ClosePolicyViolation
}

// appendFrame writes a frame that is a message of its own, or control. A client's is masked (RFC 6455, 5.3).
func appendFrame(dst []byte, client bool, opcode byte, parts ...[]byte) []byte {
	length := 0
	for _, p := range parts {
		length += len(p)
	}
	second := byte(0)
	if client {
		second = 0x80
	}
	switch {
	case length < 126:
		dst = append(dst, 0x80|opcode, second|byte(length))
	case length <= 0xffff:
		dst = binary.BigEndian.AppendUint16(append(dst, 0x80|opcode, second|126), uint16(length))
	default:
		dst = binary.BigEndian.AppendUint64(append(dst, 0x80|opcode, second|127), uint64(length))
	}
	var mask [4]byte
	if client {
		binary.NativeEndian.PutUint32(mask[:], rand.Uint32()) // ChaCha8: nobody foretells it
		dst = append(dst, mask[:]...)
	}
	from := len(dst)
	for _, p := range parts {
		dst = append(dst, p...)
	}
	if client {
		applyMask(mask, 0, dst[from:])
	}
	return dst
}

// applyMask masks or unmasks a part of a payload that begins at an offset of it.
func applyMask(mask [4]byte, offset uint64, b []byte) {
	var key [8]byte
	for i := range key {
		key[i] = mask[(offset+uint64(i))%4]
	}
	word := binary.NativeEndian.Uint64(key[:])
	for len(b) >= 8 {
		binary.NativeEndian.PutUint64(b, binary.NativeEndian.Uint64(b)^word)
		b = b[8:]
	}
	for i := range b {
		b[i] ^= key[i]
	}
}
