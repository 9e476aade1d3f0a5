package meter

// instruction copies one instruction, with its function indices renumbered and its charges added.
func (b *body) instruction() {
	op := b.r.byte()
	if b.r.err != nil {
		return
	}
	b.regions[len(b.regions)-1].fuel += cost(op)
	switch op {
	case opMisc, opVec:
		b.prefixed(op)
	case opReturn:
		if b.leaf {
			b.emit(op)
			return
		}
		b.emitU32(opBr, uint32(len(b.blocks)-1))
	case opMemoryGrow:
		b.bulk(op, 0)
		b.emit(op)
		b.immediate(op, plain[op])
	default:
		b.hides(op, 0)
		b.emit(op)
		b.immediate(op, plain[op])
	}
}

// hiding are the instructions that change what is neither memory nor a global.
var hiding = map[[2]byte]string{{opTableSet, 0}: "table.set", {opMisc, 9}: "data.drop", {opMisc, 12}: "table.init", {opMisc, 13}: "elem.drop",
	{opMisc, 14}: "table.copy", {opMisc, 15}: "table.grow", {opMisc, 17}: "table.fill"}

func (b *body) hides(op, sub byte) {
	if op != opTableSet && op != opMisc {
		return
	}
	if name, ok := hiding[[2]byte{op, sub}]; ok {
		b.m.hidden = name
	}
}

// prefixed copies an instruction whose opcode is a number after op.
func (b *body) prefixed(op byte) {
	sub := b.r.u32()
	kinds := &misc
	if op == opVec {
		kinds = &vec
	}
	if b.r.err != nil || sub > 0xff || kinds[sub] == immUnknown {
		b.r.fail("unknown instruction %#x %#x", op, sub)
		return
	}
	b.hides(op, byte(sub))
	b.bulk(op, byte(sub))
	b.emitU32(op, sub)
	b.immediate(op, kinds[sub])
}

func (b *body) bulk(op, sub byte) {
	if shift, ok := lengthShift(op, sub); ok {
		b.chargeLength(shift)
	}
}

// immediate copies what follows the opcode.
func (b *body) immediate(op byte, imm immediate) {
	switch imm {
	case immNone:
	case immBlock:
		b.open(op)
	case immEnd:
		b.elseOrEnd(op)
	case immLabel:
		b.index("label", len(b.blocks))
	case immLabels:
		b.labels()
	case immCall:
		b.call(op)
	case immCallInd:
		b.leaf = false
		b.index("type", len(b.m.types))
		b.index("table", b.m.allTables())
	case immLocal:
		b.index("local", b.nLocals)
	case immGlobal:
		b.index("global", b.m.allGlobals())
	case immTable:
		b.index("table", b.m.allTables())
	case immTabTab:
		b.index("table", b.m.allTables())
		b.index("table", b.m.allTables())
	case immElem:
		b.index("element segment", b.m.nElems)
	case immElemTab:
		b.index("element segment", b.m.nElems)
		b.index("table", b.m.allTables())
	case immI32:
		b.out = appendSigned(b.out, b.r.signed(32))
	case immI64:
		b.out = appendSigned(b.out, b.r.signed(64))
	case immTypes:
		b.types()
	case immRef:
		b.emit(byte(b.r.refType()))
	default:
		b.raw(op, imm)
	}
}

// raw copies immediates that name nothing which is renumbered.
func (b *body) raw(op byte, imm immediate) {
	switch imm {
	case imm4:
		b.emit(b.r.take(4)...)
	case imm8:
		b.emit(b.r.take(8)...)
	case imm16:
		b.emit(b.r.take(16)...)
	case immLane:
		b.emit(b.r.byte())
	case immMem, immMemLane:
		b.index("alignment", 32)
		b.out = appendU32(b.out, b.r.u32())
		if imm == immMemLane {
			b.emit(b.r.byte())
		}
	case immMem0:
		b.memory(1)
	case immMem00:
		b.memory(2)
	case immData:
		b.index("data segment", b.m.nData)
	case immDataMem:
		b.index("data segment", b.m.nData)
		b.memory(1)
	default:
		b.r.fail("unknown instruction %#x", op)
	}
}

func (b *body) index(what string, limit int) {
	b.out = appendU32(b.out, b.r.index(what, limit))
}

func (b *body) memory(n int) {
	for range n {
		b.r.zero()
		b.emit(0)
	}
}

func (b *body) types() {
	n := b.r.count()
	b.out = appendU32(b.out, uint32(n))
	for range n {
		b.emit(byte(b.r.valueType()))
	}
}

func (b *body) labels() {
	n := b.r.count()
	b.out = appendU32(b.out, uint32(n))
	for range n + 1 { // the default is the last
		b.index("label", len(b.blocks))
	}
}

func (b *body) call(op byte) {
	fn := b.r.index("function", b.m.allFuncs())
	if op != opCall { // ref.func
		b.out = appendU32(b.out, b.m.reference(fn))
		return
	}
	b.out = appendU32(b.out, b.m.renumber(fn))
	if int(fn) < b.m.importedFuncs {
		b.regions[len(b.regions)-1].fuel += b.m.importCosts[fn]
		return
	}
	b.leaf = false
}

// open starts a block. The type is one byte, or the index of a function type as a signed number.
func (b *body) open(op byte) {
	if b.r.left() > 0 && (b.r.b[b.r.pos] == emptyBlock || isValueType(ValueType(b.r.b[b.r.pos]))) {
		b.emit(b.r.byte())
	} else {
		t := b.r.signed(33)
		if t < 0 || t >= int64(len(b.m.types)) {
			b.r.fail("block type %d of %d", t, len(b.m.types))
		}
		b.out = appendSigned(b.out, t)
	}
	if len(b.blocks) > maxNesting {
		b.r.fail("blocks nested deeper than %d", maxNesting)
	}
	b.blocks = append(b.blocks, block{op: op})
	if op == opLoop {
		b.charge()
	}
}

func (b *body) elseOrEnd(op byte) {
	top := &b.blocks[len(b.blocks)-1]
	if op == opElse {
		if top.op != opIf {
			b.r.fail("else without if")
		}
		top.op = opElse
		b.join()
		return
	}
	b.blocks = b.blocks[:len(b.blocks)-1]
	if top.op == opLoop || len(b.blocks) == 0 {
		b.close()
		return
	}
	b.join()
}
