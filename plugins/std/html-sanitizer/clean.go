package main

import (
	"strings"
	"sync"

	"github.com/microcosm-cc/bluemonday"
	"golang.org/x/net/html"
)

// maxPasses bounds how often what is left after cleaning is cleaned again. Text that is built to need more
// gets its markup spaced.
const maxPasses = 8

// cleanText takes all markup out and leaves text as it was typed: references stay references, quotes stay
// quotes. What comes out has no "<" that a browser would take for markup, which is checked and not assumed:
// parts that stood apart may have come together to a tag.
func cleanText(s string) string {
	for range maxPasses {
		if !hasMarkup(s) {
			return disarm(s)
		}
		s = strip(s)
	}
	return disarm(space(s))
}

var ugc = sync.OnceValue(bluemonday.UGCPolicy)

// cleanHTML leaves harmless formatting. Text without markup stays as it was typed; with markup it is HTML
// and comes out as HTML, its text escaped.
func cleanHTML(s string) string {
	if !hasMarkup(s) {
		return disarm(s)
	}
	if s = ugc().Sanitize(s); !hasMarkup(s) {
		return disarm(s)
	}
	return s
}

// disarm puts safePrefix before each URL that would run.
func disarm(s string) string {
	var out strings.Builder
	for {
		i := dangerousScheme(s)
		if i < 0 {
			out.WriteString(s)
			return out.String()
		}
		n := i + 1
		out.WriteString(s[:i])
		out.WriteString(safePrefix)
		out.WriteByte(s[i])
		s = s[n:]
		if s != "" && isWord(s[0]) { // the rest is still the same word
			j := 0
			for j < len(s) && isWord(s[j]) {
				j++
			}
			out.WriteString(s[:j])
			s = s[j:]
		}
	}
}

// strip makes one pass: known elements' tags, comments and the content of scripts go; a "<" that begins
// nothing known gets a space after it, so that "a<b" loses nothing.
func strip(s string) string {
	z := html.NewTokenizer(strings.NewReader(s))
	var out strings.Builder
	dropping := "" // the element whose content is dropped
	at := 0
	for {
		kind := z.Next()
		if kind == html.ErrorToken {
			break
		}
		raw := s[at : at+len(z.Raw())]
		at += len(raw)
		switch kind {
		case html.TextToken:
			if dropping == "" {
				out.WriteString(raw)
			}
		case html.StartTagToken, html.SelfClosingTagToken, html.EndTagToken:
			name := tagName(z)
			if !elements[name] || looksLikeText(name, raw) {
				out.WriteString(spaceFirst(raw))
				continue
			}
			dropping = ""
			if kind == html.StartTagToken && (name == "script" || name == "style") {
				dropping = name
			}
		case html.CommentToken:
			if !strings.HasPrefix(raw, "<!--") || !strings.HasSuffix(raw, "-->") {
				out.WriteString(spaceFirst(raw)) // "</3", "<?", or a comment without its end
			}
		}
	}
	out.WriteString(space(s[at:])) // a tag without its end
	return out.String()
}

func tagName(z *html.Tokenizer) string {
	name, _ := z.TagName()
	return string(name)
}

// looksLikeText tells "a <b and c> d" from a tag: a name of one letter, and attributes none of which has
// a value.
func looksLikeText(name, raw string) bool {
	return len(name) == 1 && strings.ContainsAny(raw, " \t\n") && !strings.Contains(raw, "=") && raw[1] != '/'
}

// space puts a space after each "<" that begins markup, which makes it text.
func space(s string) string {
	var out strings.Builder
	for {
		i := nextMarkup(s, 0)
		if i < 0 {
			out.WriteString(s)
			return out.String()
		}
		out.WriteString(s[:i+1])
		out.WriteByte(' ')
		s = s[i+1:]
	}
}

func spaceFirst(raw string) string { return "< " + raw[1:] }
