package engineio

import (
	"errors"
	"fmt"
)

// Code numbers the reasons for which a request is refused, as clients know them from the reference
// server (engine.io, lib/server.ts). Those above 5 are the gateway's own.
type Code int

// The codes of the reference, and 6.
const (
	UnknownTransport    Code = 0
	UnknownSID          Code = 1
	BadHandshakeMethod  Code = 2
	BadRequest          Code = 3
	Forbidden           Code = 4
	UnsupportedRevision Code = 5
	UpstreamUnavailable Code = 6
)

var codeMessages = [...]string{"Transport unknown", "Session ID unknown", "Bad handshake method", "Bad request",
	"Forbidden", "Unsupported protocol version", "Upstream unavailable"}

// String gives the message of the reference for the code.
func (c Code) String() string {
	if c >= 0 && int(c) < len(codeMessages) {
		return codeMessages[c]
	}
	return "Unknown"
}

// ErrEarly is the cause of an Error that refuses a WebSocket whose client sent frames before the handshake was answered.
var ErrEarly = errors.New("frames before the handshake was answered")

// Error refuses a request: the HTTP answer is Status with {"code":Code,"message":Message}.
type Error struct {
	Code    Code
	Status  int    // HTTP status; 0 takes the reference's: 403 for Forbidden, else 400
	Message string // "" takes that of Code
	Cause   error  // for the log, never shown
}

// Error gives the message with its number.
func (e *Error) Error() string {
	s := fmt.Sprintf("engine.io error %d: %s", int(e.Code), e.Text())
	if e.Cause != nil {
		s += ": " + e.Cause.Error()
	}
	return s
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Cause }

// Text gives what the client reads.
func (e *Error) Text() string {
	if e.Message != "" {
		return e.Message
	}
	return e.Code.String()
}

// HTTPStatus gives the status to answer with.
func (e *Error) HTTPStatus() int {
	switch {
	case e.Status != 0:
		return e.Status
	case e.Code == Forbidden:
		return 403
	}
	return 400
}
