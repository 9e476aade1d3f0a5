package identity

import "github.com/siogw/siogw/engine"

// leave gives a turn away, see [engine.Turn]; nil is none.
func leave(turn engine.Turn) bool { return turn == nil || turn.Leave() }

// slowAlgorithm reports whether to verify or to sign by alg may take a millisecond. Go has no assembly for these curves.
func slowAlgorithm(alg string) bool { return alg == "ES384" || alg == "ES512" }
