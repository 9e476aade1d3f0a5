package hostabi

import "errors"

// What a call can end with. Each is wrapped with the details.
var (
	ErrTimeout = errors.New("guest timed out")          // its deadline, its fuel, or nobody free to serve it
	ErrMemory  = errors.New("guest out of memory")      // more than its cap
	ErrTrap    = errors.New("guest trapped")            // an instruction that traps, an exit, a call stack used up
	ErrABI     = errors.New("guest breaks the ABI")     // a bad module, pointer, length or host call
	ErrConfig  = errors.New("guest refused its config") // siogw_configure returned a text
	ErrProgram = errors.New("program refused")          // siogw_program returned a text
	ErrClosed  = errors.New("guest is closed")          // after Pool.Close
	ErrBusy    = errors.New("no instance is free")      // all are at work, for longer than the caller waits; with ErrTimeout
	// ErrSessions: as many sessions have an instance as may.
	ErrSessions = errors.New("no instance for another session")
	errFuel     = errors.New("out of fuel")                // reaches callers as ErrTimeout
	errStack    = errors.New("call stack exhausted")       // reaches callers as ErrTrap
	errLate     = errors.New("deadline exceeded in guest") // reaches callers as ErrTimeout
)
