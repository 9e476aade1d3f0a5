package identity

import (
	"errors"
	"net/http"
	"strings"

	"github.com/siogw/siogw/gateway"
	"github.com/siogw/siogw/internal/strictjson"
)

// source is one place of a token.
type source struct {
	place string // auth, header, cookie, query
	name  string
}

func parseSource(text string) (source, error) {
	place, name, _ := strings.Cut(text, ".")
	switch place {
	case "auth", "cookie", "query":
	case "header":
		name = http.CanonicalHeaderKey(name)
	default:
		name = ""
	}
	if name == "" {
		return source{}, bad("from", "%q is not auth.MEMBER, header.NAME, cookie.NAME or query.NAME", text)
	}
	return source{place, name}, nil
}

func parseSources(texts []string) ([]source, error) {
	var out []source
	for _, text := range texts {
		s, err := parseSource(text)
		if err != nil {
			return nil, err
		}
		out = append(out, s)
	}
	return out, nil
}

var (
	errTwice     = errors.New("given twice")
	errNotString = errors.New("not a string")
	errAuth      = errors.New("the payload around it is no strict JSON")
)

// find gives the token at the source, "" for none.
func (s source) find(c gateway.Credentials) (string, error) {
	if s.place == "auth" {
		return s.member(c.Auth)
	}
	if c.Request == nil {
		return "", nil
	}
	var values []string
	switch s.place {
	case "header":
		values = c.Request.Header[s.name]
	case "cookie":
		for _, k := range c.Request.CookiesNamed(s.name) {
			values = append(values, k.Value)
		}
	case "query":
		values = c.Request.URL.Query()[s.name]
	}
	switch {
	case len(values) == 0:
		return "", nil
	case len(values) > 1: // two parsers could take different ones
		return "", errTwice
	case s.place == "header" && s.name == "Authorization":
		return bearer(values[0]), nil
	}
	return values[0], nil
}

// bearer gives the token of a Bearer header (RFC 6750 section 2.1); another scheme is no token.
func bearer(value string) string {
	scheme, token, ok := strings.Cut(value, " ")
	if !ok || !strings.EqualFold(scheme, "Bearer") {
		return ""
	}
	return strings.TrimSpace(token)
}

// member finds the string at the dotted path in the CONNECT payload. Clients that are not logged in send
// null or an empty string: that is no token.
func (s source) member(auth []byte) (string, error) {
	if len(auth) == 0 {
		return "", nil
	}
	if err := strictjson.Scan(auth, strictjson.Limits{}); err != nil {
		return "", errAuth
	}
	raw, ok := at(auth, s.name)
	if !ok || strictjson.KindOf(raw) == strictjson.Null {
		return "", nil
	}
	if strictjson.KindOf(raw) != strictjson.Text {
		return "", errNotString
	}
	return strictjson.String(raw), nil
}

// at finds a value by dotted path. A key that has dots in it, as a URL has, is found first; one below the first
// level, or one that could be taken for a path, is written with \. for each of its dots.
func at(object []byte, path string) ([]byte, bool) {
	escaped := strings.Contains(path, `\`)
	for {
		if strictjson.KindOf(object) != strictjson.Object {
			return nil, false
		}
		if raw, ok := strictjson.Member(object, path); ok && !escaped {
			return raw, true
		}
		key, rest, more := first(path)
		raw, ok := strictjson.Member(object, key)
		if !ok || !more {
			return raw, ok
		}
		object, path = raw, rest
	}
}

// first splits a path at its first dot that is not escaped.
func first(path string) (key, rest string, more bool) {
	var b strings.Builder
	for i := 0; i < len(path); i++ {
		switch c := path[i]; {
		case c == '\\' && i+1 < len(path):
			i++
			b.WriteByte(path[i])
		case c == '.':
			return b.String(), path[i+1:], true
		default:
			b.WriteByte(c)
		}
	}
	return b.String(), "", false
}
