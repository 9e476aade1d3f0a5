package hostabi

import (
	"context"
	"crypto/sha256"
	"fmt"
	"runtime"
	"sync"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/experimental"

	"github.com/siogw/siogw/hostabi/meter"
)

// Module is a compiled guest. Safe for concurrent use.
type Module struct {
	rt       *Runtime
	compiled wazero.CompiledModule
	info     *meter.Info
	start    []string // start functions

	sum  [sha256.Size]byte
	uses int // by Compile, with the runtime's lock
}

// modules are the compiled modules of a runtime by their bytes: plugins of one module share its code. wazero too knows
// modules by their bytes, and what one user closes would be closed for all.
type modules struct {
	mu sync.Mutex
	of map[[sha256.Size]byte]*Module
}

// Compile checks that wasm is a guest and compiles it, metered. An error wraps ErrABI and names the
// import or export that is wrong.
func (r *Runtime) Compile(ctx context.Context, wasm []byte) (*Module, error) {
	if len(wasm) > MaxModule {
		return nil, fmt.Errorf("%w: a module of %d bytes, more than %d", ErrABI, len(wasm), MaxModule)
	}
	sum := sha256.Sum256(wasm)
	if m := r.modules.use(sum); m != nil {
		return m, nil
	}
	m, err := r.compile(ctx, wasm)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrABI, err)
	}
	m.sum = sum
	return r.modules.add(m), nil
}

func (r *Runtime) compile(ctx context.Context, wasm []byte) (*Module, error) {
	metered, info, err := meter.Rewrite(wasm, meter.Options{ImportCost: importCost})
	if err != nil {
		return nil, err
	}
	if err := checkGuest(info); err != nil {
		return nil, err
	}
	if err := r.checkWASI(info); err != nil {
		return nil, err
	}
	compiled, err := r.wz.CompileModule(experimental.WithCompilationWorkers(ctx, runtime.GOMAXPROCS(0)), metered)
	if err != nil {
		return nil, err
	}
	m := &Module{rt: r, compiled: compiled, info: info}
	if signature(info, "_initialize") != "" {
		m.start = []string{"_initialize"}
	}
	return m, nil
}

// use gives the module of these bytes, if there is one.
func (s *modules) use(sum [sha256.Size]byte) *Module {
	s.mu.Lock()
	defer s.mu.Unlock()
	m := s.of[sum]
	if m != nil {
		m.uses++
	}
	return m
}

// add gives m, or what somebody else compiled of the same bytes meanwhile: for wazero that is the same.
func (s *modules) add(m *Module) *Module {
	s.mu.Lock()
	defer s.mu.Unlock()
	if there := s.of[m.sum]; there != nil {
		m = there
	}
	if s.of == nil {
		s.of = map[[sha256.Size]byte]*Module{}
	}
	s.of[m.sum] = m
	m.uses++
	return m
}

// Custom gives the content of a custom section, nil when there is none.
func (m *Module) Custom(name string) []byte { return m.info.Custom[name] }

// Info gives what the module declares.
func (m *Module) Info() *meter.Info { return m.info }

// Close releases the compiled code when it is called as often as Compile gave the module. Its pools must be closed
// before it.
func (m *Module) Close(ctx context.Context) error {
	s := &m.rt.modules
	s.mu.Lock()
	defer s.mu.Unlock()
	if m.uses--; m.uses > 0 {
		return nil
	}
	delete(s.of, m.sum)
	return m.compiled.Close(ctx)
}
