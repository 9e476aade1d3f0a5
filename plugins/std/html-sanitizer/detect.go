package main

import (
	"strings"

	"golang.org/x/net/html"
)

// harmless reports, fast, that s has nothing to clean: no character that could begin markup, and no colon
// or reference that could be part of a scheme.
func harmless(s string) bool {
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '<', ':', '&':
			return !hasMarkup(s) && dangerousScheme(s) < 0
		}
	}
	return true
}

// hasMarkup reports whether a browser's tokenizer, reading s as content, would leave plain text: at "<"
// before a letter, "/", "!" or "?" (HTML Standard, section 13.2.5.6). Control characters between are
// skipped, because some programs drop them on the way.
func hasMarkup(s string) bool { return nextMarkup(s, 0) >= 0 }

func nextMarkup(s string, from int) int {
	for i := from; i < len(s); i++ {
		if s[i] == '<' && opens(s, i+1) {
			return i
		}
	}
	return -1
}

func opens(s string, i int) bool {
	for i < len(s) && ignored(s[i]) {
		i++
	}
	if i == len(s) {
		return false
	}
	c := s[i]
	return isLetter(c) || c == '/' || c == '!' || c == '?'
}

// ignored are the control characters that may vanish; white space stays white space.
func ignored(c byte) bool {
	return c < ' ' && c != '\t' && c != '\n' && c != '\r' && c != '\f' || c == 0x7f
}

func isLetter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }

func isWord(c byte) bool { return isLetter(c) || c >= '0' && c <= '9' }

// safePrefix is what a dangerous scheme is made harmless with: "unsafe:javascript:" is a URL of no scheme
// that a browser knows.
const safePrefix = "unsafe:"

// dangerousScheme gives where the first URL begins that a browser would run, -1 for none. References
// (&#106;) are read as an attribute's value would be, and tabs and newlines are skipped as in a URL.
func dangerousScheme(s string) int {
	for i := 0; i < len(s); i++ {
		switch s[i] | 0x20 {
		case 'j', 'v', 'd', '&' | 0x20:
			if (i == 0 || !isWord(s[i-1])) && !strings.HasSuffix(s[:i], safePrefix) && runs(s[i:]) {
				return i
			}
		}
	}
	return -1
}

// runs reports whether s begins with a URL that runs script.
func runs(s string) bool {
	r := &urlReader{s: s}
	switch r.scheme() {
	case "javascript":
		// "JavaScript: The Good Parts" is a book: without one of these nothing is called or set.
		return len(r.s) > 256 || strings.ContainsAny(html.UnescapeString(r.s), "(`=[%{\\")
	case "vbscript":
		return strings.Trim(r.s, " \t\r\n") != ""
	case "data":
		return activeType(r)
	}
	return false
}

// activeTypes begin the media types that a browser would run script in.
var activeTypes = []string{"text/html", "text/xml", "text/javascript", "text/xsl", "application/xhtml",
	"application/xml", "application/javascript", "application/ecmascript", "image/svg"}

func activeType(r *urlReader) bool {
	var head []byte
	for len(head) < 24 {
		c, ok := r.next()
		if !ok {
			break
		}
		if c != ' ' {
			head = append(head, c)
		}
	}
	for _, t := range activeTypes {
		if strings.HasPrefix(string(head), t) {
			return true
		}
	}
	return false
}

// urlReader reads a URL as a browser does that finds it in an attribute: references decoded, tabs, newlines
// and other control characters left out, in lower case.
type urlReader struct {
	s       string // what is left
	pending string // of a reference
}

const longestScheme = len("javascript")

// scheme reads up to the first colon.
func (r *urlReader) scheme() string {
	var out []byte
	for {
		c, ok := r.next()
		if !ok || len(out) > longestScheme {
			return ""
		}
		if c == ':' {
			return string(out)
		}
		if !isLetter(c) {
			return ""
		}
		out = append(out, c)
	}
}

func (r *urlReader) next() (byte, bool) {
	for {
		c, ok := r.raw()
		if !ok || c > ' ' && c != 0x7f || c == ' ' {
			if c >= 'A' && c <= 'Z' {
				c |= 0x20
			}
			return c, ok
		}
	}
}

func (r *urlReader) raw() (byte, bool) {
	if r.pending == "" && r.s != "" && r.s[0] == '&' {
		n := 1
		for n < len(r.s) && (isWord(r.s[n]) || n == 1 && r.s[n] == '#') {
			n++
		}
		if n < len(r.s) && r.s[n] == ';' {
			n++
		}
		r.pending = html.UnescapeString(r.s[:n])
		r.s = r.s[n:]
	}
	from := &r.s
	if r.pending != "" {
		from = &r.pending
	}
	if *from == "" {
		return 0, false
	}
	c := (*from)[0]
	*from = (*from)[1:]
	return c, true
}
