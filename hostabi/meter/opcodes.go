package meter

// The opcodes that the rewriting names. The others are only known by their immediates.
const (
	opUnreachable = 0x00
	opNop         = 0x01
	opBlock       = 0x02
	opLoop        = 0x03
	opIf          = 0x04
	opElse        = 0x05
	opEnd         = 0x0b
	opBr          = 0x0c
	opBrIf        = 0x0d
	opBrTable     = 0x0e
	opReturn      = 0x0f
	opCall        = 0x10
	opCallInd     = 0x11
	opDrop        = 0x1a
	opLocalGet    = 0x20
	opLocalTee    = 0x22
	opGlobalGet   = 0x23
	opGlobalSet   = 0x24
	opTableSet    = 0x26
	opMemoryGrow  = 0x40
	opI32Const    = 0x41
	opI64Const    = 0x42
	opF32Const    = 0x43
	opF64Const    = 0x44
	opI32LtS      = 0x48
	opI64LtS      = 0x53
	opI32Add      = 0x6a
	opI32Sub      = 0x6b
	opI64Sub      = 0x7d
	opI64Shl      = 0x86
	opI64ShrU     = 0x88
	opI64ExtendU  = 0xad
	opRefNull     = 0xd0
	opRefFunc     = 0xd2
	opMisc        = 0xfc
	opVec         = 0xfd

	vecConst = 0x0c

	emptyBlock = 0x40
)

// immediate says what follows an opcode.
type immediate byte

const (
	immUnknown immediate = iota // not an instruction of WebAssembly 2.0
	immNone
	immBlock   // block type
	immEnd     // else, end
	immLabel   // label
	immLabels  // br_table
	immCall    // function
	immCallInd // type, table
	immLocal   // local
	immGlobal  // global
	immTable   // table
	immMem     // alignment, offset
	immMemLane // alignment, offset, lane
	immMem0    // a zero byte for the memory
	immMem00   // two
	immI32     // signed
	immI64     // signed
	imm4       // 4 bytes
	imm8       // 8 bytes
	imm16      // 16 bytes
	immLane    // lane
	immTypes   // value types (select)
	immRef     // reference type
	immData    // data segment
	immDataMem // data segment, a zero byte
	immElem    // element segment
	immElemTab // element segment, table
	immTabTab  // table, table
)

// span is a range of opcodes with one kind of immediate.
type span struct {
	first, last byte
	imm         immediate
}

// Binary format of instructions, WebAssembly 2.0, section 5.4.
var plain = table([]span{
	{0x00, 0x01, immNone}, {0x02, 0x04, immBlock}, {0x05, 0x05, immEnd}, {0x0b, 0x0b, immEnd},
	{0x0c, 0x0d, immLabel}, {0x0e, 0x0e, immLabels}, {0x0f, 0x0f, immNone}, {0x10, 0x10, immCall},
	{0x11, 0x11, immCallInd}, {0x1a, 0x1b, immNone}, {0x1c, 0x1c, immTypes}, {0x20, 0x20, immLocal},
	{0x21, 0x22, immLocal}, {0x23, 0x24, immGlobal}, {0x25, 0x26, immTable}, {0x28, 0x3e, immMem},
	{0x3f, 0x40, immMem0}, {0x41, 0x41, immI32}, {0x42, 0x42, immI64}, {0x43, 0x43, imm4},
	{0x44, 0x44, imm8}, {0x45, 0xc4, immNone}, {0xd0, 0xd0, immRef}, {0xd1, 0xd1, immNone},
	{0xd2, 0xd2, immCall},
})

// Saturating conversions and bulk instructions, after 0xfc.
var misc = table([]span{
	{0, 7, immNone}, {8, 8, immDataMem}, {9, 9, immData}, {10, 10, immMem00}, {11, 11, immMem0},
	{12, 12, immElemTab}, {13, 13, immElem}, {14, 14, immTabTab}, {15, 17, immTable},
})

// Vector instructions, after 0xfd. Those that the specification leaves out stay unknown.
var vec = table([]span{
	{0x00, 0x0b, immMem}, {0x0c, 0x0d, imm16}, {0x0e, 0x14, immNone}, {0x15, 0x22, immLane},
	{0x23, 0x53, immNone}, {0x54, 0x5b, immMemLane}, {0x5c, 0x5d, immMem}, {0x5e, 0x99, immNone},
	{0x9b, 0xa1, immNone}, {0xa3, 0xa4, immNone}, {0xa7, 0xae, immNone}, {0xb1, 0xb1, immNone},
	{0xb5, 0xba, immNone}, {0xbc, 0xc1, immNone}, {0xc3, 0xc4, immNone}, {0xc7, 0xce, immNone},
	{0xd1, 0xd1, immNone}, {0xd5, 0xe1, immNone}, {0xe3, 0xed, immNone}, {0xef, 0xff, immNone},
})

func table(spans []span) (t [256]immediate) {
	for _, s := range spans {
		for op := int(s.first); op <= int(s.last); op++ {
			t[op] = s.imm
		}
	}
	return t
}

// cost is the fuel of one instruction, about a nanosecond of work each at the most. What makes no
// machine code, or only names an operand of another instruction, is free.
func cost(op byte) int64 {
	switch op {
	case opNop, opBlock, opLoop, opElse, opEnd, opDrop, opLocalGet, opI32Const, opI64Const, opF32Const, opF64Const:
		return 0
	case opCall, opCallInd:
		return 5
	case opBrTable, opVec, opMisc:
		return 3
	case 0x6d, 0x6e, 0x6f, 0x70, 0x7f, 0x80, 0x81, 0x82, 0x91, 0x95, 0x9f, 0xa3: // div, rem, sqrt
		return 8
	}
	return 1
}

// lengthShift gives the fuel of a bulk instruction from its length, the operand on top of the stack:
// length >> shift, or length << -shift.
func lengthShift(op, sub byte) (shift int, bulk bool) {
	switch {
	case op == opMemoryGrow:
		return -13, true // pages of 64 KiB, moved at 8 bytes a unit
	case op != opMisc:
		return 0, false
	case sub == 8 || sub == 10 || sub == 11:
		return 3, true // memory.init, copy, fill: 8 bytes a unit
	case sub == 12 || sub == 14 || sub == 15 || sub == 17:
		return 0, true // table.init, copy, grow, fill: an entry a unit
	}
	return 0, false
}
