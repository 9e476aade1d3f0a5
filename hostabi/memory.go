package hostabi

import "github.com/tetratelabs/wazero/experimental"

// linear is the linear memory of one instance, with a cap of its own: wazero's limit is for all.
type linear struct {
	limit    uint64
	exceeded bool // the guest asked for more than limit
	buf      []byte
}

var _ experimental.LinearMemory = (*linear)(nil)

// Allocate implements experimental.MemoryAllocator for the one memory of one instance.
func (l *linear) Allocate(_, _ uint64) experimental.LinearMemory { return l }

// Reallocate gives size bytes, what was there first, or nil beyond the cap: memory.grow then gives −1.
func (l *linear) Reallocate(size uint64) []byte {
	if size > l.limit {
		l.exceeded = true
		return nil
	}
	if size > uint64(cap(l.buf)) {
		grown := make([]byte, size, min(max(size, 2*uint64(cap(l.buf))), l.limit))
		copy(grown, l.buf)
		l.buf = grown
	}
	l.buf = l.buf[:size]
	return l.buf
}

// Free implements experimental.LinearMemory.
func (l *linear) Free() { l.buf = nil }
