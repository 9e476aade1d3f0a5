//go:build linux && (amd64 || arm64) && !race

package evloop

import (
	"sync/atomic"
	"syscall"
	"unsafe"
)

// worthwhile is how many calls are made together at least; one costs less by itself.
const worthwhile = 2

// ring is an io_uring, used for nothing but to make many system calls in one: all of them are done when it returns, for none
// waits (MSG_DONTWAIT), so the kernel keeps no memory of ours. See io_uring(7) and io_uring_enter(2).
type ring struct {
	fd      int
	shared  []byte // the head and tail of both queues, and completions
	entries []entry
	mem     []byte // of entries
	sqTail  *uint32
	cqHead  *uint32
	cqTail  *uint32
	done    []completion
	n       uint32   // entries that were added
	res     outcomes // of the calls made last
}

// entry is struct io_uring_sqe.
type entry struct {
	opcode, flags uint8
	_             uint16
	fd            int32
	_             uint64
	addr          uint64
	len           uint32
	msgFlags      uint32
	userData      uint64
	_             [3]uint64
}

// completion is struct io_uring_cqe.
type completion struct {
	userData uint64
	res      int32
	flags    uint32
}

// params is struct io_uring_params.
type params struct {
	sqEntries, cqEntries, flags, threadCPU, threadIdle, features, wqFd uint32
	_                                                                  [3]uint32
	sq                                                                 struct {
		head, tail, mask, entries, flags, dropped, array, _ uint32
		_                                                   uint64
	}
	cq struct {
		head, tail, mask, entries, overflow, cqes, flags, _ uint32
		_                                                   uint64
	}
}

// From linux/io_uring.h.
const (
	sysSetup = 425
	sysEnter = 426

	opSend = 26
	opRecv = 27

	featSingleMmap = 1 << 0
	featFastPoll   = 1 << 5 // of Linux 5.7, which has both operations

	enterGetEvents = 1 << 0
	offsetRings    = 0
	offsetEntries  = 0x10000000
)

// openRing makes a ring; the kernel may not have it, or not let us.
func openRing() (*ring, error) {
	var p params
	fd, _, errno := syscall.RawSyscall(sysSetup, together, uintptr(unsafe.Pointer(&p)), 0)
	if errno != 0 {
		return nil, errno
	}
	r := &ring{fd: int(fd)}
	syscall.CloseOnExec(r.fd)
	if p.features&(featSingleMmap|featFastPoll) != featSingleMmap|featFastPoll {
		r.close()
		return nil, syscall.ENOSYS
	}
	if err := r.mmap(&p); err != nil {
		r.close()
		return nil, err
	}
	return r, nil
}

func (r *ring) mmap(p *params) (err error) {
	const protection, kind = syscall.PROT_READ | syscall.PROT_WRITE, syscall.MAP_SHARED | syscall.MAP_POPULATE
	size := max(p.sq.array+p.sqEntries*4, p.cq.cqes+p.cqEntries*uint32(unsafe.Sizeof(completion{})))
	if r.shared, err = syscall.Mmap(r.fd, offsetRings, int(size), protection, kind); err != nil {
		return err
	}
	if r.mem, err = syscall.Mmap(r.fd, offsetEntries, int(p.sqEntries)*int(unsafe.Sizeof(entry{})), protection, kind); err != nil {
		return err
	}
	at := func(offset uint32) *uint32 { return (*uint32)(unsafe.Pointer(&r.shared[offset])) }
	r.sqTail, r.cqHead, r.cqTail = at(p.sq.tail), at(p.cq.head), at(p.cq.tail)
	r.entries = unsafe.Slice((*entry)(unsafe.Pointer(&r.mem[0])), p.sqEntries)
	r.done = unsafe.Slice((*completion)(unsafe.Pointer(&r.shared[p.cq.cqes])), p.cqEntries)
	for i := range p.sqEntries { // an entry's place in the queue is its own
		*at(p.sq.array + i*4) = i
	}
	return nil
}

func (r *ring) close() {
	if r.mem != nil {
		_ = syscall.Munmap(r.mem)
	}
	if r.shared != nil {
		_ = syscall.Munmap(r.shared)
	}
	_ = syscall.Close(r.fd)
}

// recv and send add a call, of which there are at most together.
func (r *ring) recv(fd int32, b []byte) { r.add(opRecv, fd, b) }
func (r *ring) send(fd int32, b []byte) { r.add(opSend, fd, b) }

func (r *ring) add(op uint8, fd int32, b []byte) {
	tail := *r.sqTail + r.n // which nobody else writes
	r.entries[tail&uint32(len(r.entries)-1)] = entry{opcode: op, fd: fd, addr: uint64(uintptr(unsafe.Pointer(&b[0]))), len: uint32(len(b)),
		msgFlags: syscall.MSG_DONTWAIT | syscall.MSG_NOSIGNAL, userData: uint64(r.n)}
	r.n++
}

// run makes the calls; res has their outcomes then. It reports false when the kernel did not take all of them, and the ring
// is of no more use.
func (r *ring) run() bool {
	n := r.n
	r.n = 0
	for i := range n {
		r.res[i] = untried
	}
	atomic.StoreUint32(r.sqTail, *r.sqTail+n)
	taken := uint32(0)
	for taken < n {
		k, _, errno := syscall.RawSyscall6(sysEnter, uintptr(r.fd), uintptr(n-taken), 0, enterGetEvents, 0, 0)
		if errno != 0 && errno != syscall.EINTR || errno == 0 && k == 0 {
			break
		}
		if errno == 0 {
			taken += uint32(k)
		}
	}
	r.reap(taken)
	return taken == n
}

// reap takes the outcomes of n calls.
func (r *ring) reap(n uint32) {
	head := *r.cqHead // which nobody else writes
	for {
		for tail := atomic.LoadUint32(r.cqTail); head != tail; head++ {
			c := &r.done[head&uint32(len(r.done)-1)]
			r.res[c.userData] = c.res
			n--
		}
		atomic.StoreUint32(r.cqHead, head)
		if n == 0 {
			return
		}
		_, _, _ = syscall.RawSyscall6(sysEnter, uintptr(r.fd), 0, uintptr(n), enterGetEvents, 0, 0) // no kernel yet: none of them waits
	}
}
