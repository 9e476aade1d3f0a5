package main

import (
	"strings"
	"unsafe"
)

// Scores. What adds up is cut at maxScore.
const (
	hint     = 1 // ordinary text has it
	odd      = 3 // people who talk of code write it
	likely   = 4
	certain  = 5 // out of a program's own context it has no other use
	maxScore = 10
)

// category is a set of kinds of injection.
type category uint16

// The categories.
const (
	sql category = 1 << iota
	nosql
	shell
	template
	ldap
	path
	prototype
	header
	allCategories category = 1<<iota - 1
)

var categoryNames = [...]string{"sql", "nosql", "shell", "template", "ldap", "path", "prototype", "header"}

func categoryOf(name string) category {
	for i, n := range categoryNames {
		if n == name {
			return 1 << i
		}
	}
	return 0
}

func (c category) names() (out []string) {
	for i, n := range categoryNames {
		if c&(1<<i) != 0 {
			out = append(out, n)
		}
	}
	return out
}

// finding is what was seen in one string: the worst rule, and every category that saw something odd.
type finding struct {
	score      int
	categories category
	rule       string
	at         string // JSON pointer
}

// add notes a rule. Each further category that found something odd makes the whole worse by one.
func (f *finding) add(c category, score int, rule string) {
	if score == 0 || enabled&c == 0 {
		return
	}
	more := 0
	if f.categories&^c != 0 && f.categories&c == 0 && score >= odd && f.score >= odd {
		more = 1
	}
	if score > f.score {
		f.rule = rule
		f.score = score
	}
	f.score = min(f.score+more, maxScore)
	f.categories |= c
}

// What is in a string decides which rules look at it.
const (
	hasQuote  = 1 << iota // ' " `
	hasEquals             // = < >
	hasParen              // (
	hasMark               // ; | & # -
	hasDollar             // $ @ *
	hasBrace              // { [
	hasAngle              // <
	hasDots               // . / \
	hasBreak              // line breaks and NUL
	hasPercent
	hasUnderscore
	hasBlank
)

var classes = classTable()

func classTable() (t [256]uint16) {
	for set, bit := range map[string]uint16{"'\"`": hasQuote, "=<>": hasEquals, "()": hasParen, ";|&#-": hasMark, "$@*": hasDollar,
		"{[#": hasBrace, "<": hasAngle, "./\\": hasDots, "\r\n\x00": hasBreak, "%": hasPercent, "_": hasUnderscore, " \t": hasBlank} {
		for _, c := range []byte(set) {
			t[c] |= bit
		}
	}
	return t
}

// maxDecode is how many layers of percent-encoding are taken off.
const maxDecode = 2

// inspect scores a string as it is and without its percent-encoding.
func inspect(s string) (f finding) {
	if len(s) < 3 {
		return f
	}
	has := look(s, &f)
	if has&(hasPercent|hasBlank) == 0 && has&(hasQuote|hasEquals|hasParen) != 0 && strings.IndexByte(s, '+') > 0 {
		look(strings.ReplaceAll(s, "+", " "), &f)
	}
	for range maxDecode {
		if has&hasPercent == 0 {
			break
		}
		plain, ok := unescape(s)
		if !ok {
			break
		}
		f.encoded(s)
		s = plain
		has = look(s, &f)
	}
	return f
}

func look(s string, f *finding) uint16 {
	has := uint16(0)
	for i := 0; i < len(s); i++ {
		has |= classes[s[i]]
	}
	if has&^hasBlank == 0 && (has == 0 || len(s) < len("1 order by 9")) {
		return has
	}
	low := lower(s)
	if has&(hasQuote|hasEquals|hasParen|hasMark|hasDots|hasDollar) != 0 || strings.Contains(low, "union") || isDigit(low[0]) && strings.Contains(low, " by ") {
		lookSQL(low, f)
	}
	if has&(hasDollar|hasQuote|hasDots) != 0 {
		lookNoSQL(low, f)
	}
	if has&(hasMark|hasQuote|hasDollar|hasBreak|hasDots) != 0 {
		lookShell(low, f)
	}
	if has&(hasBrace|hasAngle|hasDollar) != 0 {
		lookTemplate(low, f)
	}
	if has&hasParen != 0 {
		lookLDAP(low, f)
	}
	if has&hasDots != 0 {
		lookPath(low, f)
	}
	if has&(hasUnderscore|hasDots|hasBrace) != 0 {
		lookPrototype(low, f)
	}
	if has&hasBreak != 0 {
		lookHeader(low, f)
	}
	return has
}

// inspectKey scores a member's key: parent is the key around it.
func inspectKey(key, parent string) (f finding) {
	switch {
	case key == "__proto__" || key == "prototype" && parent == "constructor":
		f.add(prototype, certain, "key that reaches a prototype")
	case len(key) > 1 && key[0] == '$' && mongoOperators[key[1:]]:
		f.add(nosql, certain, "operator as a key")
	case len(key) > 2:
		f = inspect(key)
	}
	return f
}

// lower folds ASCII letters only: other letters keep their length and are no part of any rule.
func lower(s string) string {
	i := 0
	for i < len(s) && (s[i] < 'A' || s[i] > 'Z') {
		i++
	}
	if i == len(s) {
		return s
	}
	out := []byte(s)
	for ; i < len(out); i++ {
		if c := out[i]; c >= 'A' && c <= 'Z' {
			out[i] = c | 0x20
		}
	}
	return unsafe.String(&out[0], len(out))
}

// unescape takes one layer of percent-encoding off; false when there is none.
func unescape(s string) (string, bool) {
	var out []byte
	for i := 0; i < len(s); i++ {
		if s[i] == '%' && i+2 < len(s) && isHex(s[i+1]) && isHex(s[i+2]) {
			if out == nil {
				out = append(make([]byte, 0, len(s)), s[:i]...)
			}
			out = append(out, fromHex(s[i+1])<<4|fromHex(s[i+2]))
			i += 2
			continue
		}
		if out != nil {
			out = append(out, s[i])
		}
	}
	return string(out), out != nil
}

func isHex(c byte) bool { return isDigit(c) || c|0x20 >= 'a' && c|0x20 <= 'f' }

func fromHex(c byte) byte {
	if isDigit(c) {
		return c - '0'
	}
	return c | 0x20 - 'a' + 10
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func isLetter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }

// isWord takes bytes beyond ASCII for letters.
func isWord(c byte) bool { return isLetter(c) || isDigit(c) || c == '_' || c >= 0x80 }
