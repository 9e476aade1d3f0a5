package rego

import "github.com/open-policy-agent/opa/v1/ast"

// reads is what of the input document a policy can see, by the keys at its top. It may say too much, never
// too little: what is not in it is not made.
type reads struct {
	top   part                 // all of it, where the policy uses input as a whole or with a key that it computes
	age   bool                 // session.age_ms
	known map[string]*ast.Term // strings that stand in the policy's text: the client's are likely the same
}

// part is a set of keys at the top of the document.
type part uint16

const (
	partVersion part = 1 << iota
	partKind
	partDirection
	partTime
	partNamespace
	partEvent
	partArgs
	partRoom
	partAck
	partBytes
	partAttachments
	partAuth
	partIdentity
	partSession
	partPlugins
	whole part = 1<<iota - 1
)

var parts = map[string]part{
	"version": partVersion, "kind": partKind, "direction": partDirection, "time": partTime, "namespace": partNamespace,
	"event": partEvent, "args": partArgs, "room": partRoom, "ack": partAck, "bytes": partBytes,
	"attachments": partAttachments, "auth": partAuth, "identity": partIdentity, "session": partSession, "plugins": partPlugins,
}

func (r *reads) has(p part) bool { return r.top&p != 0 }

// footprint walks the whole compiled policy, rules that are never reached included, for references to
// input. Imports are references there, and so is the target of a with; an alias for a part of the
// document is a reference to that part.
func footprint(c *ast.Compiler) reads {
	r := reads{known: map[string]*ast.Term{}}
	var vis *ast.GenericVisitor
	vis = ast.NewGenericVisitor(func(x any) bool {
		switch x := x.(type) {
		case *ast.Head:
			vis.Walk(x.Reference) // the visitor itself leaves it out
		case ast.Ref:
			if x.HasPrefix(ast.InputRootRef) {
				r.add(x)
				for _, t := range x[1:] { // a key may itself hold references
					vis.Walk(t)
				}
				return true
			}
		case ast.String:
			r.know(x)
		case ast.Var:
			if x.Equal(ast.InputRootDocument.Value) {
				r.add(ast.InputRootRef)
			}
		}
		return false
	})
	for _, m := range c.Modules {
		for _, rule := range m.Rules {
			vis.Walk(rule)
		}
	}
	return r
}

// add notes one reference to input.
func (r *reads) add(ref ast.Ref) {
	first, ok := constant(ref, 1)
	if !ok {
		r.top, r.age = whole, true
		return
	}
	r.top |= parts[first]
	if first == "session" {
		second, ok := constant(ref, 2)
		r.age = r.age || !ok || second == "age_ms"
	}
}

// maxKnown and maxKnownLen bound the strings that are kept, in number and in bytes.
const maxKnown, maxKnownLen = 4096, 64

func (r *reads) know(s ast.String) {
	if len(r.known) < maxKnown && len(s) <= maxKnownLen && r.known[string(s)] == nil {
		r.known[string(s)] = ast.NewTerm(s)
	}
}

// constant gives the key at place i of ref when the policy's text says which it is.
func constant(ref ast.Ref, i int) (string, bool) {
	if len(ref) <= i {
		return "", false
	}
	s, ok := ref[i].Value.(ast.String)
	return string(s), ok
}

// ReadsArgs reports whether the policy may look at args or attachments, or change them, and ReadsAuth whether at auth.
// They may say too much, never too little.
func (p *Policy) ReadsArgs() bool { return p.transforms || p.reads.has(partArgs|partAttachments) }

// ReadsAuth is described at [Policy.ReadsArgs].
func (p *Policy) ReadsAuth() bool { return p.transforms || p.reads.has(partAuth) }
