package closures

import (
	"slices"

	"github.com/open-policy-agent/opa/v1/ast"
)

// scope is a pair of documents, with what is known of them.
type scope struct {
	input, data *ast.Term
	memo        []*ast.Term // values of rules; nil for not known yet
	paths       []*ast.Term // the same of Program.paths
}

// absent stands where nil would say that nothing is known.
var absent = &ast.Term{Value: ast.Null{}}

// enter makes the scope of these documents the one that counts: an outer one where it has the same.
func (m *machine) enter(input, data *ast.Term) {
	var s *scope
	if i := slices.IndexFunc(m.active, func(s *scope) bool { return s.input == input && s.data == data }); i >= 0 {
		s = m.active[i]
	} else if n := len(m.free); n > 0 {
		s, m.free = m.free[n-1], m.free[:n-1]
	} else {
		s = &scope{memo: make([]*ast.Term, len(m.program.funcs)), paths: make([]*ast.Term, len(m.program.paths))}
	}
	s.input, s.data = input, data
	m.active, m.scope = append(m.active, s), s
}

// leave goes back to the scope that was entered before.
func (m *machine) leave() {
	n := len(m.active) - 1
	s := m.active[n]
	m.active, m.scope = m.active[:n], nil
	if n > 0 {
		m.scope = m.active[n-1]
	}
	if !slices.Contains(m.active, s) {
		s.input, s.data = nil, nil
		clear(s.memo)
		clear(s.paths)
		m.free = append(m.free, s)
	}
}

// path is a part of input or data: what is at key in another.
type path struct {
	from int // another path; 0 for the document itself
	key  *ast.Term
	data bool
	part int // its number for Parts; 0 for none
}

// path gives the part i of the documents that count; absent for none.
func (m *machine) path(i int) *ast.Term {
	t := m.scope.paths[i]
	if t == nil {
		if t = m.find(&m.program.paths[i]); t == nil {
			t = absent
		}
		m.scope.paths[i] = t
	}
	return t
}

// find gives what is at p; nil for none.
func (m *machine) find(p *path) *ast.Term {
	s := m.scope
	if p.part != 0 && s.input == unmade && s.paths[p.from] == nil {
		t, sure := m.parts.Part(p.part)
		if !sure {
			m.err = errType
		}
		return t
	}
	t := s.input
	switch {
	case p.from != 0:
		if t = m.path(p.from); t == absent {
			return nil
		}
	case p.data:
		t = s.data
	}
	return m.dot(t, p.key)
}

// dot gives what is at key in t; nil for none. What the evaluator may see otherwise in data is left to it.
func (m *machine) dot(t, key *ast.Term) *ast.Term {
	v := dot(t, key)
	if v == nil && doubtful(t, key) {
		m.err = errType
	}
	return v
}

// doubtful reports whether key is a number where t has texts, or the other way round: in a path of the store there are
// texts alone.
func doubtful(t, key *ast.Term) bool {
	if t == nil || key == nil {
		return false
	}
	switch v := t.Value.(type) {
	case ast.Object:
		n, ok := key.Value.(ast.Number)
		return ok && v.Get(ast.StringTerm(string(n))) != nil
	case *ast.Array:
		s, ok := key.Value.(ast.String)
		return ok && s != "" && s[0] >= '0' && s[0] <= '9'
	}
	return false
}

// dot gives what is at key in t; nil for none.
func dot(t, key *ast.Term) *ast.Term {
	if t == nil || key == nil {
		return nil
	}
	switch v := t.Value.(type) {
	case ast.Object:
		return v.Get(key)
	case *ast.Array:
		if n, ok := key.Value.(ast.Number); ok {
			if i, ok := n.Int(); ok && i >= 0 && i < v.Len() {
				return v.Elem(i)
			}
		}
	case ast.Set:
		if v.Contains(key) {
			return key
		}
	}
	return nil
}
