package hostabi

import (
	"context"
	"errors"
	"fmt"
	"math/bits"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/experimental"
	"github.com/tetratelabs/wazero/sys"

	"github.com/siogw/siogw/hostabi/meter"
	"github.com/siogw/siogw/internal/turn"
)

// instance is one instance of a guest. It serves one call at a time.
type instance struct {
	pool   *Pool
	ctx    context.Context // what the guest's functions run under; finds the instance again
	mod    api.Module
	mem    api.Memory
	linear *linear
	alloc  api.Function
	decide api.Function
	fuel   api.Global
	sink   Sink
	buf    uint32 // the guest's buffer
	bufCap uint32
	stack  [2]uint64

	globals []api.MutableGlobal // the module's own; for a pool with snapshots only

	// What a snapshot sets back to the beginning.
	looks int64         // at the clocks of WASI
	same  *rand.ChaCha8 // WASI's random bytes

	value []byte // what kv_get is given, kept for its array

	// Of the call that runs.
	caller   context.Context
	pace     turn.Pace
	deciding bool  // it is siogw_decide
	time     int64 // of the input, in milliseconds since 1970
	kvs      int
	drawn    int           // random bytes
	chance   *rand.ChaCha8 // unpredictable ones
	deadline time.Time
	overtime int   // slices handed out after the deadline
	granted  int64 // fuel handed out, with what was left before
	logs     int
	counts   []Count
	labels   []Label
	stdio    []byte
	printed  bool
}

// newInstance instantiates a guest, and starts and configures it, or puts the pool's snapshot into it.
func newInstance(p *Pool) (i *instance, err error) {
	i = &instance{pool: p, sink: p.opt.Sink, linear: &linear{limit: uint64(p.opt.Memory)}}
	i.ctx = context.WithValue(context.Background(), instanceKey{}, i)
	i.begin(context.Background(), p.opt.StartTimeout, 0, nil)
	conf := wazero.NewModuleConfig().WithName("").WithStartFunctions().WithStdout(stdio{i}).WithStderr(stdio{i}).
		WithRandSource(sameBytes{i}).WithWalltime(i.wallTime, resolution).WithNanotime(i.nanoTime, resolution)
	if p.snapshot == nil {
		conf = conf.WithStartFunctions(p.module.start...)
	}
	ctx := experimental.WithMemoryAllocator(i.ctx, i.linear)
	i.mod, err = p.module.rt.wz.InstantiateModule(ctx, p.module.compiled, conf)
	if err == nil {
		i.mem, i.fuel = i.mod.Memory(), i.mod.ExportedGlobal(meter.FuelExport)
		i.alloc, i.decide = i.mod.ExportedFunction(exportAlloc), i.mod.ExportedFunction(exportDecide)
		i.findGlobals()
		if p.snapshot != nil {
			err = i.become(p.snapshot)
		} else {
			err = i.prepare()
		}
	}
	if err != nil {
		err = i.explain("start", err)
		i.close()
		return nil, err
	}
	i.end()
	return i, nil
}

func (i *instance) prepare() error {
	if err := i.reserve(firstBuffer); err != nil {
		return err
	}
	if err := i.loadProgram(); err != nil || i.pool.unconfigured {
		return err
	}
	configure := i.mod.ExportedFunction(exportConfigure)
	if configure == nil {
		if c := string(i.pool.opt.Config); c != "" && c != "{}" { // which says nothing
			return fmt.Errorf("%w: a config is given and the guest has no %s", ErrConfig, exportConfigure)
		}
		return nil
	}
	text, err := i.call(configure, i.pool.opt.Config, MaxVerdict)
	if err == nil && text != nil {
		err = fmt.Errorf("%w: %.*s", ErrConfig, MaxConfigError, strings.ToValidUTF8(string(text), "�"))
	}
	return err
}

// begin opens a call in turn t, nil for none: from here the deadline holds.
func (i *instance) begin(caller context.Context, timeout time.Duration, left int64, t Turn) {
	i.caller = caller
	now := time.Now()
	i.deadline = now.Add(timeout)
	i.pace.Begin(t, now)
	if d, ok := caller.Deadline(); ok && d.Before(i.deadline) {
		i.deadline = d
	}
	i.granted, i.overtime, i.logs, i.counts, i.labels = left, 0, 0, nil, nil
	i.deciding, i.time, i.kvs, i.drawn, i.chance, i.printed = false, 0, 0, 0, nil, false
}

// end closes a call: what the guest printed is logged.
func (i *instance) end() {
	i.caller, i.pace = nil, turn.Pace{}
	if i.printed = len(i.stdio) > 0; i.printed {
		i.sink.Log(stdioLevel, strings.ToValidUTF8(strings.TrimSpace(string(i.stdio)), "�"))
		i.stdio = i.stdio[:0]
	}
}

// refuel hands out another slice, or ends the call.
func (i *instance) refuel(left int64) int64 {
	now := time.Now()
	switch err := i.caller.Err(); {
	case errors.Is(err, context.Canceled):
		panic(fmt.Errorf("%w: %w", errLate, err))
	case err != nil, !now.Before(i.deadline):
		if i.overtime++; i.overtime > overtime {
			panic(errLate)
		}
	}
	if limit := i.pool.opt.Fuel; limit > 0 && i.granted-left > limit {
		panic(errFuel)
	}
	i.pace.Look(now)
	i.granted += slice - left
	return slice
}

func (i *instance) checkClock() {
	if !time.Now().Before(i.deadline) {
		panic(errLate)
	}
}

// serve makes one decision. Any error means that the instance must be discarded.
func (i *instance) serve(ctx context.Context, c *Call) (res Result, err error) {
	left := int64(i.fuel.Get())
	i.begin(ctx, i.pool.opt.Timeout, left, c.Turn)
	i.deciding = true
	if !c.Time.IsZero() {
		i.time = c.Time.UnixMilli()
	}
	res.Verdict, err = i.call(i.decide, c.View, MaxVerdict)
	if err != nil {
		err = i.explain(exportDecide, err)
		i.end()
		return Result{}, err
	}
	res.Labels, res.Fuel, res.Memory = i.labels, i.granted-int64(i.fuel.Get()), int64(i.mem.Size())
	i.end()
	res.Counts, res.Silent = i.counts, i.logs == 0 && !i.printed
	return res, nil
}

// call pushes bytes into the guest's buffer, calls f with them, and gives a copy of the bytes that the
// packed result points to, nil for 0.
func (i *instance) call(f api.Function, in []byte, limit uint32) ([]byte, error) {
	if len(in) > MaxView {
		return nil, fmt.Errorf("%w: %d bytes to push, more than %d", ErrABI, len(in), MaxView)
	}
	if err := i.reserve(uint32(len(in))); err != nil {
		return nil, err
	}
	if !i.mem.Write(i.buf, in) {
		return nil, fmt.Errorf("%w: the buffer at %#x+%d is outside of memory", ErrABI, i.buf, len(in))
	}
	i.stack[0], i.stack[1] = uint64(i.buf), uint64(len(in))
	if err := f.CallWithStack(i.ctx, i.stack[:]); err != nil {
		return nil, err
	}
	if i.stack[0] == 0 {
		return nil, nil
	}
	ptr, n := uint32(i.stack[0]>>32), uint32(i.stack[0])
	if ptr == 0 || n == 0 || n > limit {
		return nil, fmt.Errorf("%w: result %#x+%d", ErrABI, ptr, n)
	}
	out, ok := i.mem.Read(ptr, n)
	if !ok {
		return nil, fmt.Errorf("%w: result %#x+%d is outside of memory", ErrABI, ptr, n)
	}
	return append([]byte(nil), out...), nil
}

// reserve makes sure that the guest's buffer holds n bytes.
func (i *instance) reserve(n uint32) error {
	if n <= i.bufCap {
		return nil
	}
	want := uint32(1) << bits.Len32(max(n, firstBuffer)-1)
	i.stack[0], i.bufCap = uint64(want), 0
	if err := i.alloc.CallWithStack(i.ctx, i.stack[:]); err != nil {
		return err
	}
	ptr := uint32(i.stack[0])
	if ptr == 0 {
		return fmt.Errorf("%w: %s(%d) gave 0", ErrMemory, exportAlloc, want)
	}
	if uint64(ptr)+uint64(want) > uint64(i.mem.Size()) {
		return fmt.Errorf("%w: %s(%d) gave %#x, outside of memory", ErrABI, exportAlloc, want, ptr)
	}
	i.buf, i.bufCap = ptr, want
	return nil
}

// spent reports whether the instance must not serve again though its call went well.
func (i *instance) spent() bool { return i.linear.exceeded || i.mod.IsClosed() }

// renew makes the instance ready for a call that must not see what this one left behind. It reports whether it could.
func (i *instance) renew() bool {
	return !i.spent() && (i.pool.snapshot == nil || i.restore(i.pool.snapshot))
}

// explain gives a failed call one of this package's errors.
func (i *instance) explain(what string, err error) error {
	var exit *sys.ExitError
	switch {
	case errors.Is(err, context.Canceled):
		return fmt.Errorf("%w: %s: %w", ErrTimeout, what, context.Canceled)
	case errors.Is(err, errLate):
		return fmt.Errorf("%w: %s used up its time", ErrTimeout, what)
	case errors.Is(err, errFuel):
		return fmt.Errorf("%w: %s used up its fuel", ErrTimeout, what)
	case errors.Is(err, errStack):
		return fmt.Errorf("%w: %s: %w", ErrTrap, what, errStack)
	case errors.Is(err, ErrMemory), errors.Is(err, ErrConfig), errors.Is(err, ErrProgram):
		return err
	case errors.Is(err, ErrABI):
		text, _, _ := strings.Cut(err.Error(), " (recovered by wazero)")
		return fmt.Errorf("%w%s", ErrABI, strings.TrimPrefix(text, ErrABI.Error()))
	case i.linear.exceeded:
		return fmt.Errorf("%w: %s wanted more than %d bytes", ErrMemory, what, i.linear.limit)
	case errors.As(err, &exit):
		return fmt.Errorf("%w: %s exited with code %d", ErrTrap, what, exit.ExitCode())
	}
	text, _, _ := strings.Cut(err.Error(), "\n")
	return fmt.Errorf("%w: %s: %s", ErrTrap, what, strings.TrimPrefix(text, "wasm error: "))
}

func (i *instance) close() {
	i.end()
	if i.mod != nil {
		_ = i.mod.Close(context.Background()) // a guest without files has nothing to fail at
	}
}
