package closures

import "github.com/open-policy-agent/opa/v1/ast"

// Parts is an input of which only what an evaluation looks at is made.
type Parts interface {
	// Part gives the part with this number, by [Program.Split]; nil for none. With sure false the evaluation fails.
	Part(number int) (t *ast.Term, sure bool)
}

// unmade stands where the input would be. No step looks at it, for no program that does so is split.
var unmade = &ast.Term{Value: ast.Null{}}

// Split has the program look at inputs by their parts, before its first evaluation: number gives a number above 0 to the
// part at these keys below the input, or 0 where it is to be looked up in the part around it. All parts that have one key
// need a number. Split reports false where the program needs the input as a whole.
func (p *Program) Split(number func(keys []*ast.Term) int) bool {
	if p.whole {
		return false
	}
	for i := range p.paths {
		if at := &p.paths[i]; i > 0 && !at.data {
			if at.part = number(p.keys(i)); at.part == 0 && at.from == 0 {
				return false
			}
		}
	}
	return true
}

// keys gives the keys that lead to a path.
func (p *Program) keys(i int) []*ast.Term {
	at := &p.paths[i]
	if at.from == 0 {
		return []*ast.Term{at.key}
	}
	return append(p.keys(at.from), at.key)
}
