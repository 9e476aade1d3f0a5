// Package wasmtest assembles small WebAssembly modules for tests, good ones and bad ones.
package wasmtest

import "fmt"

// Module is a module to be assembled. Types are written as letters: i for i32, l for i64, f for f32, d for
// f64, v for v128, r for funcref.
type Module struct {
	Imports []Import
	Funcs   []Func
	Table   []int  // function indices of table 0; nil for no table
	Memory  string // the limits' binary form; "" for one page without maximum
	None    bool   // no memory at all
	Hidden  bool   // the memory is not exported
	Globals string // mutable globals that begin at 0, types as letters
	Start   *int   // index of the start function
	Data    string // at address 8
	Passive string // a passive data segment, index 1 (index 0 is Data)
	Custom  map[string]string
}

// Import is an imported function.
type Import struct{ Module, Name, Params, Results string }

// Func is a function, exported under Export if that is not empty.
type Func struct {
	Export, Params, Results, Locals string
	Code                            string // for Asm; the end is added
}

var types = map[rune]byte{'i': 0x7f, 'l': 0x7e, 'f': 0x7d, 'd': 0x7c, 'v': 0x7b, 'r': 0x70}

// Binary gives the module in the binary format. It panics on a mistake in the test.
func (m Module) Binary() []byte {
	out := []byte("\x00asm\x01\x00\x00\x00")
	var typ, imports, funcs, exports, code [][]byte
	for _, i := range m.Imports {
		imports = append(imports, cat(name(i.Module), name(i.Name), []byte{0}, leb(len(typ))))
		typ = append(typ, funcType(i.Params, i.Results))
	}
	for n, f := range m.Funcs {
		funcs = append(funcs, leb(len(typ)))
		typ = append(typ, funcType(f.Params, f.Results))
		if f.Export != "" {
			exports = append(exports, cat(name(f.Export), []byte{0}, leb(len(m.Imports)+n)))
		}
		body := cat(locals(f.Locals), Asm(f.Code), []byte{0x0b})
		code = append(code, cat(leb(len(body)), body))
	}
	if !m.None && !m.Hidden {
		exports = append(exports, cat(name("memory"), []byte{2, 0}))
	}
	out = cat(out, section(1, typ), section(2, imports), section(3, funcs))
	if m.Table != nil {
		out = cat(out, section(4, [][]byte{cat([]byte{0x70, 0}, leb(len(m.Table)))}))
	}
	if !m.None {
		out = cat(out, section(5, [][]byte{m.limits()}))
	}
	out = cat(out, section(6, m.globals()), section(7, exports))
	if m.Start != nil {
		out = cat(out, []byte{8, byte(len(leb(*m.Start)))}, leb(*m.Start))
	}
	if len(m.Table) > 0 {
		out = cat(out, section(9, [][]byte{m.elements()}))
	}
	out = cat(out, []byte{12, 1, byte(len(m.data()))}, section(10, code), section(11, m.data()))
	for k, v := range m.Custom {
		body := cat(name(k), []byte(v))
		out = cat(out, []byte{0}, leb(len(body)), body)
	}
	return out
}

func (m Module) limits() []byte {
	if m.Memory == "" {
		return []byte{0, 1}
	}
	return []byte(m.Memory)
}

func (m Module) globals() (out [][]byte) {
	zero := map[rune]string{'i': "\x41\x00", 'l': "\x42\x00", 'f': "\x43\x00\x00\x00\x00", 'd': "\x44\x00\x00\x00\x00\x00\x00\x00\x00"}
	for _, t := range m.Globals {
		out = append(out, cat([]byte{types[t], 1}, []byte(zero[t]), []byte{0x0b}))
	}
	return out
}

func (m Module) elements() []byte {
	out := cat([]byte{0, 0x41, 0, 0x0b}, leb(len(m.Table)))
	for _, f := range m.Table {
		out = cat(out, leb(f))
	}
	return out
}

func (m Module) data() (out [][]byte) {
	if m.Data != "" || m.Passive != "" {
		out = append(out, cat([]byte{0, 0x41, 8, 0x0b}, name(m.Data)))
	}
	if m.Passive != "" {
		out = append(out, cat([]byte{1}, name(m.Passive)))
	}
	return out
}

func funcType(params, results string) []byte {
	return cat([]byte{0x60}, letters(params), letters(results))
}

func letters(s string) []byte {
	out := leb(len(s))
	for _, c := range s {
		t, ok := types[c]
		if !ok {
			panic(fmt.Sprintf("wasmtest: no type %q", c))
		}
		out = append(out, t)
	}
	return out
}

func locals(s string) []byte {
	out := leb(len(s))
	for _, c := range s {
		out = append(out, 1, types[c])
	}
	return out
}

func section(id byte, items [][]byte) []byte {
	if len(items) == 0 {
		return nil
	}
	body := cat(leb(len(items)), cat(items...))
	return cat([]byte{id}, leb(len(body)), body)
}

func name(s string) []byte { return cat(leb(len(s)), []byte(s)) }

func leb(n int) (out []byte) {
	for ; n >= 0x80; n >>= 7 {
		out = append(out, byte(n)|0x80)
	}
	return append(out, byte(n))
}

func cat(parts ...[]byte) (out []byte) {
	for _, p := range parts {
		out = append(out, p...)
	}
	return out
}
