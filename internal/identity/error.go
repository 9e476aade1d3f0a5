package identity

import (
	"errors"
	"fmt"
	"strconv"

	"github.com/siogw/siogw/engine"
)

// OptionError says which option does not serve. Option is its key below that of the issuer, or of the
// identity's section; Issuer is the number of the issuer that it belongs to, from 0.
type OptionError struct {
	Option string
	Issuer int
	Err    error
}

// Error gives the reason without the key, which the caller knows by another name.
func (e *OptionError) Error() string { return e.Err.Error() }

// Unwrap gives the cause.
func (e *OptionError) Unwrap() error { return e.Err }

func bad(option, format string, args ...any) *OptionError {
	return &OptionError{Option: option, Err: fmt.Errorf(format, args...)}
}

// refusal is why a token does not hold, with the numbered reason for it. The text is for the operator's logs: it
// says what to change, may quote a claim that is not a secret, and never the token.
type refusal struct {
	code engine.Code
	text string
}

func (r *refusal) Error() string { return r.text }

func invalid(format string, args ...any) error {
	return &refusal{engine.CodeTokenInvalid, fmt.Sprintf(format, args...)}
}

func expired(format string, args ...any) error {
	return &refusal{engine.CodeTokenExpired, fmt.Sprintf(format, args...)}
}

func noKeys(format string, args ...any) error {
	return &refusal{engine.CodeKeys, fmt.Sprintf(format, args...)}
}

// denial gives the numbered reason with the text behind it.
func denial(err error) *engine.Denial {
	if err == nil {
		return nil
	}
	var r *refusal
	if !errors.As(err, &r) {
		r = &refusal{engine.CodeTokenInvalid, err.Error()}
	}
	return &engine.Denial{Code: r.code, Reason: r.code.String() + ": " + r.text}
}

const maxQuoted = 128 // bytes of a claim in a message

// quote shows what a token says of itself, cut.
func quote(s string) string {
	if len(s) > maxQuoted {
		return strconv.Quote(s[:maxQuoted]) + "…"
	}
	return strconv.Quote(s)
}
