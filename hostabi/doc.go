// Package hostabi runs guests: WebAssembly modules that judge inputs, as ABI.md describes (normative).
// It loads a module, meters it (package meter), and keeps a pool of instances that are bounded in memory,
// time and number, and are thrown away after any error. It knows bytes in and bytes out; what they mean
// is the business of plugins/wasm.
package hostabi

import "time"

// The limits of ABI.md, section 7. Beyond one marked "trap" the call fails with ErrABI; beyond the others the
// surplus is dropped, or the call answers so.
const (
	MaxModule      = 64 << 20 // bytes of a module
	MaxView        = 64 << 20 // bytes pushed by one call
	MaxVerdict     = 4 << 20  // bytes of a verdict; trap
	MaxConfigError = 4 << 10  // bytes of a configure error that are kept
	MaxLogs        = 16       // log calls heard of one call
	MaxLog         = 1 << 10  // bytes of one log text that are kept
	MaxStdio       = 4 << 10  // bytes of stdout and stderr kept of one call
	MaxLabels      = 16       // label calls of one call; trap
	MaxLabelKey    = 64       // bytes; trap
	MaxLabelValue  = 1 << 10  // bytes; trap
	MaxCounts      = 64       // counter calls of one call; trap
	MaxCounterName = 64       // bytes of [a-z0-9_]; trap
	MaxKVCalls     = 64       // kv_ calls of one call; KVUnavailable
	MaxKey         = 256      // bytes of a key of the store; KVSize
	MaxValue       = 64 << 10 // bytes of a value of the store; KVSize
	MaxRandom      = 4 << 10  // bytes of one call; trap
	MaxSessions    = 1000     // instances of lifetime session, unless configured; ErrSessions
	slice          = 100_000  // fuel between two looks at the clock
	overtime       = 2        // slices that a guest past its deadline still has: it may have waited for a processor, not worked
	firstBuffer    = 4 << 10  // bytes first asked of siogw_alloc
	defaultMemory  = 16 << 20
	defaultTimeout = 5 * time.Millisecond
	defaultStart   = 10 * time.Second
	maxSize        = 256
	maxSessions    = 1 << 16
	pageSize       = 64 << 10
	stdioLevel     = 0 // the level that stdout and stderr are logged at: debug
)

// Log levels of the siogw.log import.
const (
	LevelDebug = iota
	LevelInfo
	LevelWarn
	LevelError
)
