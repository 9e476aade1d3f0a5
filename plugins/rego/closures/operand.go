package closures

import (
	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/ir"
)

// operand is where a step finds a value.
type operand struct {
	kind  operandKind
	place int       // of the local, or of the path
	term  *ast.Term // a constant, or what is at a path of the program's own data
}

type operandKind uint8

const (
	isLocal operandKind = iota
	isTerm
	isInput
	isData
)

func (o *operand) get(m *machine, f []*ast.Term) *ast.Term {
	switch o.kind {
	case isLocal:
		return f[o.place]
	case isTerm:
		return o.term
	case isData:
		if m.scope.data == m.program.data {
			return o.term
		}
	}
	t := m.scope.paths[o.place]
	if t == nil {
		t = m.path(o.place)
	}
	if t == absent {
		return nil
	}
	return t
}

// operand gives what stands for o here: what its local is known to hold, or the local itself, which is read then.
func (b *body) operand(o ir.Operand) operand {
	switch v := o.Value.(type) {
	case ir.Bool:
		return operand{kind: isTerm, term: ast.InternedTerm(bool(v))}
	case ir.StringIndex:
		return operand{kind: isTerm, term: b.strings[v]}
	case ir.Local:
		return b.local(v)
	}
	b.refuse("an operand of kind %T", o.Value)
	return operand{}
}

func (b *body) local(l ir.Local) operand {
	b.program.whole = b.program.whole || l == ir.Input
	return b.document(l)
}

// document is local for what may be the input, where that is handed on, or looked into by a path.
func (b *body) document(l ir.Local) operand {
	if k, ok := b.known[l]; ok {
		return k
	}
	b.read[l] = true
	return operand{kind: isLocal, place: b.size(l)}
}

// within gives the key of a look-up, and the path of what it finds; ok is false where it has none that is known.
func (b *body) within(s *ir.DotStmt) (at, key operand, ok bool) {
	key = b.operand(s.Key)
	l, ok := s.Source.Value.(ir.Local)
	if !ok {
		return operand{}, key, false
	}
	o := b.document(l)
	if key.kind != isTerm || (o.kind != isInput && o.kind != isData) && o.kind != isLocal || o.kind == isLocal && o.place > 1 {
		return operand{}, key, false
	}
	return b.path(o, key), key, true
}

// path gives the path of key in what o stands for: a document, or a path.
func (b *body) path(o, key operand) operand {
	p := path{key: key.term, data: o.kind == isData || o.kind == isLocal && o.place == 1}
	if o.kind != isLocal {
		p.from = o.place
	}
	id := pathID{p.from, key.term.String(), p.data}
	i, found := b.pathOf[id]
	if !found {
		i = len(b.program.paths)
		b.pathOf[id] = i
		b.program.paths = append(b.program.paths, p)
	}
	if !p.data {
		return operand{kind: isInput, place: i}
	}
	from := b.program.data
	if p.from != 0 {
		from = o.term
	}
	if doubtful(from, key.term) {
		b.refuse("a part of data by %v", key.term)
	}
	return operand{kind: isData, place: i, term: dot(from, key.term)}
}

// pathID is what makes a path the same as another.
type pathID struct {
	from int
	key  string
	data bool
}
