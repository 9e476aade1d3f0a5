package config

import (
	"fmt"
	"strings"
)

// Error is one mistake in the configuration.
type Error struct {
	Source  string `json:"source"`           // the file, the environment variable, or --set key
	Line    int    `json:"line,omitempty"`   // from 1; 0 where the source has no lines
	Column  int    `json:"column,omitempty"` // from 1
	Key     string `json:"key,omitempty"`    // as section.key
	Message string `json:"message"`
	Err     error  `json:"-"` // the cause, if it is one of another package
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Err }

// Error gives file:line:column: key: message, less what does not apply.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.Source)
	if e.Line > 0 {
		fmt.Fprintf(&b, ":%d:%d", e.Line, e.Column)
	}
	if e.Key != "" {
		b.WriteString(": " + e.Key)
	}
	b.WriteString(": " + e.Message)
	return b.String()
}

// Errors are all mistakes that were found, in the order of their places.
type Errors []*Error

// Error gives one line for each.
func (e Errors) Error() string {
	lines := make([]string, len(e))
	for i, x := range e {
		lines[i] = x.Error()
	}
	return strings.Join(lines, "\n")
}

// place is where a key was set last.
type place struct {
	source       string
	line, column int
}

func (p place) error(key, format string, args ...any) *Error {
	return &Error{Source: p.source, Line: p.line, Column: p.column, Key: key, Message: fmt.Sprintf(format, args...)}
}

// Nearest gives the name that key was probably meant to be, "" for none near.
func Nearest(key string, names []string) string {
	best, dist := "", max(2, len(key)/3)+1
	for _, n := range names {
		if d := distance(strings.ToLower(key), n); d < dist {
			best, dist = n, d
		}
	}
	return best
}

// distance is Levenshtein's.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost = 1 + min(diagonal, row[j], row[j+1])
			}
			diagonal, row[j+1] = row[j+1], cost
		}
	}
	return row[len(b)]
}
