package meter

import "strings"

// Kind says what an import or export is.
type Kind byte

// The kinds, as in the binary format.
const (
	Func Kind = iota
	Table
	Memory
	Global
)

// String gives "function", "table", "memory" or "global".
func (k Kind) String() string { return [...]string{"function", "table", "memory", "global"}[k] }

// ValueType is the binary format's byte for a type.
type ValueType byte

// The value types.
const (
	I32       ValueType = 0x7f
	I64       ValueType = 0x7e
	F32       ValueType = 0x7d
	F64       ValueType = 0x7c
	V128      ValueType = 0x7b
	FuncRef   ValueType = 0x70
	ExternRef ValueType = 0x6f
)

var typeNames = map[ValueType]string{I32: "i32", I64: "i64", F32: "f32", F64: "f64", V128: "v128", FuncRef: "funcref", ExternRef: "externref"}

// String gives the type's name in the text format.
func (t ValueType) String() string { return typeNames[t] }

// FuncType is the signature of a function.
type FuncType struct {
	Params, Results []ValueType
}

// String gives a signature as "(i32, i32) → (i64)".
func (t FuncType) String() string {
	return "(" + joinTypes(t.Params) + ") → (" + joinTypes(t.Results) + ")"
}

func joinTypes(types []ValueType) string {
	names := make([]string, len(types))
	for i, t := range types {
		names[i] = t.String()
	}
	return strings.Join(names, ", ")
}

// Import is one import of a module.
type Import struct {
	Module, Name string
	Kind         Kind
	Type         FuncType // when Kind is Func
}

// Export is one export of a module.
type Export struct {
	Name string
	Kind Kind
	Type FuncType // when Kind is Func
}

// Limits are a memory's pages of 64 KiB.
type Limits struct {
	Min, Max uint32
	HasMax   bool
}

// Info is what a module declares.
type Info struct {
	Imports []Import
	Exports []Export
	Memory  *Limits           // nil when it has none of its own
	Custom  map[string][]byte // the custom sections by name; of several with one name the first
	Funcs   int               // functions with a body

	// Mutable is how many mutable globals the module has of its own, exported as GlobalExport and their number.
	Mutable int
	// Hidden says what a snapshot of memory and these globals would miss, such as "table.set"; "" for nothing. Inspect
	// does not read the code, and finds only what the globals are.
	Hidden string
}

func (m *module) info() *Info {
	in := &Info{Memory: m.memory, Custom: m.custom, Funcs: len(m.funcs), Mutable: len(m.mutable), Hidden: m.hidden}
	for _, i := range m.imports {
		imp := Import{Module: i.module, Name: i.name, Kind: i.kind}
		if i.kind == Func {
			imp.Type = m.types[i.typ]
		}
		in.Imports = append(in.Imports, imp)
	}
	for _, e := range m.exports {
		exp := Export{Name: e.name, Kind: e.kind}
		if e.kind == Func {
			exp.Type = m.types[m.typeOf(e.index)]
		}
		in.Exports = append(in.Exports, exp)
	}
	return in
}
