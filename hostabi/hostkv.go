package hostabi

import (
	"context"
	"encoding/binary"
	"fmt"
	"math"
	"time"

	"github.com/tetratelabs/wazero/api"

	"github.com/siogw/siogw/internal/kv"
)

// The functions of the capability kv. Their answers are numbers and no errors wherever a client's bytes can be
// the cause: who can make a plugin fail at will can take it out of service.

func hostKVGet(ctx context.Context, mod api.Module, stack []uint64) {
	i := instanceOf(ctx)
	key := read(mod, stack[0], stack[1], "key", anyLength)
	place := read(mod, stack[2], stack[3], "buffer for a value", anyLength)
	status := i.kvMay(key, nil)
	if status == 0 {
		ctx, cancel := i.storing()
		value, err := i.pool.opt.Store.Get(ctx, i.value[:0], key)
		cancel()
		if status = kvStatus(err); err == nil {
			i.value = value
			if status = int32(len(value)); len(value) <= len(place) {
				copy(place, value)
			}
		}
	}
	stack[0] = api.EncodeI32(status)
}

func hostKVSet(ctx context.Context, mod api.Module, stack []uint64) {
	i := instanceOf(ctx)
	key := read(mod, stack[0], stack[1], "key", anyLength)
	value := read(mod, stack[2], stack[3], "value", anyLength)
	status := i.kvMay(key, value)
	if status == 0 {
		ctx, cancel := i.storing()
		status = kvStatus(i.pool.opt.Store.Set(ctx, key, value, millis(stack[4])))
		cancel()
	}
	stack[0] = api.EncodeI32(status)
}

func hostKVDelete(ctx context.Context, mod api.Module, stack []uint64) {
	i := instanceOf(ctx)
	key := read(mod, stack[0], stack[1], "key", anyLength)
	status := i.kvMay(key, nil)
	if status == 0 {
		ctx, cancel := i.storing()
		existed, err := i.pool.opt.Store.Delete(ctx, key)
		cancel()
		if status = kvStatus(err); existed {
			status = 1
		}
	}
	stack[0] = api.EncodeI32(status)
}

func hostKVAdd(ctx context.Context, mod api.Module, stack []uint64) {
	i := instanceOf(ctx)
	key := read(mod, stack[0], stack[1], "key", anyLength)
	out := read(mod, stack[4], 8, "place of a sum", anyLength)
	status := i.kvMay(key, nil)
	if status == 0 {
		ctx, cancel := i.storing()
		sum, err := i.pool.opt.Store.Add(ctx, key, int64(stack[2]), millis(stack[3]))
		cancel()
		if status = kvStatus(err); err == nil {
			binary.LittleEndian.PutUint64(out, uint64(sum))
		}
	}
	stack[0] = api.EncodeI32(status)
}

// storing gives the context for a call of the store, which must not outlive the guest's deadline. The store in memory
// waits for nothing.
func (i *instance) storing() (context.Context, context.CancelFunc) {
	if _, ok := i.pool.opt.Store.(*kv.Store); ok {
		return i.caller, func() {}
	}
	return context.WithDeadline(i.caller, i.deadline)
}

// kvMay gives why a call of the store is not made, 0 when it is.
func (i *instance) kvMay(key, value []byte) int32 {
	if i.kvs++; !i.deciding || i.kvs > MaxKVCalls {
		return KVUnavailable
	}
	if len(key) == 0 || len(key) > MaxKey || len(value) > MaxValue {
		return KVSize
	}
	return 0
}

// millis reads a time to live; 0 is the store's most.
func millis(raw uint64) time.Duration {
	ms := int64(raw)
	if ms <= 0 || ms > math.MaxInt64/int64(time.Millisecond) {
		return 0
	}
	return time.Duration(ms) * time.Millisecond
}

// The functions of the capabilities clock and random.

func hostTime(ctx context.Context, _ api.Module, stack []uint64) {
	stack[0] = uint64(instanceOf(ctx).time)
}

func hostRandom(ctx context.Context, mod api.Module, stack []uint64) {
	i := instanceOf(ctx)
	place := read(mod, stack[0], stack[1], "place for random bytes", MaxRandom)
	if i.drawn += len(place); i.drawn > MaxRandom {
		panic(fmt.Errorf("%w: more than %d random bytes", ErrABI, MaxRandom))
	}
	if !i.deciding {
		panic(fmt.Errorf("%w: random before a decision", ErrABI))
	}
	i.random(place)
}
