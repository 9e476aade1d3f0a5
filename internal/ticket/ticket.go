// Package ticket keeps one-time connection tickets: what an application's backend says of a client, which the client
// then shows with a number that nobody can guess, once and within seconds.
package ticket

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"net/netip"
	"strings"
	"time"
)

// Prefix begins every ticket, so that scanners for leaked secrets know one.
const Prefix = "sgt_"

const size = 32 // bytes of randomness

// Why a ticket is not taken, or not issued.
var (
	ErrUnknown = errors.New("it was never issued, or is long over")
	ErrUsed    = errors.New("it was used before")
	ErrExpired = errors.New("it is past its time")
	ErrBound   = errors.New("it is for another namespace or address")
	ErrFull    = errors.New("too many tickets wait to be used")
)

// Grant is what a ticket is good for.
type Grant struct {
	Sub           string
	Roles, Scopes []string
	Claims        []byte        // a JSON object; nil for none
	Namespace     string        // the only one that may be entered with it; "" for any
	Addr          netip.Addr    // the only client that may use it; the zero value for any
	Expires       time.Time     // of the ticket
	Lifetime      time.Duration // of the identity, from the ticket's use; 0 for no end
}

// Use says who shows a ticket.
type Use struct {
	Namespace string // "" at the handshake, which enters none yet
	Addr      netip.Addr
}

// fits reports whether g is for u.
func (g *Grant) fits(u Use) bool {
	return (g.Namespace == "" || u.Namespace == "" || g.Namespace == u.Namespace) &&
		(!g.Addr.IsValid() || g.Addr.Unmap() == u.Addr.Unmap())
}

// cost is what is held against the bytes of a store.
func (g *Grant) cost() int64 {
	n := entrySize + len(g.Sub) + len(g.Claims) + len(g.Namespace)
	for _, list := range [][]string{g.Roles, g.Scopes} {
		for _, s := range list {
			n += len(s) + 16
		}
	}
	return int64(n)
}

// sum is what a store knows of a ticket: who reads the store has no ticket. It is of so many random bits that neither
// guessing one nor timing the look-up tells anything.
type sum [sha256.Size]byte

var base64url = base64.RawURLEncoding.Strict()

// issue makes a ticket.
func issue() (ticket string, s sum) {
	var secret [size]byte
	_, _ = rand.Read(secret[:]) // never fails
	return Prefix + base64url.EncodeToString(secret[:]), sha256.Sum256(secret[:])
}

// parse gives the sum of a ticket; ok is false for what is none.
func parse(ticket string) (s sum, ok bool) {
	text, ok := strings.CutPrefix(ticket, Prefix)
	if !ok || len(text) != base64url.EncodedLen(size) || strings.ContainsAny(text, "\r\n") { // which the decoder skips
		return s, false
	}
	secret, err := base64url.DecodeString(text)
	if err != nil || len(secret) != size {
		return s, false
	}
	return sha256.Sum256(secret), true
}
