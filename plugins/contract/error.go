package contract

import "fmt"

// Error is one mistake in a contract.
type Error struct {
	File         string
	Line, Column int    // from 1; 0 where unknown
	Path         string // as channels./chat.publish; "" for the whole file
	Message      string // what to change
}

// Error gives file:line:column: path: message.
func (e *Error) Error() string {
	s := e.File
	if e.Line > 0 {
		s += fmt.Sprintf(":%d:%d", e.Line, e.Column)
	}
	if e.Path != "" {
		s += ": " + e.Path
	}
	return s + ": " + e.Message
}
