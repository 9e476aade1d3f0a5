// Package siotest holds what tests and benchmarks need on both sides of a gateway, without node: a raw
// WebSocket client (Engine.IO 4, Socket.IO 5), a minimal upstream, and signed tokens.
//
// It shares no code with the codecs, so that a mistake there cannot hide here. Every wait is bounded.
package siotest

import "time"

// Wait bounds every wait for the other side.
const Wait = 5 * time.Second

// Quiet is how long nothing must come for a Client to believe that nothing comes.
const Quiet = 100 * time.Millisecond
