// Package shields is the registry of virtual patches: for each published attack on Socket.IO servers that bytes on
// the wire can trigger, what stops it at the gateway, in which state that is, and how often it did.
//
// Most attacks fall to what the gateway is: it ends HTTP, WebSocket and Engine.IO itself and lets one canonical form
// of a packet through. Their shields name that mechanism, count where that is cheap, and cannot be switched off. The
// others are rules on a decoded packet, checked in front of the engine ([Set.Check]).
package shields

import (
	"embed"
	"io/fs"
	"slices"

	"github.com/siogw/siogw/engine"
)

// Mechanism says what stops an attack.
type Mechanism string

// The mechanisms. Only a Rule can be switched.
const (
	CanonicalForm Mechanism = "canonical form" // two parsers could read it differently, or no server should
	ProtocolBreak Mechanism = "protocol break" // HTTP, WebSocket or Engine.IO ends at the gateway; it never travels on
	Limit         Mechanism = "limit"          // a limit of the configuration
	StateMachine  Mechanism = "state machine"  // out of the protocol's order
	OriginCheck   Mechanism = "origin check"   // origins
	Rule          Mechanism = "rule"           // a check of its own
)

// Shield is one virtual patch.
type Shield struct {
	ID      string    // CVE or GHSA, or a name where the attack has no number
	Aliases []string  // other names of the same
	Stops   string    // the trigger and its effect, one line
	Affects string    // packages and versions
	By      Mechanism // what stops it
	How     string    // how, and the configuration key where there is one; one sentence
	// CountedAs is the ID under which its attacks are counted, where they cannot be told from another's;
	// "-" where the gateway never notices them.
	CountedAs string
	// Default is the state where the configuration names none: Enforce but for shields to opt in to.
	Default engine.Mode

	match func(*engine.Input) bool // of a Rule
}

// Switchable reports whether the configuration may set the state.
func (s *Shield) Switchable() bool { return s.By == Rule }

//go:embed triggers/*.txt
var triggers embed.FS

// Trigger gives the bytes that set the attack off, as a script that test/advisories plays; "" where there is none.
func (s *Shield) Trigger() string {
	text, err := fs.ReadFile(triggers, "triggers/"+s.ID+".txt")
	if err != nil {
		return ""
	}
	return string(text)
}

// All gives every shield, in the order of the listing.
func All() []*Shield { return slices.Clone(registry) }

// Find gives the shield with an ID or alias, nil for none.
func Find(name string) *Shield {
	if i, ok := index[name]; ok {
		return registry[i]
	}
	return nil
}

// registry is complete: a test holds it against docs/shields.md and the triggers.
var registry = slices.Concat(socketIO, engineIO, webSocket, plugins, others)

// index is where in registry an ID or alias is.
var index = func() map[string]int {
	m := map[string]int{}
	for i, s := range registry {
		m[s.ID] = i
		for _, alias := range s.Aliases {
			m[alias] = i
		}
	}
	return m
}()
