package main

import "strings"

// A token of SQL, as libinjection would cut it, but for quotes: these stay tokens of their own, so that one
// pass serves whichever quotes the text is set between.
type token struct {
	kind byte // w word, n number, q quote, o operator, c comment to the end of the line, or ( ) , ; . as they are
	text string
	nth  int // of a quote: how many of its kind there are up to it
}

const (
	word    = 'w'
	number  = 'n'
	quote   = 'q'
	op      = 'o'
	comment = 'c'
)

// A guest has little memory: long strings are read in windows of maxTokens, of which the last kept ones are
// the first of the next, so that no rule, which looks around by fewer, is cut in two.
const (
	maxTokens = 4096
	kept      = 64
)

var window [maxTokens]token

// cutter cuts a string to tokens.
type cutter struct {
	rest           string
	tokens         []token // of window
	single, double int     // quotes up to here
}

// fill reads on; false when there is nothing more.
func (c *cutter) fill() bool {
	if c.rest == "" {
		return false
	}
	n := copy(window[:kept], c.tokens[max(0, len(c.tokens)-kept):])
	c.tokens = window[:n]
	for c.rest != "" && len(c.tokens) < maxTokens {
		kind, n := next(c.rest)
		if kind != 0 {
			c.tokens = append(c.tokens, token{kind, c.rest[:n], c.count(c.rest[0])})
		}
		c.rest = c.rest[n:]
	}
	return true
}

func (c *cutter) count(first byte) int {
	switch first {
	case '\'':
		c.single++
		return c.single
	case '"':
		c.double++
		return c.double
	}
	return 0
}

// next gives the kind and the length of the first token, kind 0 for white space.
func next(s string) (kind byte, n int) {
	switch c := s[0]; {
	case c <= ' ':
		return 0, 1
	case isDigit(c):
		return run(s, number)
	case isWord(c) || c == '@':
		return run(s, word)
	case c == '\'' || c == '"':
		return quote, 1
	case c == '(' || c == ')' || c == ',' || c == ';' || c == '.':
		return c, 1
	case c == '`':
		return 0, 1 // MySQL's names
	case c == '-' && strings.HasPrefix(s, "--"), c == '#':
		return comment, lineEnd(s)
	case c == '/' && strings.HasPrefix(s, "/*"):
		return blockComment(s)
	case c == '*' && strings.HasPrefix(s, "*/"):
		return 0, 2 // of /*! … */
	}
	for _, two := range [...]string{"||", "&&", "==", "<=", ">=", "<>", "!=", ":="} {
		if strings.HasPrefix(s, two) {
			return op, 2
		}
	}
	return op, 1
}

// run reads a word or number; what begins with a digit and goes on with letters is a word.
func run(s string, kind byte) (byte, int) {
	n := 1
	for n < len(s) && (isWord(s[n]) || s[n] == '@' && n == 1 || kind == number && s[n] == '.' && n+1 < len(s) && isDigit(s[n+1])) {
		if kind == number && !isDigit(s[n]) && s[n] != '.' && !(n == 1 && s[0] == '0' && s[n] == 'x') && !strings.HasPrefix(s, "0x") {
			kind = word
		}
		n++
	}
	return kind, n
}

func lineEnd(s string) int {
	if n := strings.IndexByte(s, '\n'); n >= 0 {
		return n
	}
	return len(s)
}

// blockComment is white space, but for MySQL's conditional ones, which are read, and one without its end.
func blockComment(s string) (kind byte, n int) {
	if strings.HasPrefix(s, "/*!") {
		n = 3
		for n < len(s) && isDigit(s[n]) {
			n++
		}
		return 0, n
	}
	if n = strings.Index(s[2:], "*/"); n >= 0 {
		return 0, n + 4
	}
	return comment, len(s)
}
