//go:build wasip1

package siogw

import "unsafe"

//go:wasmimport siogw kv_get
func hostKVGet(key unsafe.Pointer, keyLen uint32, value unsafe.Pointer, valueCap uint32) int32

//go:wasmimport siogw kv_set
func hostKVSet(key unsafe.Pointer, keyLen uint32, value unsafe.Pointer, valueLen uint32, ttl int64) int32

//go:wasmimport siogw kv_delete
func hostKVDelete(key unsafe.Pointer, keyLen uint32) int32

//go:wasmimport siogw kv_add
func hostKVAdd(key unsafe.Pointer, keyLen uint32, delta, ttl int64, sum unsafe.Pointer) int32

//go:wasmimport siogw time_ms
func timeMillis() int64

//go:wasmimport siogw random
func hostRandom(p unsafe.Pointer, n uint32)

func kvGet(key string, value []byte) int32 {
	return hostKVGet(unsafe.Pointer(unsafe.StringData(key)), uint32(len(key)), unsafe.Pointer(unsafe.SliceData(value)), uint32(len(value)))
}

func kvSet(key string, value []byte, ttl int64) int32 {
	return hostKVSet(unsafe.Pointer(unsafe.StringData(key)), uint32(len(key)), unsafe.Pointer(unsafe.SliceData(value)), uint32(len(value)), ttl)
}

func kvDelete(key string) int32 {
	return hostKVDelete(unsafe.Pointer(unsafe.StringData(key)), uint32(len(key)))
}

func kvAdd(key string, delta, ttl int64) (sum int64, status int32) {
	var out [8]byte
	status = hostKVAdd(unsafe.Pointer(unsafe.StringData(key)), uint32(len(key)), delta, ttl, unsafe.Pointer(&out))
	for i, b := range out {
		sum |= int64(b) << (8 * i)
	}
	return sum, status
}

// Random fills b with bytes that nobody can foresee, at most 4 KiB a packet. The manifest asks for it with
// "capabilities":["random"]. The random bytes of the standard library are the same in each instance of a plugin.
func Random(b []byte) {
	hostRandom(unsafe.Pointer(unsafe.SliceData(b)), uint32(len(b)))
}
