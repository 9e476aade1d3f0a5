package main

import "strings"

// A shape is how one kind of token looks: a prefix, and between min and max more characters of a set.
type shape struct {
	kind, prefix string
	set          func(byte) bool
	min, max     int
}

func upperDigit(c byte) bool { return isUpper(c) || isDigit(c) }
func alnum(c byte) bool      { return isLetter(c) || isDigit(c) }
func base64url(c byte) bool  { return alnum(c) || c == '-' || c == '_' }
func base64(c byte) bool     { return alnum(c) || c == '+' || c == '/' || c == '=' }
func dotted(c byte) bool     { return base64url(c) || c == '.' }
func lowerHex(c byte) bool   { return isDigit(c) || c >= 'a' && c <= 'f' }

var shapes = []shape{
	{"aws-key", "AKIA", upperDigit, 16, 16}, {"aws-key", "ASIA", upperDigit, 16, 16},
	{"gcp-key", "AIza", base64url, 35, 35}, {"gcp-key", "GOCSPX-", base64url, 28, 28}, {"gcp-key", "ya29.", dotted, 30, 2048},
	{"github-token", "ghp_", alnum, 36, 251}, {"github-token", "gho_", alnum, 36, 251}, {"github-token", "ghu_", alnum, 36, 251},
	{"github-token", "ghs_", alnum, 36, 251}, {"github-token", "ghr_", alnum, 36, 251}, {"github-token", "github_pat_", base64url, 36, 255},
	{"gitlab-token", "glpat-", base64url, 20, 300}, {"gitlab-token", "gldt-", base64url, 20, 300}, {"gitlab-token", "glrt-", base64url, 20, 300},
	{"slack-token", "xoxb-", base64url, 20, 255}, {"slack-token", "xoxp-", base64url, 20, 255}, {"slack-token", "xoxa-", base64url, 20, 255},
	{"slack-token", "xoxr-", base64url, 20, 255}, {"slack-token", "xoxs-", base64url, 20, 255}, {"slack-token", "xapp-", base64url, 20, 255},
	{"stripe-key", "sk_live_", alnum, 16, 247}, {"stripe-key", "rk_live_", alnum, 16, 247}, {"stripe-key", "sk_test_", alnum, 16, 247},
	{"stripe-key", "rk_test_", alnum, 16, 247}, {"stripe-key", "whsec_", base64, 24, 247},
	{"api-key", "npm_", alnum, 36, 36}, {"api-key", "pypi-AgE", base64url, 50, 1024}, {"api-key", "SG.", dotted, 60, 72},
	{"api-key", "sk-ant-", base64url, 32, 255}, {"api-key", "sk-proj-", base64url, 32, 255}, {"api-key", "sk-", alnum, 40, 64},
	{"api-key", "hf_", alnum, 34, 40}, {"api-key", "shpat_", lowerHex, 32, 32}, {"api-key", "shpss_", lowerHex, 32, 32},
	{"api-key", "dop_v1_", lowerHex, 64, 64}, {"api-key", "dapi", lowerHex, 32, 34}, {"api-key", "hvs.", base64url, 24, 255},
	{"api-key", "AGE-SECRET-KEY-1", upperDigit, 58, 58}, {"api-key", "EAAA", base64url, 60, 64}, {"api-key", "sq0csp-", base64url, 43, 43},
	{"api-key", "key-", lowerHex, 32, 32}, {"api-key", "SK", lowerHex, 32, 32}, {"api-key", "lin_api_", alnum, 40, 40}, {"api-key", "xkeysib-", base64url, 64, 90},
	{"api-key", "glsa_", base64url, 40, 48}, {"api-key", "NRAK-", upperDigit, 27, 27},
}

// starts says which bytes begin any secret; byPrefix sorts the shapes by the first.
var starts, byPrefix = startTable()

func startTable() (t [256]byte, by [256][]shape) {
	for _, s := range shapes {
		by[s.prefix[0]] = append(by[s.prefix[0]], s)
		t[s.prefix[0]] = 1
	}
	for c := range t {
		if isDigit(byte(c)) || isUpper(byte(c)) || strings.IndexByte(":-eachS", byte(c)) >= 0 {
			t[c] = 1
		}
	}
	return t, by
}

// token gives the kind and the place of a token at or, behind its name, near the beginning of s.
func token(s string) (kind string, from, to int) {
	for _, sh := range byPrefix[s[0]] {
		if !strings.HasPrefix(s, sh.prefix) {
			continue
		}
		if n := run(s, len(sh.prefix), sh.max, sh.set); n >= sh.min && n <= sh.max && varied(s[len(sh.prefix):len(sh.prefix)+n]) {
			return sh.kind, 0, len(sh.prefix) + n
		}
	}
	switch s[0] {
	case 'h':
		return webhook(s)
	case 'A', 'a', 'S', 's':
		return named(s)
	}
	return "", 0, 0
}

// run gives how many bytes from a place on are of a set, counting to one more than most.
func run(s string, from, most int, set func(byte) bool) int {
	n := from
	for n < len(s) && n-from <= most && set(s[n]) {
		n++
	}
	return n - from
}

// varied tells a token from what stands for one in instructions.
func varied(s string) bool {
	var seen [256]bool
	n := 0
	for i := 0; i < len(s); i++ {
		if !seen[s[i]] {
			seen[s[i]] = true
			n++
		}
	}
	low := strings.ToLower(s)
	return n >= 6 && !strings.Contains(low, "example") && !strings.Contains(low, "xxxx") && !strings.Contains(low, "your")
}

// named finds keys that have no shape of their own behind the names that their clouds give them.
func named(s string) (kind string, from, to int) {
	for _, k := range [...]struct {
		name, kind string
		set        func(byte) bool
		min, max   int
	}{{"aws_secret_access_key", "aws-key", base64, 40, 40}, {"secretaccesskey", "aws-key", base64, 40, 40}, {"aws_session_token", "aws-key", base64, 100, 4096},
		{"accountkey", "azure-key", base64, 86, 88}, {"sharedaccesskey", "azure-key", base64, 43, 44}, {"sig", "azure-key", sasByte, 43, 60}} {
		if len(s) < len(k.name) || !strings.EqualFold(s[:len(k.name)], k.name) {
			continue
		}
		i := len(k.name)
		for i < len(s) && i < len(k.name)+6 && strings.IndexByte(" \t\"':=", s[i]) >= 0 {
			i++
		}
		if n := run(s, i, k.max, k.set); i > len(k.name) && n >= k.min && n <= k.max && varied(s[i:i+n]) {
			return k.kind, i, i + n
		}
	}
	return "", 0, 0
}

func sasByte(c byte) bool { return base64(c) || c == '%' }

// maxPart bounds each part of a JWT, in bytes.
const maxPart = 8 << 10

// jwtLength: three parts of base64url, the first two JSON objects (RFC 7519); 0 for none.
func jwtLength(s string) int {
	if !strings.HasPrefix(s, "eyJ") {
		return 0
	}
	a := run(s, 0, maxPart, base64url)
	if a > maxPart || a < 16 || !strings.HasPrefix(s[a:], ".eyJ") && !strings.HasPrefix(s[a:], ".e30") {
		return 0
	}
	b := a + 1 + run(s, a+1, maxPart, base64url)
	if b >= len(s) || s[b] != '.' {
		return 0
	}
	return b + 1 + run(s, b+1, maxPart, base64url)
}

// webhook finds the URLs that are secrets themselves.
func webhook(s string) (kind string, from, to int) {
	for _, p := range [...]string{"https://hooks.slack.com/services/T", "https://discord.com/api/webhooks/", "https://discordapp.com/api/webhooks/"} {
		if strings.HasPrefix(s, p) {
			if n := run(s, len(p), 255, func(c byte) bool { return base64url(c) || c == '/' }); n >= 30 && varied(s[len(p):len(p)+n]) {
				return "slack-token", 0, len(p) + n
			}
		}
	}
	return "", 0, 0
}

// botToken is Telegram's: a number, a colon and 35 characters that begin with AA.
func botToken(s string) int {
	n := run(s, 0, 10, isDigit)
	if n < 8 || n > 10 || !strings.HasPrefix(s[n:], ":AA") {
		return 0
	}
	if m := run(s, n+1, 35, base64url); m == 35 && varied(s[n+1:n+1+m]) {
		return n + 1 + m
	}
	return 0
}
