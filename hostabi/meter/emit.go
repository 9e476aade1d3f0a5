package meter

import "strconv"

// The new indices: the hook is the last import; refuel and the globals are the last of all.

func (m *module) hookFunc() uint32    { return uint32(m.importedFuncs) }
func (m *module) refuelFunc() uint32  { return uint32(m.allFuncs()) + 1 }
func (m *module) fuelGlobal() uint32  { return uint32(m.allGlobals()) }
func (m *module) depthGlobal() uint32 { return uint32(m.allGlobals()) + 1 }

// The types that the rewriting needs stand after the module's own.

func (m *module) hookType() uint32   { return uint32(len(m.types)) }
func (m *module) refuelType() uint32 { return uint32(len(m.types)) + 1 }

// resultType gives the block type of a block that takes nothing and gives results. For several results
// it is a type of its own, at the place of the module's first type with these results.
func (m *module) resultType(results []ValueType) []byte {
	switch len(results) {
	case 0:
		return []byte{emptyBlock}
	case 1:
		return []byte{byte(results[0])}
	}
	for i, t := range m.types {
		if equalTypes(t.Results, results) {
			return appendSigned(nil, int64(len(m.types)+2+i))
		}
	}
	return nil // not reached: results come from one of the types
}

func equalTypes(a, b []ValueType) bool {
	return string(bytesOf(a)) == string(bytesOf(b))
}

func bytesOf(types []ValueType) []byte {
	out := make([]byte, len(types))
	for i, t := range types {
		out[i] = byte(t)
	}
	return out
}

func (m *module) emit() ([]byte, error) {
	code, err := m.emitCode() // first: it finds the thunks that are needed
	if err != nil {
		return nil, err
	}
	out := append([]byte(nil), magic...)
	out = section(out, 1, 2+2*len(m.types), m.emitTypes())
	out = section(out, 2, len(m.imports)+1, m.emitImports())
	out = section(out, 3, len(m.funcs)+1+len(m.thunks), m.emitFuncs())
	var tables []byte
	for _, t := range m.tables {
		tables = appendTable(tables, t)
	}
	out = section(out, 4, len(m.tables), tables)
	if m.memory != nil {
		out = section(out, 5, 1, appendLimits(nil, *m.memory))
	}
	out = section(out, 6, m.nGlobals+2, m.emitGlobals())
	out = section(out, 7, len(m.exports)+2+len(m.mutable), m.emitExports())
	if m.start != nil {
		out = append(out, 8, byte(len(appendU32(nil, m.renumber(*m.start)))))
		out = appendU32(out, m.renumber(*m.start))
	}
	out = section(out, 9, m.nElems+1, append(m.elems, m.declareThunks()...))
	if m.nData >= 0 {
		out = append(out, 12, byte(len(appendU32(nil, uint32(m.nData)))))
		out = appendU32(out, uint32(m.nData))
	}
	out = section(out, 10, len(m.bodies)+1+len(m.thunks), code)
	return section(out, 11, m.nDataGot, m.data), nil
}

// section appends a section that is a vector of n items, or nothing for none.
func section(dst []byte, id byte, n int, items []byte) []byte {
	if n == 0 {
		return dst
	}
	count := appendU32(nil, uint32(n))
	dst = appendU32(append(dst, id), uint32(len(count)+len(items)))
	return append(append(dst, count...), items...)
}

func appendLimits(dst []byte, l Limits) []byte {
	if !l.HasMax {
		return appendU32(append(dst, 0), l.Min)
	}
	return appendU32(appendU32(append(dst, 1), l.Min), l.Max)
}

func appendTable(dst []byte, t tableDesc) []byte {
	return appendLimits(append(dst, byte(t.typ)), t.limits)
}

func appendFuncType(dst []byte, params, results []ValueType) []byte {
	dst = append(appendU32(append(dst, 0x60), uint32(len(params))), bytesOf(params)...)
	return append(appendU32(dst, uint32(len(results))), bytesOf(results)...)
}

func (m *module) emitTypes() (out []byte) {
	for _, t := range m.types {
		out = appendFuncType(out, t.Params, t.Results)
	}
	out = appendFuncType(out, []ValueType{I64}, []ValueType{I64})
	out = appendFuncType(out, nil, nil)
	for _, t := range m.types {
		out = appendFuncType(out, nil, t.Results)
	}
	return out
}

// declareThunks gives a declarative element segment: ref.func takes only functions that something outside
// of the code names.
func (m *module) declareThunks() []byte {
	out := appendU32([]byte{3, 0}, uint32(len(m.thunks)))
	for _, fn := range m.thunks {
		out = appendU32(out, m.reference(fn))
	}
	return out
}

func (m *module) emitFuncs() (out []byte) {
	for _, t := range m.funcs {
		out = appendU32(out, t)
	}
	out = appendU32(out, m.refuelType())
	for _, fn := range m.thunks {
		out = appendU32(out, m.typeOf(fn))
	}
	return out
}

func (m *module) emitImports() (out []byte) {
	for _, i := range m.imports {
		out = append(appendName(appendName(out, i.module), i.name), byte(i.kind))
		if i.kind == Func {
			out = appendU32(out, i.typ)
		}
		out = append(out, i.desc...)
	}
	out = append(appendName(appendName(out, HookModule), HookName), byte(Func))
	return appendU32(out, m.hookType())
}

func (m *module) emitGlobals() []byte {
	out := append([]byte(nil), m.globals...)
	out = append(out, byte(I64), 1, opI64Const, 0, opEnd)
	out = append(out, byte(I32), 1, opI32Const)
	return append(appendSigned(out, int64(m.opt.Stack)), opEnd)
}

func (m *module) emitExports() (out []byte) {
	for _, e := range m.exports {
		out = append(appendName(out, e.name), byte(e.kind))
		if e.kind == Func {
			e.index = m.renumber(e.index)
		}
		out = appendU32(out, e.index)
	}
	for i, index := range m.mutable {
		out = appendU32(append(appendName(out, GlobalExport+strconv.Itoa(i)), byte(Global)), uint32(index))
	}
	out = appendU32(append(appendName(out, FuelExport), byte(Global)), m.fuelGlobal())
	return appendU32(append(appendName(out, DepthExport), byte(Global)), m.depthGlobal())
}

func (m *module) emitCode() (out []byte, err error) {
	for i := range m.bodies {
		code, err := m.rewrite(i)
		if err != nil {
			return nil, err
		}
		out = appendCode(out, code)
	}
	out = appendCode(out, m.refuelCode())
	for _, fn := range m.thunks {
		out = appendCode(out, m.thunkCode(fn))
	}
	return out, nil
}

func appendCode(dst, code []byte) []byte {
	return append(appendU32(dst, uint32(len(code))), code...)
}

// refuelCode lets the hook set the fuel anew.
func (m *module) refuelCode() []byte {
	code := appendU32([]byte{0, opGlobalGet}, m.fuelGlobal())
	code = appendU32(append(code, opCall), m.hookFunc())
	return append(appendU32(append(code, opGlobalSet), m.fuelGlobal()), opEnd)
}

// thunkCode charges for an imported function and calls it.
func (m *module) thunkCode(fn uint32) []byte {
	code := appendU32([]byte{0, opGlobalGet}, m.fuelGlobal())
	code = appendSigned(append(code, opI64Const), m.importCosts[fn])
	code = appendU32(append(code, opI64Sub, opGlobalSet), m.fuelGlobal())
	code = appendU32(append(code, opGlobalGet), m.fuelGlobal())
	code = append(code, opI64Const, 0, opI64LtS, opIf, emptyBlock)
	code = append(appendU32(append(code, opCall), m.refuelFunc()), opEnd)
	for i := range m.types[m.typeOf(fn)].Params {
		code = appendU32(append(code, opLocalGet), uint32(i))
	}
	return append(appendU32(append(code, opCall), fn), opEnd)
}
