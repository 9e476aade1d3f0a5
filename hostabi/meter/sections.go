package meter

import "strings"

func (m *module) typeSection(r *reader) {
	for range r.count() {
		if r.byte() != 0x60 {
			r.fail("no function type")
			return
		}
		m.types = append(m.types, FuncType{Params: r.valueTypes(), Results: r.valueTypes()})
	}
}

func (r *reader) valueTypes() []ValueType {
	var out []ValueType
	for range r.count() {
		out = append(out, r.valueType())
	}
	return out
}

func (m *module) importSection(r *reader) {
	for range r.count() {
		i := importDesc{module: r.name(), name: r.name(), kind: Kind(r.byte())}
		switch i.kind {
		case Func:
			i.typ = r.index("type", len(m.types))
			m.importedFuncs++
			m.importCosts = append(m.importCosts, int64(m.opt.ImportCost(i.module, i.name)))
		case Table:
			i.desc = appendTable(nil, m.table(r))
			m.importedTables++
		case Memory:
			i.desc = appendLimits(nil, r.limits())
			m.importedMems++
		case Global:
			i.desc = append(i.desc, byte(r.valueType()), r.mutability())
			m.importedGlobals++
		default:
			r.fail("no kind of import: %#x", byte(i.kind))
		}
		if i.module == HookModule {
			r.fail("import of the reserved module %q", HookModule)
		}
		m.imports = append(m.imports, i)
	}
}

func (r *reader) mutability() byte {
	b := r.byte()
	if b > 1 {
		r.fail("no mutability: %#x", b)
	}
	return b
}

func (r *reader) limits() (l Limits) {
	switch flag := r.byte(); flag {
	case 0:
		l.Min = r.u32()
	case 1:
		l.Min, l.Max, l.HasMax = r.u32(), r.u32(), true
		if l.Max < l.Min {
			r.fail("a minimum of %d above the maximum of %d", l.Min, l.Max)
		}
	default:
		r.fail("no kind of limits: %#x", flag)
	}
	return l
}

// table reads a table type and lowers its maximum to what the options allow.
func (m *module) table(r *reader) tableDesc {
	t := tableDesc{typ: r.refType(), limits: r.limits()}
	if t.limits.Min > m.opt.TableEntries {
		r.fail("a table of %d entries, more than %d", t.limits.Min, m.opt.TableEntries)
	}
	if !t.limits.HasMax || t.limits.Max > m.opt.TableEntries {
		t.limits.Max, t.limits.HasMax = m.opt.TableEntries, true
	}
	return t
}

func (m *module) memorySection(r *reader) {
	n := r.count()
	if n+m.importedMems > 1 {
		r.fail("%d memories", n+m.importedMems)
	}
	if n == 1 && r.err == nil {
		l := r.limits()
		if l.Min > 65536 || l.Max > 65536 {
			r.fail("a memory of more than 65536 pages")
		}
		m.memory = &l
	}
}

func (m *module) globalSection(r *reader) {
	for range r.count() {
		t, mutable := r.valueType(), r.mutability()
		if mutable == 1 {
			m.mutable = append(m.mutable, m.allGlobals())
			if t == FuncRef || t == ExternRef || t == V128 {
				m.hidden = "a mutable global of type " + t.String()
			}
		}
		m.globals = m.constExpr(append(m.globals, byte(t), mutable), r)
		m.nGlobals++
	}
}

func (m *module) exportSection(r *reader) {
	seen := map[string]bool{FuelExport: true, DepthExport: true}
	limits := [...]int{m.allFuncs(), m.allTables(), 0, m.allGlobals()}
	if m.hasMemory() {
		limits[Memory] = 1
	}
	for range r.count() {
		e := exportDesc{name: r.name(), kind: Kind(r.byte())}
		if e.kind > Global {
			r.fail("no kind of export: %#x", byte(e.kind))
			return
		}
		if seen[e.name] || strings.HasPrefix(e.name, GlobalExport) {
			r.fail("export %q twice, or reserved", e.name)
		}
		seen[e.name] = true
		e.index = r.index("export of index", limits[e.kind])
		m.exports = append(m.exports, e)
	}
}

// elementSection reads the eight forms of segment: bit 0 passive or declarative, bit 1 an explicit table
// or declarative, bit 2 expressions in place of indices.
func (m *module) elementSection(r *reader) {
	for range r.count() {
		flag := r.u32()
		if flag > 7 {
			r.fail("no kind of element segment: %d", flag)
			return
		}
		m.elems = appendU32(m.elems, flag)
		if flag&1 == 0 {
			if flag&2 != 0 {
				m.elems = appendU32(m.elems, r.index("table", m.allTables()))
			} else if m.allTables() == 0 {
				r.fail("an element segment without a table")
			}
			m.elems = m.constExpr(m.elems, r)
		}
		if flag&3 != 0 {
			m.elems = append(m.elems, r.elemKind(flag&4 != 0))
		}
		m.elementItems(r, flag&4 != 0)
		m.nElems++
	}
}

func (r *reader) elemKind(expressions bool) byte {
	if expressions {
		return byte(r.refType())
	}
	r.zero()
	return 0
}

func (m *module) elementItems(r *reader, expressions bool) {
	n := r.count()
	m.elems = appendU32(m.elems, uint32(n))
	for range n {
		if expressions {
			m.elems = m.constExpr(m.elems, r)
			continue
		}
		m.elems = appendU32(m.elems, m.reference(r.index("function", m.allFuncs())))
	}
}

func (m *module) dataSection(r *reader) {
	for range r.count() {
		flag := r.u32()
		if flag > 2 {
			r.fail("no kind of data segment: %d", flag)
			return
		}
		m.data = appendU32(m.data, flag)
		if flag != 1 && !m.hasMemory() {
			r.fail("a data segment without a memory")
		}
		if flag == 2 {
			m.data = appendU32(m.data, r.index("memory", 1))
		}
		if flag != 1 {
			m.data = m.constExpr(m.data, r)
		}
		n := r.count()
		m.data = append(appendU32(m.data, uint32(n)), r.take(n)...)
		m.nDataGot++
	}
}

// constExpr copies one constant expression of WebAssembly 2.0: a single constant and its end.
func (m *module) constExpr(dst []byte, r *reader) []byte {
	op := r.byte()
	dst = append(dst, op)
	switch op {
	case opI32Const:
		dst = appendSigned(dst, r.signed(32))
	case opI64Const:
		dst = appendSigned(dst, r.signed(64))
	case opF32Const:
		dst = append(dst, r.take(4)...)
	case opF64Const:
		dst = append(dst, r.take(8)...)
	case opGlobalGet:
		dst = appendU32(dst, r.index("global", m.importedGlobals))
	case opRefNull:
		dst = append(dst, byte(r.refType()))
	case opRefFunc:
		dst = appendU32(dst, m.reference(r.index("function", m.allFuncs())))
	case opVec:
		if r.byte() != vecConst {
			r.fail("not a constant")
		}
		dst = append(append(dst, vecConst), r.take(16)...)
	default:
		r.fail("not a constant: opcode %#x", op)
	}
	if r.byte() != opEnd {
		r.fail("a constant expression of more than one instruction")
	}
	return append(dst, opEnd)
}
