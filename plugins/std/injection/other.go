package main

import "strings"

// lookLDAP looks for what closes a filter's condition and opens another (RFC 4515).
func lookLDAP(s string, f *finding) {
	for i := strings.IndexByte(s, ')'); i >= 0 && i < len(s); i++ {
		if s[i] != ')' || i > 0 && s[i-1] == ')' {
			continue
		}
		f.add(ldap, filterScore(s, i), "end of a filter's condition")
	}
	if strings.Contains(s, "*))%00") || strings.Contains(s, "*))\x00") || strings.Contains(s, "*()|") {
		f.add(ldap, certain, "end of a filter")
	}
	if strings.HasPrefix(s, "*(|(") || strings.HasPrefix(s, "*(&(") {
		f.add(ldap, certain, "filter")
	}
}

var attributes = set(`uid cn sn ou dc o mail objectclass userpassword givenname memberof samaccountname userprincipalname member password pass
	name username user description telephonenumber homedirectory objectcategory department displayname admincount`)

func filterScore(s string, i int) int {
	star := byteAt(s, i-1) == '*'
	for i++; i < len(s) && (s[i] == ')' || s[i] == ' '); i++ {
	}
	if byteAt(s, i) != '(' {
		return 0
	}
	for i++; byteAt(s, i) == '(' && star; i++ {
	}
	switch c := byteAt(s, i); {
	case c == '&' || c == '|' || c == '!':
		if n := byteAt(s, i+1); n == '(' || n == ')' || star {
			if s[0] == '(' && strings.HasSuffix(s, ")") && strings.Count(s, "(") == strings.Count(s, ")") {
				return odd // a filter as people show it
			}
			return certain
		}
		return 0
	}
	n := i
	for n < len(s) && isWord(s[n]) {
		n++
	}
	if n == i || !strings.HasPrefix(s[n:], "=") && !strings.HasPrefix(s[n:], ">=") && !strings.HasPrefix(s[n:], "<=") || strings.HasPrefix(s[n:], "==") {
		return 0
	}
	balanced := s[0] == '(' && strings.Count(s, "(") == strings.Count(s, ")")
	switch {
	case balanced && attributes[s[i:n]]:
		return odd
	case star || attributes[s[i:n]]:
		return certain
	}
	return hint
}

// lookPrototype looks for paths that reach the prototype of a JavaScript object, as deep setters take them.
func lookPrototype(s string, f *finding) {
	if !strings.Contains(s, "__proto__") && !strings.Contains(s, "constructor") {
		return
	}
	for _, p := range [...]string{"__proto__", "constructor.prototype", "constructor][prototype]", "constructor[prototype]", "constructor[\"prototype\"]", "constructor['prototype']"} {
		i := strings.Index(s, p)
		if i < 0 {
			continue
		}
		score := odd
		bare := strings.IndexByte(s, ' ') < 0
		after := strings.TrimLeft(s[i+len(p):], "\"']")
		before := byteAt(s, i-1)
		switch {
		case bare && (before == '[' || before == '.' || i == 0) && after != "" && (after[0] == '.' || after[0] == '[' || after[0] == '='):
			score = certain
		case bare && i > 0 && (before == '.' || before == '['):
			score = certain
		case before == '"' && strings.HasPrefix(strings.TrimLeft(after, " "), ":") && strings.TrimLeft(s, " \t\n")[0] == '{':
			score = certain
		case strings.HasPrefix(s, p) && after != "" && (after[0] == '.' || after[0] == '[') && strings.IndexByte(after, '=') > 0:
			score = certain
		}
		f.add(prototype, score, "path to a prototype")
	}
}

// lookHeader looks for a header where a line of HTTP or mail would begin.
func lookHeader(s string, f *finding) {
	if enabled&header == 0 {
		return
	}
	first, _, _ := strings.Cut(strings.TrimLeft(s, "\r\n"), "\n")
	shown := strings.HasPrefix(first, "http/") || strings.Contains(first, " http/1.") || strings.HasPrefix(first, "curl ") || headerLine(first) != 0
	if strings.HasPrefix(s, "\r\n") || strings.HasPrefix(s, "\n") {
		shown = false
	}
	for i := 0; i < len(s); i++ {
		if s[i] != '\n' && s[i] != '\r' {
			continue
		}
		score := headerLine(s[i+1:])
		if score >= odd && byteAt(s, i-1) == '\r' || s[i] == '\r' && score >= odd && byteAt(s, i+1) != '\n' {
			score++
		}
		if shown {
			score = min(score, odd)
		}
		f.add(header, min(score, certain), "header after a line break")
	}
}

// hardHeaders are words of no letter between people; softHeaders may be.
var (
	hardHeaders = set(`set-cookie content-length transfer-encoding content-type x-forwarded-for x-forwarded-host access-control-allow-origin
		content-disposition content-security-policy x-xss-protection bcc proxy-connection x-injected mime-version www-authenticate refresh
		location content-transfer-encoding x-mailer authorization set-cookie2`)
	softHeaders = set(`cc to from subject host link cookie date server connection reply-to via age`)
)

func headerLine(s string) int {
	n := 0
	for n < len(s) && (isWord(s[n]) || s[n] == '-') && n < 40 {
		n++
	}
	if strings.HasPrefix(s, "http/1.") && len(s) > 8 {
		return likely
	}
	if byteAt(s, n) != ':' {
		return 0
	}
	value, _, _ := strings.Cut(strings.TrimLeft(s[n+1:], " "), "\n")
	switch {
	case s[:n] == "location" || s[:n] == "refresh":
		if strings.Contains(value, "://") || strings.HasPrefix(value, "//") || strings.HasPrefix(value, "javascript:") {
			return certain
		}
		return hint
	case s[:n] == "bcc":
		return hint + likely*btoi(strings.Contains(value, "@"))
	case hardHeaders[s[:n]]:
		return certain
	case softHeaders[s[:n]]:
		return hint
	}
	return 0
}
