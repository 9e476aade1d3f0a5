package main

import "strings"

// statement is one string's tokens, with what the rules ask again and again.
type statement struct {
	tokens []token
	quotes int  // how many
	closed bool // it ends with a comment that hides what follows, and hides nothing of its own
	pasted bool // it begins as a statement does: someone shows SQL, or it is the client's to write
}

func lookSQL(low string, f *finding) {
	if enabled&sql == 0 {
		return
	}
	c := cutter{rest: low, tokens: window[:0]}
	for first := true; c.fill(); first = false {
		s := statement{tokens: c.tokens, quotes: c.single + c.double}
		if len(s.tokens) < 2 {
			return
		}
		if c.rest == "" {
			last := s.tokens[len(s.tokens)-1]
			s.closed = last.kind == comment && len(last.text) < 8 && strings.Trim(last.text, "-+#/* ;\t\r\n\x00a") == ""
		}
		s.pasted = first && statements[s.tokens[0].text]
		s.look(f)
	}
}

func (s *statement) look(f *finding) {
	s.closing(f)
	for i := range s.tokens {
		switch s.tokens[i].kind {
		case word, op:
			s.atWord(i, f)
		case ';':
			s.stacked(i+1, f)
		case quote:
			s.afterQuote(i, f)
		}
	}
}

// at gives a token, and an empty one beyond the ends.
func (s *statement) at(i int) token {
	if i < 0 || i >= len(s.tokens) {
		return token{}
	}
	return s.tokens[i]
}

func (s *statement) is(i int, words ...string) bool {
	for k, w := range words {
		if s.at(i+k).text != w {
			return false
		}
	}
	return true
}

func (s *statement) atWord(i int, f *finding) {
	t := s.tokens[i].text
	switch t {
	case "or", "and", "xor", "||", "&&", "having", "where", "when":
		s.condition(i, f)
	case "union":
		s.union(i+1, f)
	case "order", "group":
		s.orderBy(i, f)
	case "into":
		if (s.is(i+1, "outfile") || s.is(i+1, "dumpfile")) && s.at(i+2).kind == quote {
			f.add(sql, certain, "into outfile")
		}
	case "waitfor":
		if (s.is(i+1, "delay") || s.is(i+1, "time")) && s.at(i+2).kind == quote {
			f.add(sql, certain, "waitfor delay")
		}
	case "procedure":
		if s.is(i+1, "analyse", "(") {
			f.add(sql, certain, "procedure analyse")
		}
	default:
		if known, ok := functions[t]; ok {
			s.function(i, known, f)
		}
	}
}

// union is a second select; "the union select committee" is none.
func (s *statement) union(i int, f *finding) {
	for s.is(i, "all") || s.is(i, "distinct") || s.is(i, "(") {
		i++
	}
	if !s.is(i, "select") {
		return
	}
	after, then := s.at(i+1), s.at(i+2)
	score := 2
	switch {
	case after.kind == number, after.kind == quote, after.kind == '(', after.kind == op, after.kind == comment, after.text == "null", after.text == "distinct",
		strings.HasPrefix(after.text, "@@"), then.kind == ',', then.kind == '(', then.kind == '.', then.text == "from", then.kind == comment:
		score = certain
	}
	if s.pasted && s.quotes%2 == 0 && !s.closed && score == certain {
		score = odd
	}
	f.add(sql, score, "union select")
}

// orderBy counts columns: "' order by 3--".
func (s *statement) orderBy(i int, f *finding) {
	if !s.is(i+1, "by") || s.at(i+2).kind != number || s.pasted {
		return
	}
	after := s.at(i + 3)
	if after.kind == comment || s.at(i-1).kind == quote || s.at(i-1).kind == ')' && after.kind == 0 {
		f.add(sql, certain, "order by a column's number")
	} else if s.at(i-1).kind == number && after.kind == 0 {
		f.add(sql, certain, "order by a column's number")
	}
}

// afterQuote is what ends a string of the query and goes on in SQL.
func (s *statement) afterQuote(i int, f *finding) {
	a, b := s.at(i+1), s.at(i+2)
	switch {
	case a.kind == op && b.kind == '(' && s.is(i+3, "select"):
		f.add(sql, certain, "subquery after a quote")
	case a.kind == op && b.kind == quote && i == 0 && len(s.tokens) == 3 && a.text != "-":
		f.add(sql, odd, "operator between quotes")
	}
}

// closing is a quote, perhaps some SQL, and a comment that hides the rest of the query.
func (s *statement) closing(f *finding) {
	n := len(s.tokens)
	if !s.closed || s.pasted {
		return
	}
	if s.quotes%2 == 0 {
		if n == 2 && s.tokens[0].kind == number && s.tokens[1].text != "#" {
			f.add(sql, likely, "comment after a number")
		}
		return
	}
	for i := n - 2; i >= 0 && i > n-24; i-- {
		switch t := s.tokens[i]; {
		case t.kind == quote:
			f.add(sql, certain, "comment after a quote")
			return
		case t.kind == word && !sqlWords[t.text] && s.at(i+1).kind != '(' && s.at(i-1).kind == word && !sqlWords[s.at(i-1).text]:
			return // prose
		}
	}
}

// stacked is a second statement, after a semicolon.
func (s *statement) stacked(i int, f *finding) {
	if !s.startsStatement(i) {
		return
	}
	score := certain
	if s.pasted && !s.closed && s.quotes%2 == 0 {
		score = odd
	}
	f.add(sql, score, "second statement")
}

func (s *statement) startsStatement(i int) bool {
	second := s.at(i + 1)
	switch s.at(i).text {
	case "drop", "alter", "create", "truncate":
		return objects[second.text]
	case "delete":
		return second.text == "from"
	case "insert", "replace":
		return second.text == "into"
	case "update":
		return s.is(i+2, "set") || s.is(i+4, "set")
	case "exec", "execute":
		return second.kind == quote || second.kind == '(' || strings.HasPrefix(second.text, "xp_") ||
			strings.HasPrefix(second.text, "sp_") || second.text == "master"
	case "shutdown":
		return second.kind == 0 || second.kind == comment || second.kind == ';' || second.text == "with"
	case "declare":
		return strings.HasPrefix(second.text, "@")
	case "waitfor", "grant":
		return second.kind == word && s.at(i+2).kind != 0
	case "select":
		_, call := functions[second.text]
		return call || second.kind == number || second.kind == quote || second.text == "*" || strings.HasPrefix(second.text, "@@") || s.is(i+2, "from") || s.is(i+2, "(")
	case "copy":
		for k := i + 1; k < i+maxOperand; k++ {
			if s.is(k, "program") && s.at(k+1).kind == quote {
				return true
			}
		}
	}
	return false
}

// function is a call that serves for little but looking into or delaying someone else's database.
func (s *statement) function(i int, known call, f *finding) {
	if known.paren && s.at(i+1).kind != '(' {
		return
	}
	score := known.score
	counted := s.tokens[i].text == "benchmark" && s.at(i+2).kind == number && s.at(i+3).kind == ','
	if !known.sure && !counted && !s.inExpression(i) {
		return
	}
	if s.quotes%2 == 1 || s.inExpression(i) {
		score = max(score, certain)
	}
	if s.pasted && !s.closed && s.quotes%2 == 0 {
		score = min(score, odd)
	}
	f.add(sql, score, "function or table of a database")
}

// inExpression tells "1 and sleep(5)" and "'-sleep(5)" from "time.sleep(5)".
func (s *statement) inExpression(i int) bool {
	before := s.at(i - 1)
	for k := i - 1; before.text == "(" && k > i-4; k-- {
		before = s.at(k - 1)
	}
	switch before.text {
	case "or", "and", "xor", "||", "&&", "select", "if", "case", "when", "having", "where", "union":
		return true
	case "from", "exec", "table":
		return s.quotes%2 == 1 || s.closed
	}
	two := s.at(i - 2).kind
	return before.kind == quote || before.text == "," && s.is(0, "if", "(") || arithmetic[before.text] && (two == quote || two == number || two == ')')
}
