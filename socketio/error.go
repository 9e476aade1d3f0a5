package socketio

import (
	"errors"
	"fmt"

	"github.com/siogw/siogw/internal/strictjson"
)

// Code says which rule bytes break.
type Code uint8

// The codes.
const (
	Malformed          Code = iota + 1 // no packet, or one that two parsers could read differently
	TooDeep                            // Limits.Depth
	TooLarge                           // Limits.Elements, Number, AttachmentBytes, Namespace, Query or EventName
	TooManyAttachments                 // Limits.Attachments
	ReservedEvent                      // an event name that the protocol keeps to itself
)

// String gives the code in words.
func (c Code) String() string {
	switch c {
	case Malformed:
		return "malformed packet"
	case TooDeep:
		return "nested too deeply"
	case TooLarge:
		return "too large"
	case TooManyAttachments:
		return "too many attachments"
	case ReservedEvent:
		return "reserved event name"
	}
	return "unknown"
}

// Error says where and why bytes were refused. It never holds what they said.
type Error struct {
	Code   Code
	Offset int // in the text or message, in bytes
	Msg    string
	Limit  string // with TooLarge: the field of Limits
}

// over names the limit.
func (e *Error) over(limit string) *Error {
	e.Limit = limit
	return e
}

// Error gives the code, the reason and the place.
func (e *Error) Error() string {
	return fmt.Sprintf("socket.io: %s: %s at byte %d", e.Code, e.Msg, e.Offset)
}

// jsonError makes an Error of what strictjson refused in the payload that begins at offset.
func jsonError(err error, offset int) *Error {
	e := &Error{Code: Malformed, Offset: offset, Msg: err.Error()}
	switch {
	case errors.Is(err, strictjson.ErrDepth):
		e.Code = TooDeep
	case errors.Is(err, strictjson.ErrNumber):
		e.Code, e.Limit = TooLarge, "Number"
	case errors.Is(err, strictjson.ErrSize):
		e.Code, e.Limit = TooLarge, "Elements"
	}
	var at *strictjson.Error
	if errors.As(err, &at) {
		e.Offset, e.Msg = offset+at.Offset, at.Msg
	}
	return e
}
