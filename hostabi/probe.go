package hostabi

import (
	"context"
	"fmt"
)

// Probe is one instance whose exports are called one at a time, as package tck does to see what a guest answers to each. It is no
// way to serve: nothing replaces the instance after an error. Not safe for concurrent use.
type Probe struct{ inst *instance }

// NewProbe starts and configures an instance, with lifetime Shared whatever opt says. The errors are those of NewPool.
func NewProbe(m *Module, opt PoolOptions) (*Probe, error) {
	opt = opt.withDefaults()
	opt.Lifetime = Shared
	if need := int64(m.info.Memory.Min) * pageSize; need > opt.Memory {
		return nil, fmt.Errorf("%w: the guest begins with %d bytes of memory and may have %d", ErrMemory, need, opt.Memory)
	}
	if err := m.checkGrant(opt.Granted); err != nil {
		return nil, err
	}
	i, err := newInstance(&Pool{module: m, opt: opt})
	if err != nil {
		return nil, err
	}
	return &Probe{i}, nil
}

// Alloc calls siogw_alloc with any n, and gives its address as it is. A buffer that lies in memory is the one of the next
// Decide; any other answer leaves none, and Decide asks anew.
func (p *Probe) Alloc(n uint32) (uint32, error) {
	i := p.inst
	i.begin(context.Background(), i.pool.opt.StartTimeout, int64(i.fuel.Get()), nil)
	defer i.end()
	i.stack[0], i.bufCap = uint64(n), 0
	if err := i.alloc.CallWithStack(i.ctx, i.stack[:]); err != nil {
		return 0, i.explain(exportAlloc, err)
	}
	ptr := uint32(i.stack[0])
	if ptr != 0 && uint64(ptr)+uint64(n) <= uint64(i.mem.Size()) {
		i.buf, i.bufCap = ptr, n
	}
	return ptr, nil
}

// Fill writes b over the whole buffer, as far as it goes. It reports whether there is one in memory.
func (p *Probe) Fill(b byte) bool {
	buf, ok := p.inst.mem.Read(p.inst.buf, p.inst.bufCap)
	for n := range buf {
		buf[n] = b
	}
	return ok && p.inst.bufCap > 0
}

// Decide calls siogw_decide as a pool does. After an error the probe is of no more use.
func (p *Probe) Decide(c *Call) (Result, error) { return p.inst.serve(context.Background(), c) }

// Memory is the size of the guest's memory, in bytes.
func (p *Probe) Memory() uint32 { return p.inst.mem.Size() }

// Exceeded reports whether the guest has asked for more memory than it may have.
func (p *Probe) Exceeded() bool { return p.inst.linear.exceeded }

// Close ends the instance.
func (p *Probe) Close() { p.inst.close() }
