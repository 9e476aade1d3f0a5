package rego

import (
	"slices"

	"github.com/siogw/siogw/engine"
)

// argsKey is what the part of a key that comes from the args alone is kept by, for a packet that goes to many sessions.
type argsKey struct{ *plan }

// argsPart is what the args alone make of a key. ok is false where the evaluator may refuse the text.
type argsPart struct {
	key []byte
	ok  bool
}

// appendArgs appends what of the args decides about in.
func (pl *plan) appendArgs(dst []byte, in *engine.Input) (key []byte, ok bool) {
	if known, found := in.Shared.Get(argsKey{pl}).(*argsPart); found {
		return append(dst, known.key...), known.ok
	}
	at := len(dst)
	dst, ok = pl.args.append(dst, in.Args)
	if in.Shared != nil {
		in.Shared.Keep(argsKey{pl}, &argsPart{slices.Clone(dst[at:]), ok}, len(dst)-at)
	}
	return dst, ok
}

// readableArgs is what [readable] says of the args.
type readableArgs struct{}

// argsReadable reports whether the evaluator will surely read all of the args.
func argsReadable(in *engine.Input) bool {
	if known, found := in.Shared.Get(readableArgs{}).(bool); found {
		return known
	}
	ok := readable(in.Args)
	in.Shared.Keep(readableArgs{}, ok, 1)
	return ok
}
