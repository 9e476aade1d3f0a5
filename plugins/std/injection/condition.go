package main

// condition is what makes a query's condition true, or asks it something: "' or 1=1", "1 and (select …)".
func (s *statement) condition(i int, f *finding) {
	broken := s.breaks(i - 1)
	k := i + 1
	for s.at(k).kind == '(' || s.at(k).text == "not" || s.at(k).text == "!" || s.at(k).text == "exists" {
		k++
	}
	if s.is(k, "select") && k > i+1 {
		s.subquery(i, k, broken, f)
		return
	}
	left, n := s.operand(k)
	if left == none {
		return
	}
	k += n
	if !comparison[s.at(k).text] {
		s.bare(i, k, left, broken, f)
		return
	}
	start := k - n
	if k++; s.at(k).text == "not" || s.at(k).kind == op || s.at(k).text == "like" {
		k++
	}
	right, m := s.operand(k)
	open := right == literal && s.at(k).kind == quote && s.at(k+m).kind == 0 && (m == 1 || s.at(k+m-1).kind != quote)
	c := compared{i: i, left: left, right: right, broken: broken, same: s.same(start, n, k, m), open: open, after: s.at(k + m)}
	c.code = s.at(start+n).text == "=="
	f.add(sql, s.conditionScore(&c), "condition that is always so")
}

// breaks reports whether the quote at i, or before the bracket there, ends a string that the text did not
// begin: "' or", and not "'a' or".
func (s *statement) breaks(i int) bool {
	for n := 0; n < 4 && s.at(i).kind == ')'; n++ {
		i--
	}
	return s.at(i).kind == quote && s.at(i).nth%2 == 1
}

// compared is a comparison after "or" or "and".
type compared struct {
	i           int // of the conjunction
	left, right operand
	broken      bool  // the conjunction follows the end of a string
	same        bool  // both sides are spelled alike
	open        bool  // the right side is a string that the query has to end
	code        bool  // it is "==": a program's
	after       token // what follows
}

// conditionScore: two constants compared are what nobody writes into a text.
func (s *statement) conditionScore(c *compared) int {
	constant := c.left == literal && c.right == literal
	prose := c.after.kind == word && !sqlWords[c.after.text] && c.after.text != "procedure" && c.after.text != "into"
	begins := c.i <= 1 || c.i <= 3 && s.at(c.i-1).kind == ')'
	switch {
	case c.right == none && !c.broken:
		return 0
	case s.pasted && !s.closed && !(constant && c.same && s.quotes%2 == 1):
		return hint
	case constant && (prose || c.code) && !c.open:
		return odd
	case constant && (c.broken || c.same || begins || s.closed):
		return certain
	case constant:
		return odd
	case c.broken && (s.closed || c.open || c.left == called || s.quotes%2 == 1 && c.left != name):
		return certain
	case c.broken && s.quotes%2 == 1:
		return likely
	case (c.left == called || c.right == called) && (c.left == literal || c.right == literal) && (begins || s.closed):
		return certain
	}
	return hint
}

// bare is a condition without a comparison: "' or true--", "' or 1", "' or sleep(5)".
func (s *statement) bare(i, k int, left operand, broken bool, f *finding) {
	end := s.at(k).kind
	if end == comment && !s.closed {
		return // words behind a dash
	}
	if !broken || end != 0 && end != comment && end != quote && end != ')' && end != ';' {
		return
	}
	if constant := s.at(i+1).kind == number || left == literal || s.is(i+1, "true"); constant && (s.quotes%2 == 1 || s.closed) {
		f.add(sql, certain, "condition that is always so")
	}
}

func (s *statement) subquery(i, k int, broken bool, f *finding) {
	from := false
	for j := k + 1; j < k+40 && j < len(s.tokens); j++ {
		from = from || s.tokens[j].text == "from" || s.tokens[j].text == "sleep" || s.tokens[j].kind == number && s.at(j-1).text == "select"
	}
	switch {
	case broken || from && !s.pasted && (s.at(i-1).kind == number || s.at(i-1).kind == ')' || i <= 2 || s.closed):
		f.add(sql, certain, "subquery in a condition")
	case from:
		f.add(sql, odd, "subquery in a condition")
	}
}

type operand uint8

const (
	none    operand = iota
	literal         // number, string, null, true, false
	name            // a column, or a word of prose
	called          // a function's result, or @@version
)

// operand reads one side of a comparison and gives how many tokens it takes.
func (s *statement) operand(i int) (kind operand, n int) {
	for s.at(i+n).kind == op && n < 3 && (s.at(i+n).text == "-" || s.at(i+n).text == "+" || s.at(i+n).text == "~") {
		n++
	}
	t := s.at(i + n)
	switch t.kind {
	case number:
		return literal, n + 1
	case quote:
		return s.text(i + n)
	case '(':
		if s.at(i+n+1).kind == number {
			return literal, n + 2
		}
	case word:
		switch t.text {
		case "null", "true", "false":
			return literal, n + 1
		}
		if t.text[0] == '@' && len(t.text) > 1 && t.text[1] == '@' {
			return called, n + 1
		}
		if s.at(i+n+1).kind == '(' {
			return s.callAt(i + n + 1)
		}
		for s.at(i+n+1).kind == '.' && s.at(i+n+2).kind == word && n < 6 {
			n += 2
		}
		return name, n + 1
	}
	return none, 0
}

// maxOperand is how many tokens a string or the arguments of a call may have.
const maxOperand = 24

// text is a string; without its end, which the query brings, it ends with what there is.
func (s *statement) text(i int) (operand, int) {
	for n := 1; n < maxOperand; n++ {
		switch t := s.at(i + n); {
		case t.kind == quote:
			return literal, n + 1
		case t.kind == 0:
			return literal, n
		case t.kind == comment:
			return literal, n
		}
	}
	return none, 0
}

func (s *statement) callAt(i int) (operand, int) {
	depth := 0
	for n := 0; n < maxOperand; n++ {
		switch s.at(i + n).kind {
		case '(':
			depth++
		case ')':
			if depth--; depth == 0 {
				return called, n + 2
			}
		case 0:
			return called, n + 1
		}
	}
	return called, maxOperand
}

// same reports whether both sides are spelled alike, "1=1"; the last quote may be the query's.
func (s *statement) same(a, n, b, m int) bool {
	for k := range max(n, m) {
		x, y := s.at(a+k), s.at(b+k)
		if k >= m {
			return k == n-1 && x.kind == quote
		}
		if k >= n || x.text != y.text {
			return false
		}
	}
	return n > 0
}
