package wsconn

import (
	"compress/flate"
	"errors"
	"io"
	"net/http"
	"strings"

	"github.com/gorilla/websocket"

	"github.com/siogw/siogw/engineio"
)

// Deflate is permessage-deflate (RFC 7692) with peers that offer it, without context takeover in either
// direction: an idle connection holds no window.
type Deflate struct {
	On      bool
	MinSize int // bytes from which on a message is sent compressed
	// MaxRatio is how many bytes one byte of a message may unfold to, once that is more than inflateFree in all;
	// 0 for no limit.
	MaxRatio int
}

const (
	inflateFree  = 32 << 10 // what any message may unfold to: small ones of many blanks compress well
	inflateState = 44 << 10 // bytes that unfolding needs beside the result
)

// offered reports whether a handshake offers the extension in a way that gorilla/websocket answers rightly: it
// reads no parameters, and would break the promise of a smaller window for what it sends.
func offered(h http.Header) bool {
	for offer := range strings.SplitSeq(strings.Join(h.Values("Sec-Websocket-Extensions"), ","), ",") {
		name, params, some := strings.Cut(offer, ";")
		if strings.TrimSpace(name) == "permessage-deflate" && (!some || knownParams(params)) {
			return true
		}
	}
	return false
}

// knownParams reports whether all parameters of an offer (RFC 7692, 7.1) may stay without an answer.
func knownParams(params string) bool {
	for p := range strings.SplitSeq(params, ";") {
		name, _, _ := strings.Cut(strings.TrimSpace(p), "=")
		switch strings.TrimSpace(name) {
		case "client_max_window_bits", "client_no_context_takeover", "server_no_context_takeover":
		default:
			return false
		}
	}
	return true
}

// packed is a message on its way to gorilla/websocket, as the watch saw it.
type packed struct {
	deflated bool
	bytes    uint64 // payload of its frames so far
}

// note keeps what a frame says of its message.
func (w *watch) note(h *header) {
	switch {
	case h.opcode == websocket.TextMessage || h.opcode == websocket.BinaryMessage:
		w.ahead = append(w.ahead, packed{h.rsv1, h.length})
	case h.opcode == 0 && len(w.ahead) > 0:
		w.ahead[len(w.ahead)-1].bytes += h.length
	}
}

// reading gives the message at hand, the first of those that the watch saw.
func (w *watch) reading() packed {
	if len(w.ahead) == 0 {
		return packed{}
	}
	return w.ahead[0]
}

// done forgets the message at hand.
func (w *watch) done() {
	if len(w.ahead) > 0 {
		w.ahead = append(w.ahead[:0], w.ahead[1:]...)
	}
}

// inflated holds n bytes that a message has unfolded to against the limits: gorilla/websocket counts only those
// on the wire.
func (c *portable) inflated(n int, err error) error {
	m, ratio := c.watch.reading(), c.lim().Deflate.MaxRatio
	var corrupt flate.CorruptInputError
	switch {
	case !m.deflated:
		return err
	case errors.As(err, &corrupt), err == io.ErrUnexpectedEOF: // a broken network has errors of its own
		return &limitError{engineio.ProtocolViolation}
	case int64(n) > c.opt.Read.Load():
		return websocket.ErrReadLimit
	case ratio > 0 && n > inflateFree && uint64(n/ratio) >= m.bytes:
		return &limitError{engineio.Inflated}
	}
	return err
}

// inflating gives the memory that unfolding the message at hand needs beside its buffer.
func (c *portable) inflating() int {
	if c.watch.reading().deflated {
		return inflateState
	}
	return 0
}
