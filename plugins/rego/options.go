package rego

import (
	"io/fs"
	"time"
)

// DefaultTimeout bounds one evaluation where Options do not: long enough that a busy machine alone does not
// deny, short enough that a policy which a client makes slow does not hold its session for long.
const DefaultTimeout = time.Second

// DefaultMaxBytes bounds what a transform may make where Options do not.
const DefaultMaxBytes = 1 << 20

// Options say what to load and how to evaluate it.
type Options struct {
	// Paths are .rego files, .json and .yaml data files, bundles (.tar.gz) and directories of all these.
	// Data in a directory is found under its path below that directory, as with opa run. In directories
	// names that begin with a dot and tests (*_test.rego) are passed over.
	Paths []string
	// Files, when not nil, is another such directory, loaded beside Paths.
	Files fs.FS
	// Schema is the JSON Schema of the input that policies are checked against; nil for the contract's.
	Schema []byte
	// Timeout bounds one evaluation: 0 for DefaultTimeout, negative for none beside the context's.
	Timeout time.Duration
	// MaxBytes bounds the text of args and auth after a transform, each: 0 for DefaultMaxBytes.
	MaxBytes int
	// Strict makes unused variables and imports errors, as opa check --strict does.
	Strict bool
	// Unsafe names built-in functions to permit that are refused otherwise: http.send,
	// net.lookup_ip_addr (a client could make the gateway wait and connect) and opa.runtime (environment
	// and configuration).
	Unsafe []string
	// Args, when not nil, says what the args of events can be.
	Args *ArgsTypes
	// Memo bounds the decisions that are remembered; the zero value remembers none.
	Memo MemoOptions
	// LogRules names rules for OPA's decision logs beside those of package system.log, as OPA's mask_decision and
	// drop_decision do: /logs/mask. Their packages are no part of the decision.
	LogRules []string
	// Topdown has OPA's own evaluator serve, and not closures.
	Topdown bool
}

func (o *Options) timeout() time.Duration {
	if o.Timeout == 0 {
		return DefaultTimeout
	}
	return max(0, o.Timeout)
}

func (o *Options) maxBytes() int {
	if o.MaxBytes == 0 {
		return DefaultMaxBytes
	}
	return o.MaxBytes
}
