package main

import "strings"

// lookNoSQL looks for a query's operators in a string: JSON or a bracketed parameter that the server takes
// apart, or script for $where. The same as a key is inspectKey's.
func lookNoSQL(s string, f *finding) {
	for i := strings.IndexByte(s, '$'); i >= 0 && i < len(s); {
		n := 1
		for i+n < len(s) && isLetter(s[i+n]) {
			n++
		}
		if n > 2 && mongoOperators[s[i+1:i+n]] {
			f.add(nosql, operatorScore(s, i, i+n), "operator in a string")
		}
		j := strings.IndexByte(s[i+n:], '$')
		if j < 0 {
			break
		}
		i += n + j
	}
	lookScript(s, f)
}

// operatorScore: what people show each other begins as code does, an attack with its brackets.
func operatorScore(s string, from, to int) int {
	before, after := byteAt(s, from-1), byteAt(s, to)
	switch {
	case before == '[' && after == ']':
		return certain
	case (before == '"' || before == '\'' || before == '{' || before == ' ' || before == 0) && (after == ':' || after == '"' || after == '\''):
		first := strings.TrimLeft(s, " \t\r\n")[0]
		if first == '{' || first == '\'' || first == '"' || first == '[' || first == '$' {
			return certain
		}
		return odd
	}
	return 0
}

func byteAt(s string, i int) byte {
	if i < 0 || i >= len(s) {
		return 0
	}
	return s[i]
}

// scripts begin what goes on behind the string of a $where.
var scripts = [...]string{"||'1'=='1", "||1==1", "||true", "&&this.", "||this.", ";return", "&&1==1", ";while(true)", ";while(1)", ";sleep("}

// lookScript looks for script after a quote, and brackets that close.
func lookScript(s string, f *finding) {
	for i := 0; i+1 < len(s); i++ {
		if s[i] != '\'' && s[i] != '"' {
			continue
		}
		j := i + 1
		for j < len(s) && j < i+8 && (s[j] == ' ' || s[j] == ')' || s[j] == '}') {
			j++
		}
		if c := byteAt(s, j); c != '|' && c != '&' && c != ';' {
			continue
		}
		rest := strings.ReplaceAll(s[j:min(len(s), j+32)], " ", "")
		for _, p := range scripts {
			if strings.HasPrefix(rest, p) {
				f.add(nosql, certain, "script after a quote")
				return
			}
		}
	}
}
