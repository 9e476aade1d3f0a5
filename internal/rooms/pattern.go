// Package rooms finds the rooms that a Socket.IO event is about, by rules of the configuration: rooms are not on the
// wire. docs/rooms.md describes patterns and templates. Rules are compiled once; a match looks at each byte of a name a
// bounded number of times, and never goes back.
package rooms

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// pattern is a namespace or an event with variables in it.
type pattern struct {
	literals []string // one more than names
	names    []string // of what is between them; "" for *
	least    int      // bytes of the literals
}

var (
	errAdjacent = errors.New("two variables without text between them: nobody could tell where the first ends")
	errOpen     = errors.New(`a { without its } (write \{ for a brace)`)
	errEscape   = errors.New(`a \ at the end (write \\ for one)`)
)

// parsePattern reads text with *, which stands for any text, and {name}, which also gives it a name.
func parsePattern(text string) (p pattern, err error) {
	var literal []byte
	for i := 0; i < len(text); i++ {
		name := ""
		switch text[i] {
		case '\\':
			if i++; i == len(text) {
				return p, errEscape
			}
			literal = append(literal, text[i])
			continue
		case '*':
		case '{':
			end := strings.IndexByte(text[i:], '}')
			if end < 0 {
				return p, errOpen
			}
			name = text[i+1 : i+end]
			i += end
			if !isName(name) {
				return p, fmt.Errorf("{%s} is no variable: want letters, digits and _", name)
			}
			if slices.Contains(p.names, name) {
				return p, fmt.Errorf("{%s} twice", name)
			}
		default:
			literal = append(literal, text[i])
			continue
		}
		if len(p.names) > 0 && len(literal) == 0 {
			return p, errAdjacent
		}
		p.literals, p.names, literal = append(p.literals, string(literal)), append(p.names, name), nil
	}
	p.literals = append(p.literals, string(literal))
	for _, l := range p.literals {
		p.least += len(l)
	}
	return p, nil
}

func isName(s string) bool {
	for i := range len(s) {
		c := s[i] | 0x20
		if s[i] != '_' && (c < 'a' || c > 'z') && (i == 0 || s[i] < '0' || s[i] > '9') {
			return false
		}
	}
	return s != ""
}

func (p *pattern) exact() bool { return len(p.names) == 0 }

// match reports whether s is of the pattern, and appends what its variables stand for: each as little as possible, and
// the last one the rest.
func (p *pattern) match(s string, values []string) ([]string, bool) {
	last := len(p.names)
	if last == 0 {
		return values, s == p.literals[0]
	}
	if len(s) < p.least || !strings.HasPrefix(s, p.literals[0]) || !strings.HasSuffix(s, p.literals[last]) {
		return values, false
	}
	s = s[len(p.literals[0]) : len(s)-len(p.literals[last])]
	for _, literal := range p.literals[1:last] {
		value, rest, found := strings.Cut(s, literal)
		if !found {
			return values, false
		}
		values, s = append(values, value), rest
	}
	return append(values, s), true
}

// wildcard is a token of a pattern beside the bytes.
const wildcard = -1

func (p *pattern) tokens() []int {
	var out []int
	for i, l := range p.literals {
		if i > 0 {
			out = append(out, wildcard)
		}
		for j := range len(l) {
			out = append(out, int(l[j]))
		}
	}
	return out
}

// covers reports whether p matches all that q does.
func (p *pattern) covers(q *pattern) bool { return compare(p.tokens(), q.tokens(), false) }

// meets reports whether some text is of both patterns.
func (p *pattern) meets(q *pattern) bool { return compare(p.tokens(), q.tokens(), true) }

// compare goes through a and b together: a wildcard of a takes any tokens of b, and with both also the reverse.
func compare(a, b []int, both bool) bool {
	next := make([]bool, len(b)+1) // whether a[i+1:] fits b[j:]
	for i := len(a); i >= 0; i-- {
		row := make([]bool, len(b)+1)
		for j := len(b); j >= 0; j-- {
			switch {
			case i == len(a) && j == len(b):
				row[j] = true
			case i < len(a) && a[i] == wildcard:
				row[j] = next[j] || j < len(b) && row[j+1]
			case both && j < len(b) && b[j] == wildcard:
				row[j] = row[j+1] || i < len(a) && next[j]
			case i < len(a) && j < len(b):
				row[j] = a[i] == b[j] && next[j+1]
			}
		}
		next = row
	}
	return next[0]
}
