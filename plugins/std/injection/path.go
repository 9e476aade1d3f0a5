package main

import "strings"

// encoded notes what only someone encodes who wants it to pass: dots and slashes, twice encoded text, line breaks.
func (f *finding) encoded(s string) {
	low := lower(s)
	for _, p := range [...]string{"%2e%2e", "..%2f", "..%5c", "%252e", "%c0%ae", "%c0%af", "%252f", "%u002e", "%uff0e", ".%2e/", "%2e./"} {
		if strings.Contains(low, p) {
			f.add(path, certain, "encoded dots and slashes")
			return
		}
	}
	if i := strings.Index(low, "%0a"); i >= 0 || strings.Contains(low, "%0d") {
		plain, _ := unescape(low)
		if at := strings.IndexAny(plain, "\r\n"); at >= 0 && headerLine(strings.TrimLeft(plain[at:], "\r\n")) != 0 {
			f.add(header, certain, "encoded line break before a header")
		}
	}
}

// lookPath looks for ways out of a folder, and for the files that those look for who try it.
func lookPath(s string, f *finding) {
	if enabled&path == 0 {
		return
	}
	score := 0
	if strings.Contains(s, "..") {
		score = climbScore(s)
	}
	bare := strings.IndexByte(s, ' ') < 0
	if hasSecretFile(s) {
		if score = max(score, odd); score > odd || bare || strings.Contains(s, "../") || strings.Contains(s, "..\\") || strings.Contains(s, "://") {
			score = certain
		}
	}
	if strings.Contains(s, "://") && wrappers.worst(s).score > 0 {
		score = max(score, likely+btoi(bare))
	}
	if strings.HasPrefix(s, "file:///") && bare {
		score = max(score, likely)
	}
	if i := strings.IndexByte(s, 0); i >= 0 && (strings.HasPrefix(s[i+1:], ".") || score >= odd) {
		score = certain
	}
	f.add(path, score, "path out of its folder")
}

// wrappers are PHP's schemes that read and run.
var wrappers = signTable(sign{"php://filter", 1}, sign{"php://input", 1}, sign{"expect://", 1}, sign{"phar://", 1}, sign{"zip://", 1})

// climbScore counts "../". Whole strings that climb are file names; in prose and code, two steps are an import.
func climbScore(s string) int {
	for _, p := range [...]string{"....//", "....\\/", "..;/", "....\\\\", "..%"} {
		if strings.Contains(s, p) {
			return certain
		}
	}
	n := strings.Count(s, "../") + strings.Count(s, "..\\")
	if n == 0 {
		return 0
	}
	bare := strings.IndexByte(s, ' ') < 0
	climbs := strings.HasPrefix(s, "../") || strings.HasPrefix(s, "..\\") || strings.HasPrefix(s, "/..") || strings.HasPrefix(s, "\\..")
	switch {
	case n >= 3 && bare, n >= 6:
		return certain
	case n >= 2 && bare && !climbs:
		return certain // into a folder, and out again
	case n >= 2 && bare:
		return likely
	case n >= 3:
		return odd
	}
	return hint
}
