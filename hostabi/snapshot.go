package hostabi

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strconv"

	"github.com/tetratelabs/wazero/api"

	"github.com/siogw/siogw/hostabi/meter"
)

// Lifetime says how long a guest keeps what it writes to its memory, ABI.md section 2. The zero value is Shared.
type Lifetime uint8

// The lifetimes.
const (
	Shared  Lifetime = iota // as long as the instance, for whoever it serves
	Session                 // to the end of the session, for that session alone
	PerCall                 // to the end of the call
)

var lifetimeNames = [...]string{"shared", "session", "call"}

// String gives the name that manifests use.
func (l Lifetime) String() string { return lifetimeNames[min(int(l), len(lifetimeNames)-1)] }

// ParseLifetime is the inverse of String; "" reads as Shared.
func ParseLifetime(name string) (Lifetime, error) {
	for i, n := range lifetimeNames {
		if n == name {
			return Lifetime(i), nil
		}
	}
	if name == "" {
		return Shared, nil
	}
	return 0, fmt.Errorf("no lifetime %q; there are shared, session and call", name)
}

// snapshot is all that a guest can keep: modules with state elsewhere (meter.Info.Hidden) have none. It is
// not changed once it is made.
type snapshot struct {
	memory  []byte // without the zeros at its end
	size    int    // with them
	globals []uint64
	buf     uint32
	bufCap  uint32
	looks   int64         // at WASI's clocks
	same    *rand.ChaCha8 // WASI's random bytes as they go on; nil when none were asked for
}

func (i *instance) findGlobals() {
	if i.pool.opt.Lifetime == Shared {
		return
	}
	for n := range i.pool.module.info.Mutable {
		i.globals = append(i.globals, i.mod.ExportedGlobal(meter.GlobalExport+strconv.Itoa(n)).(api.MutableGlobal))
	}
}

func (i *instance) snapshot() *snapshot {
	memory := i.linear.buf
	end := len(memory)
	for end > 0 && memory[end-1] == 0 {
		end--
	}
	s := &snapshot{memory: append([]byte(nil), memory[:end]...), size: len(memory), buf: i.buf, bufCap: i.bufCap, looks: i.looks, same: clone(i.same)}
	for _, g := range i.globals {
		s.globals = append(s.globals, g.Get())
	}
	return s
}

// become makes a fresh instance, whose start function may have run, one that is started and configured.
func (i *instance) become(s *snapshot) error {
	if more := s.size - len(i.linear.buf); more > 0 {
		if _, ok := i.mem.Grow(uint32(more / pageSize)); !ok {
			return fmt.Errorf("%w: %d bytes for a snapshot", ErrMemory, s.size)
		}
	}
	if !i.restore(s) {
		return fmt.Errorf("%w: the start function grows memory beyond what the snapshot has", ErrABI)
	}
	return nil
}

// restore puts the guest back to s. It cannot where the guest has grown since: memory does not shrink.
func (i *instance) restore(s *snapshot) bool {
	if len(i.linear.buf) != s.size {
		return false
	}
	putBack(i.linear.buf, s.memory)
	for n, g := range i.globals {
		g.Set(s.globals[n])
	}
	i.buf, i.bufCap, i.looks, i.same = s.buf, s.bufCap, s.looks, clone(s.same)
	return true
}

// part is what putBack compares at a time: as much as fits the fastest cache twice.
const part = 4 << 10

var zeros [part]byte

// putBack makes memory want, and zeros behind it. Most of a large memory is as it was, and to read it is cheaper than
// to write it: two thirds of the time at 4 MiB, and the same at 64 KiB (BenchmarkRestore).
func putBack(memory, want []byte) {
	for len(memory) > 0 {
		p := memory[:min(part, len(memory))]
		w := want[:min(len(p), len(want))]
		if !bytes.Equal(p[:len(w)], w) {
			copy(p, w)
		}
		if rest := p[len(w):]; len(rest) > 0 && !bytes.Equal(rest, zeros[:len(rest)]) {
			clear(rest)
		}
		memory, want = memory[len(p):], want[len(w):]
	}
}

func clone(r *rand.ChaCha8) *rand.ChaCha8 {
	if r == nil {
		return nil
	}
	c := *r
	return &c
}
