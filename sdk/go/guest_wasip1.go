//go:build wasip1

package siogw

import (
	"encoding/json"
	"runtime"
	"unsafe"
)

// What the host writes to and reads from. Both stay reachable, so that the collector lets them be.
var (
	buffer []byte
	answer []byte
)

// calls are counted to let the runtime's own goroutines have their turn now and then: a call ends without giving them one, and
// after some 400,000 calls the collector no longer gets through, and memory grows to its cap.
var calls uint32

//go:wasmexport siogw_alloc
func guestAlloc(n uint32) uint32 {
	buffer = make([]byte, n)
	return uint32(uintptr(unsafe.Pointer(unsafe.SliceData(buffer))))
}

//go:wasmexport siogw_configure
func guestConfigure(_, n uint32) uint64 {
	if err := configure(buffer[:n]); err != nil {
		return give([]byte(err.Error()))
	}
	return 0
}

//go:wasmexport siogw_decide
func guestDecide(_, n uint32) uint64 {
	if calls++; calls%64 == 0 {
		runtime.Gosched()
	}
	out, err := judge(buffer[:n])
	if err != nil {
		panic(err) // the host sees a trap, and denies
	}
	return give(out)
}

// give packs the place of b for the host, 0 for nothing.
func give(b []byte) uint64 {
	if len(b) == 0 {
		return 0
	}
	answer = b
	return uint64(uintptr(unsafe.Pointer(unsafe.SliceData(answer))))<<32 | uint64(len(b))
}

//go:wasmimport siogw log
func hostLog(level int32, p unsafe.Pointer, n uint32)

//go:wasmimport siogw label
func hostLabel(key unsafe.Pointer, keyLen uint32, value unsafe.Pointer, valueLen uint32)

//go:wasmimport siogw counter
func hostCounter(name unsafe.Pointer, n uint32, delta int64)

func logText(level int32, text string) {
	hostLog(level, unsafe.Pointer(unsafe.StringData(text)), uint32(len(text)))
}

// Label tells later plugins something: input.plugins.NAME.key. At most 16 a packet, keys of 64 bytes, values
// of 1 KiB as JSON.
func Label(key string, value any) {
	b, err := json.Marshal(value)
	if err != nil {
		panic(err)
	}
	hostLabel(unsafe.Pointer(unsafe.StringData(key)), uint32(len(key)), unsafe.Pointer(unsafe.SliceData(b)), uint32(len(b)))
}

// Count adds to a counter, named in lower case letters, digits and underscores.
func Count(name string, delta int64) {
	hostCounter(unsafe.Pointer(unsafe.StringData(name)), uint32(len(name)), delta)
}
