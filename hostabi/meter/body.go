package meter

import (
	"errors"
	"fmt"
	"slices"
)

// body rewrites one function's code.
//
// A function that calls others is also charged for its frame. Its code becomes a block, so that every way
// out (the end, a branch to the outermost label, and return, which becomes such a branch) passes the
// place where the frame is given back. A trap need not: the instance is discarded.
type body struct {
	m       *module
	r       *reader
	out     []byte
	typ     FuncType
	nLocals int // parameters included, ours not
	fuel    uint32
	length  uint32    // the local that holds a bulk instruction's length
	leaf    bool      // calls no function of the module
	blocks  []block   // open ones, the function's own first
	regions []*region // open ones, the function's own first
	sizes   []int64   // of all regions, in the order in which they open
	known   []int64   // sizes, when the function is read for the second time
}

type block struct{ op byte }

// region is what one charge pays for: a function's or a loop's instructions, those of inner loops aside. Of one that is
// wide it is a part: every way into the middle of it is charged anew.
type region struct {
	at   int // where the charge's number stands
	fuel int64
	nr   int // in sizes
	wide bool
}

// wide is the size from which a region is charged by parts. A turn of an interpreter's loop runs a few
// instructions of many thousands; elsewhere more charges would cost more than they tell.
const wide = 4096

var errCalls = errors.New("not a leaf")

// rewrite gives the code entry of function i, without its size.
func (m *module) rewrite(i int) ([]byte, error) {
	b, err := m.rewriteAs(i, true, nil)
	if errors.Is(err, errCalls) {
		b, err = m.rewriteAs(i, false, nil)
	}
	if err == nil && slices.Max(b.sizes) >= wide {
		b, err = m.rewriteAs(i, b.leaf, b.sizes)
	}
	if err != nil {
		return nil, fmt.Errorf("function %d: %w", m.importedFuncs+i, err)
	}
	return b.out, nil
}

func (m *module) rewriteAs(i int, leaf bool, known []int64) (*body, error) {
	b := &body{m: m, r: &reader{b: m.bodies[i]}, typ: m.types[m.funcs[i]], leaf: leaf, known: known}
	frame := b.locals()
	if b.r.err != nil {
		return nil, b.r.err
	}
	b.blocks = append(b.blocks, block{op: opBlock})
	b.charge()
	if !leaf {
		b.enter(frame)
	}
	for len(b.blocks) > 0 && b.r.err == nil {
		if b.instruction(); b.leaf != leaf {
			return nil, errCalls
		}
	}
	if b.r.err == nil && b.r.left() > 0 {
		b.r.fail("%d bytes after the end", b.r.left())
	}
	if b.r.err != nil {
		return nil, b.r.err
	}
	if !leaf {
		b.addDepth(opI32Add, frame)
		b.emit(opEnd)
	}
	return b, nil
}

func (b *body) emit(bytes ...byte)         { b.out = append(b.out, bytes...) }
func (b *body) emitU32(op byte, v uint32)  { b.out = appendU32(append(b.out, op), v) }
func (b *body) emitConst(op byte, v int64) { b.out = appendSigned(append(b.out, op), v) }

// locals copies the declarations, adds ours, and estimates the frame in bytes.
func (b *body) locals() (frame int64) {
	n := b.r.count()
	b.out = appendU32(b.out, uint32(n+2))
	total := int64(len(b.typ.Params))
	frame = 64 + 16*total
	for range n {
		k, t := b.r.u32(), b.r.valueType()
		total += int64(k)
		frame += 16 * int64(k)
		b.out = append(appendU32(b.out, k), byte(t))
	}
	if total > maxLocals {
		b.r.fail("%d locals, more than %d", total, maxLocals)
		return 0
	}
	b.nLocals = int(total)
	b.fuel, b.length = uint32(total), uint32(total)+1
	b.emit(1, byte(I64), 1, byte(I32))
	return frame
}

// charge opens a region.
func (b *body) charge() {
	nr := len(b.sizes)
	b.sizes = append(b.sizes, 0)
	b.part(region{nr: nr, wide: b.known != nil && b.known[nr] >= wide})
}

// part emits a charge, the number to be filled in when what it pays for closes.
func (b *body) part(g region) {
	b.emitU32(opGlobalGet, b.m.fuelGlobal())
	b.emit(opI64Const)
	g.at, g.fuel = len(b.out), 2
	b.regions = append(b.regions, &g)
	b.emit(0x80, 0x80, 0x80, 0x80, 0x00)
	b.spend()
}

// spend takes the number on the stack from the fuel below it, and calls for more when it is used up.
func (b *body) spend() {
	b.emit(opI64Sub)
	b.emitU32(opLocalTee, b.fuel)
	b.emitU32(opGlobalSet, b.m.fuelGlobal())
	b.emitU32(opLocalGet, b.fuel)
	b.emitConst(opI64Const, 0)
	b.emit(opI64LtS, opIf, emptyBlock)
	b.emitU32(opCall, b.m.refuelFunc())
	b.emit(opEnd)
}

// close fills the charge of the innermost region in.
func (b *body) close() {
	g := b.regions[len(b.regions)-1]
	b.regions = b.regions[:len(b.regions)-1]
	b.sizes[g.nr] += g.fuel
	v := min(g.fuel, 1<<34-1)
	for i := range 4 {
		b.out[g.at+i] = byte(v)&0x7f | 0x80
		v >>= 7
	}
	b.out[g.at+4] = byte(v) & 0x3f // positive: 34 bits and a sign
}

// join is called where a branch arrives: of a wide region, what follows is charged from here.
func (b *body) join() {
	if g := b.regions[len(b.regions)-1]; g.wide {
		b.close()
		b.part(region{nr: g.nr, wide: true})
	}
}

// chargeLength emits the charge of a bulk instruction.
func (b *body) chargeLength(shift int) {
	b.emitU32(opLocalTee, b.length)
	b.emitU32(opGlobalGet, b.m.fuelGlobal())
	b.emitU32(opLocalGet, b.length)
	b.emit(opI64ExtendU)
	if shift < 0 {
		b.emitConst(opI64Const, int64(-shift))
		b.emit(opI64Shl)
	} else if shift > 0 {
		b.emitConst(opI64Const, int64(shift))
		b.emit(opI64ShrU)
	}
	b.spend()
}

// enter takes the frame from the stack that is left, ends the call when it is used up, and opens the
// block that holds the function's own code.
func (b *body) enter(frame int64) {
	b.addDepth(opI32Sub, frame)
	b.emitU32(opGlobalGet, b.m.depthGlobal())
	b.emitConst(opI32Const, 0)
	b.emit(opI32LtS, opIf, emptyBlock)
	b.emitConst(opI64Const, StackExhausted)
	b.emitU32(opCall, b.m.hookFunc())
	b.emit(opDrop, opUnreachable, opEnd, opBlock)
	b.out = append(b.out, b.m.resultType(b.typ.Results)...)
}

func (b *body) addDepth(op byte, frame int64) {
	b.emitU32(opGlobalGet, b.m.depthGlobal())
	b.emitConst(opI32Const, frame)
	b.emit(op)
	b.emitU32(opGlobalSet, b.m.depthGlobal())
}
