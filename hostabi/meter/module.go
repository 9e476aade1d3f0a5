package meter

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
)

// module is a parsed module; code stays as bytes until it is rewritten.
type module struct {
	opt      Options
	types    []FuncType
	imports  []importDesc
	funcs    []uint32 // type indices
	tables   []tableDesc
	memory   *Limits
	globals  []byte // the entries, rewritten
	nGlobals int    // of its own
	mutable  []int  // indices of its own mutable globals
	hidden   string // see Info.Hidden
	exports  []exportDesc
	start    *uint32
	elems    []byte // the entries, rewritten
	nElems   int
	nData    int // as the data count section says, -1 without
	bodies   [][]byte
	data     []byte // the entries, rewritten
	nDataGot int
	custom   map[string][]byte

	importCosts []int64  // of the imported functions
	thunks      []uint32 // the imported functions that references are taken of

	importedFuncs, importedGlobals, importedTables, importedMems int
}

type importDesc struct {
	module, name string
	kind         Kind
	typ          uint32 // of a function
	desc         []byte // of anything else
}

type tableDesc struct {
	typ    ValueType
	limits Limits
}

type exportDesc struct {
	name  string
	kind  Kind
	index uint32
}

func (m *module) allFuncs() int   { return m.importedFuncs + len(m.funcs) }
func (m *module) allGlobals() int { return m.importedGlobals + m.nGlobals }
func (m *module) allTables() int  { return m.importedTables + len(m.tables) }

func (m *module) hasMemory() bool { return m.memory != nil || m.importedMems > 0 }

// typeOf gives the type index of a function by its original index.
func (m *module) typeOf(fn uint32) uint32 {
	if int(fn) >= m.importedFuncs {
		return m.funcs[int(fn)-m.importedFuncs]
	}
	for _, i := range m.imports {
		if i.kind != Func {
			continue
		}
		if fn == 0 {
			return i.typ
		}
		fn--
	}
	return 0
}

// renumber gives the new index of a function: the hook is the last import.
func (m *module) renumber(fn uint32) uint32 {
	if int(fn) >= m.importedFuncs {
		return fn + 1
	}
	return fn
}

// reference gives the new index for a reference to a function. For an imported one it is that of a function
// of ours that charges and calls it: a call through a table does not know what it calls.
func (m *module) reference(fn uint32) uint32 {
	if int(fn) >= m.importedFuncs {
		return m.renumber(fn)
	}
	at := slices.Index(m.thunks, fn)
	if at < 0 {
		at = len(m.thunks)
		m.thunks = append(m.thunks, fn)
	}
	return m.refuelFunc() + 1 + uint32(at)
}

// sectionOrder gives each section id its place; the data count section stands before the code.
var sectionOrder = [...]int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 12, 10}

var sectionNames = [...]string{"custom", "type", "import", "function", "table", "memory", "global", "export", "start", "element", "code", "data", "data count"}

var magic = []byte("\x00asm\x01\x00\x00\x00")

func parse(wasm []byte, opt Options) (*module, error) {
	if len(wasm) < len(magic) || !bytes.Equal(wasm[:len(magic)], magic) {
		return nil, errors.New("not a WebAssembly 1 binary")
	}
	m := &module{opt: opt, nData: -1, custom: map[string][]byte{}}
	r := &reader{b: wasm, pos: len(magic)}
	last := 0
	for r.left() > 0 {
		id := int(r.byte())
		size := r.u32()
		if r.err == nil && id >= len(sectionOrder) {
			r.fail("unknown section %d", id)
		}
		if r.err == nil && id != 0 && sectionOrder[id] <= last {
			r.fail("section %q is out of order", sectionNames[id])
		}
		start := r.pos
		body := r.take(int(size))
		if r.err != nil {
			return nil, r.err
		}
		if id != 0 {
			last = sectionOrder[id]
		}
		s := &reader{b: body}
		m.section(id, s)
		if s.err == nil && s.left() > 0 {
			s.fail("%d bytes too many", s.left())
		}
		if s.err != nil {
			return nil, fmt.Errorf("section %q from byte %d: %w", sectionNames[id], start, s.err)
		}
	}
	return m, m.complete()
}

// complete checks what no single section can.
func (m *module) complete() error {
	switch {
	case len(m.bodies) != len(m.funcs):
		return fmt.Errorf("%d functions and %d bodies", len(m.funcs), len(m.bodies))
	case m.nData >= 0 && m.nData != m.nDataGot:
		return fmt.Errorf("%d data segments where %d are announced", m.nDataGot, m.nData)
	}
	return nil
}

func (m *module) section(id int, r *reader) {
	switch id {
	case 0:
		name := r.name()
		if _, dup := m.custom[name]; !dup && r.err == nil {
			m.custom[name] = bytes.Clone(r.take(r.left()))
		}
		r.pos = len(r.b)
	case 1:
		m.typeSection(r)
	case 2:
		m.importSection(r)
	case 3:
		for range r.count() {
			m.funcs = append(m.funcs, r.index("type", len(m.types)))
		}
	case 4:
		for range r.count() {
			m.tables = append(m.tables, m.table(r))
		}
		if m.allTables() > maxTables {
			r.fail("%d tables, more than %d", m.allTables(), maxTables)
		}
	case 5:
		m.memorySection(r)
	case 6:
		m.globalSection(r)
	case 7:
		m.exportSection(r)
	case 8:
		fn := r.index("function", m.allFuncs())
		m.start = &fn
	case 9:
		m.elementSection(r)
	case 10:
		for range r.count() {
			m.bodies = append(m.bodies, r.take(r.count()))
		}
	case 11:
		m.dataSection(r)
	case 12:
		m.nData = int(r.u32())
	}
}
