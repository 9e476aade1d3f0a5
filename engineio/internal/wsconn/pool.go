package wsconn

import "sync"

// keep is the largest buffer that is kept for the next use.
const keep = 64 << 10

// buffers are for messages being read and frames being written: an idle connection holds none.
var buffers = sync.Pool{New: func() any { b := make([]byte, 0, 2<<10); return &b }}

func getBuffer() []byte { return (*buffers.Get().(*[]byte))[:0] }

func putBuffer(b []byte) {
	if cap(b) <= keep {
		buffers.Put(&b)
	}
}

// block is such a buffer, in a form that goes into the pool without another.
type block struct{ b []byte }

const freshBlock = 2 << 10

var blocks = sync.Pool{New: func() any { return &block{make([]byte, 0, freshBlock)} }}

func getBlock() *block { return blocks.Get().(*block) }

func putBlock(b *block) {
	if cap(b.b) <= keep {
		b.b = b.b[:0]
		blocks.Put(b)
	}
}

// frames are the buffers in which gorilla/websocket makes frames, shared by all connections.
var frames sync.Pool

const frameBuffer = 16 << 10 // a client's longer messages are sent in fragments
