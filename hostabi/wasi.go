package hostabi

import (
	"context"
	"fmt"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/imports/wasi_snapshot_preview1"
	"github.com/tetratelabs/wazero/sys"

	"github.com/siogw/siogw/hostabi/meter"
)

// wasi is wazero's WASI, without the functions that change what the host keeps for an instance: through them
// one call could leave a mark for the next that no snapshot takes back.
func wasi(ctx context.Context, rt wazero.Runtime) error {
	b := rt.NewHostModuleBuilder(wasi_snapshot_preview1.ModuleName)
	wasi_snapshot_preview1.NewFunctionExporter().ExportFunctions(b)
	for name, params := range map[string]string{"fd_close": "i", "fd_renumber": "ii", "fd_fdstat_set_flags": "ii"} {
		b.NewFunctionBuilder().WithGoModuleFunction(api.GoModuleFunc(nothing), valueTypes(params), valueTypes("i")).Export(name)
	}
	_, err := b.Instantiate(ctx)
	return err
}

// checkWASI fails on an import that is none of WASI's functions, by name and type.
func (r *Runtime) checkWASI(info *meter.Info) error {
	known := r.wz.Module(wasi_snapshot_preview1.ModuleName).ExportedFunctionDefinitions()
	for _, i := range info.Imports {
		if i.Module != wasi_snapshot_preview1.ModuleName {
			continue
		}
		f, ok := known[i.Name]
		if !ok {
			return fmt.Errorf("import %s.%s is unknown", i.Module, i.Name)
		}
		want := meter.FuncType{Params: asMeter(f.ParamTypes()), Results: asMeter(f.ResultTypes())}.String()
		if got := i.Type.String(); got != want {
			return fmt.Errorf("import %s.%s is %s, not %s", i.Module, i.Name, got, want)
		}
	}
	return nil
}

const (
	errnoSuccess = 0
	errnoBadf    = 8
)

// nothing succeeds for the three descriptors that there are.
func nothing(_ context.Context, _ api.Module, stack []uint64) {
	fd := uint32(stack[0])
	if stack[0] = errnoSuccess; fd > 2 {
		stack[0] = errnoBadf
	}
}

// The clocks of WASI tell the number of looks at them, in milliseconds from a fixed time.
const (
	epoch      = 1640995200 // 2022-01-01, in seconds
	resolution = sys.ClockResolution(1000)
)

func (i *instance) wallTime() (sec int64, nsec int32) {
	i.looks++
	return epoch + i.looks/1000, int32(i.looks % 1000 * 1e6)
}

func (i *instance) nanoTime() int64 {
	i.looks++
	return i.looks * 1e6
}
