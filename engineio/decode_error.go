package engineio

import (
	"errors"
	"fmt"
)

// The kinds of a DecodeError, for errors.Is.
var (
	ErrMalformed      = errors.New("malformed packet")
	ErrUTF8           = errors.New("invalid UTF-8")
	ErrTooManyPackets = errors.New("too many packets in one payload")
)

// DecodeError says where and why bytes are no packet or payload. It never holds what they said.
type DecodeError struct {
	Offset int // in bytes
	Msg    string
	Kind   error // one of the above
}

// Error gives the reason and the place.
func (e *DecodeError) Error() string {
	return fmt.Sprintf("engine.io: %s at byte %d", e.Msg, e.Offset)
}

// Unwrap gives the kind.
func (e *DecodeError) Unwrap() error { return e.Kind }

func malformed(offset int, msg string) *DecodeError {
	return &DecodeError{Offset: offset, Msg: msg, Kind: ErrMalformed}
}

// moved gives the error of a part that begins at offset.
func moved(err error, offset int) error {
	var e *DecodeError
	if errors.As(err, &e) {
		return &DecodeError{Offset: e.Offset + offset, Msg: e.Msg, Kind: e.Kind}
	}
	return err
}
