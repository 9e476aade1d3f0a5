package rego

import (
	"bytes"
	"errors"
	"fmt"
	"sync"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/siogw/siogw/internal/strictjson"
)

// maxDepth bounds the nesting of what is made into terms: the evaluator recurses into it.
const maxDepth = 512

var scanLimits = strictjson.Limits{Depth: maxDepth, Elements: 1 << 24, Number: 4096}

var errBroken = errors.New("text changed after its check")

// parse makes the term of one JSON text. It is the same as ast.InterfaceToValue of the decoded text, made
// without the decoding. Numbers keep their text; one that the evaluator could not handle is an error.
// Strings that are in known are taken from there.
func parse(text []byte, known map[string]*ast.Term) (*ast.Term, error) {
	text = bytes.Trim(text, " \t\r\n")
	if err := strictjson.Scan(text, scanLimits); err != nil {
		return nil, err
	}
	return build(text, known)
}

var builders = sync.Pool{New: func() any { return &builder{} }}

// build is parse of a text that has passed Scan already.
func build(text []byte, known map[string]*ast.Term) (*ast.Term, error) {
	b := builders.Get().(*builder)
	b.text, b.known = text, known
	t, err := b.value()
	if err == nil && b.pos != len(text) {
		err = errBroken
	}
	b.end()
	return t, err
}

// maxKept bounds the values that a builder keeps room for.
const maxKept = 256

// end lets go of all that was made, so that b can be used again.
func (b *builder) end() {
	if cap(b.stack) > maxKept || cap(b.pairs) > maxKept {
		return
	}
	stack, pairs := b.stack[:cap(b.stack)], b.pairs[:cap(b.pairs)]
	clear(stack)
	clear(pairs)
	*b = builder{stack: stack[:0], pairs: pairs[:0]}
	builders.Put(b)
}

// builder reads a text that has passed Scan, so that it can leave out the checks.
type builder struct {
	text  []byte
	pos   int
	known map[string]*ast.Term
	stack []*ast.Term    // finished values of the containers that are open
	pairs [][2]*ast.Term // the members of an object that is being made
	slab  []ast.Term     // room for terms, so that they are not allocated one by one
}

func (b *builder) term(v ast.Value) *ast.Term {
	if len(b.slab) == 0 {
		b.slab = make([]ast.Term, min(max(1, len(b.text)/16), 64))
	}
	t := &b.slab[0]
	b.slab = b.slab[1:]
	t.Value = v
	return t
}

// space skips white space and the separators, which Scan has found to be in their places.
func (b *builder) space() byte {
	for b.pos < len(b.text) {
		switch c := b.text[b.pos]; c {
		case ' ', '\t', '\r', '\n', ',', ':':
			b.pos++
		default:
			return c
		}
	}
	return 0
}

func (b *builder) value() (*ast.Term, error) {
	switch b.space() {
	case '"':
		return b.string(), nil
	case '{':
		return b.object()
	case '[':
		return b.array()
	case 't':
		b.pos += len("true")
		return ast.InternedTerm(true), nil
	case 'f':
		b.pos += len("false")
		return ast.InternedTerm(false), nil
	case 'n':
		b.pos += len("null")
		return ast.InternedNullTerm, nil
	case 0, ']', '}':
		return nil, errBroken
	}
	return b.number()
}

// string reads a string, from its quote to the one that ends it.
func (b *builder) string() *ast.Term {
	from := b.pos
	for b.pos++; b.pos < len(b.text); b.pos++ {
		if c := b.text[b.pos]; c == '"' {
			b.pos++
			break
		} else if c == '\\' {
			b.pos++
		}
	}
	b.pos = min(b.pos, len(b.text))
	raw := b.text[from:b.pos]
	if len(raw) >= 2 {
		if t := b.known[string(raw[1:len(raw)-1])]; t != nil && bytes.IndexByte(raw, '\\') < 0 {
			return t
		}
	}
	return b.term(ast.String(strictjson.String(raw)))
}

func (b *builder) number() (*ast.Term, error) {
	from := b.pos
	for b.pos < len(b.text) && bytes.IndexByte([]byte("+-.0123456789eE"), b.text[b.pos]) >= 0 {
		b.pos++
	}
	if from == b.pos {
		return nil, errBroken
	}
	s := string(b.text[from:b.pos])
	if t := ast.InternedIntNumberTermFromString(s); t != nil {
		return t, nil
	}
	n, err := ast.NumberChecked(s)
	if err != nil {
		return nil, fmt.Errorf("at byte %d: %w", from, err)
	}
	return b.term(n), nil
}

func (b *builder) array() (*ast.Term, error) {
	base := len(b.stack)
	for b.pos++; b.space() != ']'; {
		t, err := b.value()
		if err != nil {
			return nil, err
		}
		b.stack = append(b.stack, t)
	}
	b.pos++
	items := append([]*ast.Term(nil), b.stack[base:]...)
	b.stack = b.stack[:base]
	return b.term(ast.NewArray(items...)), nil
}

func (b *builder) object() (*ast.Term, error) {
	base := len(b.stack)
	for b.pos++; b.space() != '}'; {
		if b.space() != '"' {
			return nil, errBroken
		}
		key := b.string()
		val, err := b.value()
		if err != nil {
			return nil, err
		}
		b.stack = append(b.stack, key, val)
	}
	b.pos++
	b.pairs = b.pairs[:0]
	for i := base; i < len(b.stack); i += 2 {
		b.pairs = append(b.pairs, [2]*ast.Term{b.stack[i], b.stack[i+1]})
	}
	b.stack = b.stack[:base]
	return b.term(ast.NewObject(b.pairs...)), nil // it copies the pairs
}
