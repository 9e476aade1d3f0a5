// Package demo is `siogw demo`: a chat server that trusts everybody, a gateway with real policies before it,
// and one page on which to attack it and see each decision.
package demo
