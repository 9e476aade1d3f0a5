package hostabi

import (
	"context"
	"fmt"

	"github.com/tetratelabs/wazero/api"
)

// optionalModule has the functions of capabilities too, and needs none of them: without its capability a function of the
// store gives KVUnavailable, and the others are as during siogw_configure. An interpreter imports from it, for what its
// program needs is not known when it is compiled.
const optionalModule = "siogw_optional"

// optional gives f as optionalModule has it.
func (f *hostFunc) optional() api.GoModuleFunc {
	return func(ctx context.Context, mod api.Module, stack []uint64) {
		if instanceOf(ctx).pool.opt.Granted&f.needs == f.needs {
			f.call(ctx, mod, stack)
			return
		}
		switch f.needs {
		case KV:
			stack[0] = api.EncodeI32(KVUnavailable)
		case Clock:
			stack[0] = 0
		default:
			panic(fmt.Errorf("%w: the capability %s is not granted", ErrABI, f.needs))
		}
	}
}
