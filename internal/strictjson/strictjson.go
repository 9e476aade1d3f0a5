// Package strictjson reads JSON text the one way that every parser reads it, and refuses the rest.
//
// [Scan] checks a text once, without building anything. The other functions read parts of a text that
// passed Scan, as raw bytes; on other input they give nonsense but never panic and always end.
//
// The rules are RFC 8259 and RFC 7493 (I-JSON), and beyond them: no key that reaches a JavaScript
// prototype, no number that overflows a double, nothing around the value. Unlike RFC 7493, section 2.1,
// noncharacters such as U+FFFF pass: no two parsers differ on them and databases use them as end marks.
package strictjson

import (
	"errors"
	"fmt"
)

// Limits bounds what Scan accepts. A zero field takes the one of DefaultLimits.
type Limits struct {
	Depth    int // nested arrays and objects, the outermost counted
	Elements int // array elements and object members, all levels together
	Number   int // bytes of one number's text
}

// DefaultLimits are the limits that a zero field takes.
var DefaultLimits = Limits{Depth: 32, Elements: 65536, Number: 128}

// Wide are limits for what is held to a packet's own elsewhere: they only keep a reader from harm.
var Wide = Limits{Depth: 1024, Elements: 1 << 24, Number: 4096}

// The kinds of refusal, for errors.Is.
var (
	ErrSyntax = errors.New("not strict JSON")   // no JSON, or JSON that two parsers could read differently
	ErrDepth  = errors.New("nested too deeply") // Limits.Depth
	ErrSize   = errors.New("too large")         // Limits.Elements or Limits.Number
	// ErrNumber is the ErrSize of Limits.Number.
	ErrNumber = fmt.Errorf("number %w", ErrSize)
)

// Error says where and why a text was refused. It never holds what the text said.
type Error struct {
	Offset int // in bytes, from 0
	Msg    string
	Kind   error // ErrSyntax, ErrDepth, ErrSize or ErrNumber
}

// Error gives the reason with its offset.
func (e *Error) Error() string { return fmt.Sprintf("%s at byte %d", e.Msg, e.Offset) }

// Unwrap gives the kind.
func (e *Error) Unwrap() error { return e.Kind }

func (l Limits) withDefaults() Limits {
	if l.Depth == 0 {
		l.Depth = DefaultLimits.Depth
	}
	if l.Elements == 0 {
		l.Elements = DefaultLimits.Elements
	}
	if l.Number == 0 {
		l.Number = DefaultLimits.Number
	}
	return l
}
