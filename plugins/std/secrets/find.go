package main

import (
	"slices"
	"strings"
)

// secret is a place in a string.
type secret struct {
	kind     string
	from, to int
}

var kinds = []string{"aws-key", "gcp-key", "azure-key", "github-token", "gitlab-token", "slack-token", "stripe-key", "api-key",
	"jwt", "private-key", "password", "card", "iban"}

var places []secret // kept for the next string

// find gives the secrets of s in their order, none over another. It is valid until the next call.
func find(s string) []secret {
	places = places[:0]
	noJWT := 0 // up to where "eyJ" begins none: each would have the same end
	for i := 0; i < len(s); {
		if starts[s[i]] == 0 || s[i] != ':' && i > 0 && isWord(s[i-1]) && s[i] != '-' {
			i++
			continue
		}
		var f secret
		if s[i] == 'e' && i >= noJWT {
			if n := jwtLength(s[i:]); n > 0 {
				f = secret{"jwt", i, i + n}
			} else {
				noJWT = i + run(s, i, maxPart, base64url)
			}
		} else {
			f = at(s, i)
		}
		if f.kind == "" || f.from < i && f.kind != "password" {
			i = past(s, i)
			continue
		}
		if wanted(s, f) {
			places = append(places, f)
		}
		i = f.to
	}
	return places
}

func wanted(s string, f secret) bool {
	return (enabled == nil || enabled[f.kind]) && !slices.Contains(allowed, s[f.from:f.to])
}

// past skips to where the next word may begin.
func past(s string, i int) int {
	if !isWord(s[i]) {
		return i + 1
	}
	for i < len(s) && isWord(s[i]) {
		i++
	}
	return i
}

// at gives the secret that begins at i, or, for a password in a URL, whose URL's "://" does.
func at(s string, i int) secret {
	rest := s[i:]
	switch c := rest[0]; {
	case isDigit(c):
		if n := cardLength(s, i); n > 0 {
			return secret{"card", i, i + n}
		}
		if n := botToken(rest); n > 0 {
			return secret{"api-key", i, i + n}
		}
	case c == ':':
		return password(s, i)
	case c == '-':
		if n := privateKey(rest); n > 0 {
			return secret{"private-key", i, i + n}
		}
	default:
		if kind, from, to := token(rest); kind != "" {
			return secret{kind, i + from, i + to}
		}
		if n := ibanLength(rest); n > 0 {
			return secret{"iban", i, i + n}
		}
	}
	return secret{}
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func isUpper(c byte) bool { return c >= 'A' && c <= 'Z' }

func isLetter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }

func isWord(c byte) bool { return isLetter(c) || isDigit(c) || c == '_' || c >= 0x80 }

// privateKey gives the length of a PEM block (RFC 7468) with a private key; without its end, to the end of s.
func privateKey(s string) int {
	const begin = "-----BEGIN "
	if !strings.HasPrefix(s, begin) {
		return 0
	}
	label, _, ok := strings.Cut(s[len(begin):min(len(s), 80)], "-----")
	if !ok || !strings.HasSuffix(label, "PRIVATE KEY") && label != "PGP PRIVATE KEY BLOCK" {
		return 0
	}
	end := "-----END " + label + "-----"
	if n := strings.Index(s, end); n >= 0 {
		return n + len(end)
	}
	return len(s)
}

// maxURL bounds how far a URL's password is looked for, in bytes.
const maxURL = 512

// password finds user:password@host behind the "://" at i; only the password is the secret.
func password(s string, i int) secret {
	if !strings.HasPrefix(s[i:], "://") || i == 0 || !isWord(s[i-1]) {
		return secret{}
	}
	from := i + 3
	end := from
	for end < len(s) && end < from+maxURL && s[end] > ' ' && strings.IndexByte("/?#\"'<>`", s[end]) < 0 {
		end++
	}
	at := strings.LastIndexByte(s[from:end], '@')
	if at < 0 {
		return secret{}
	}
	colon := strings.IndexByte(s[from:from+at], ':')
	if colon < 0 || placeholder(s[from+colon+1:from+at]) {
		return secret{}
	}
	return secret{"password", from + colon + 1, from + at}
}

// placeholder reports what stands for a password in instructions.
func placeholder(s string) bool {
	if s == "" || strings.ContainsAny(s, "{}[]()$%") && (s[0] == '$' || s[0] == '{' || s[0] == '[' || s[0] == '%' && !strings.Contains(s[1:], "%")) {
		return true
	}
	switch strings.ToLower(s) {
	case "password", "pass", "passwd", "pwd", "secret", "your-password", "yourpassword", "your_password", "mypassword", "pw", "token":
		return true
	}
	return strings.Trim(s, s[:1]) == "" // ****, xxxx
}
