package socketio

import (
	"bytes"
	"hash/maphash"
	"sync/atomic"

	"github.com/siogw/siogw/internal/strictjson"
)

// names keeps event names that came lately, one for each place: most packets bring one of a few, and need no string of
// their own then. It holds some 100 KiB at the most, whatever clients call their events.
var names [1024]atomic.Pointer[string]

// maxKeptName bounds the bytes of one of them.
const maxKeptName = 64

var namesSeed = maphash.MakeSeed()

// nameOf gives what a raw string says.
func nameOf(raw []byte) string {
	name := raw[1 : len(raw)-1]
	if len(name) > maxKeptName || bytes.IndexByte(name, '\\') >= 0 {
		return strictjson.String(raw)
	}
	at := &names[maphash.Bytes(namesSeed, name)%uint64(len(names))]
	if known := at.Load(); known != nil && *known == string(name) {
		return *known
	}
	fresh := string(name)
	at.Store(&fresh)
	return fresh
}
