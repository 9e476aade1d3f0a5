package engine

import (
	"encoding/base32"
	"encoding/binary"
	"math/rand/v2"
	"time"
)

// ID names one decision: 128 random bits. It goes to the client and into the log, so that one can be
// found from the other.
type ID [16]byte

var idText = base32.NewEncoding("0123456789abcdefghjkmnpqrstvwxyz").WithPadding(base32.NoPadding)

// NewID gives a fresh id. It need not be unguessable, only unique: math/rand/v2 is seeded per process.
func NewID() (id ID) {
	binary.LittleEndian.PutUint64(id[:8], rand.Uint64())
	binary.LittleEndian.PutUint64(id[8:], rand.Uint64())
	return id
}

// String gives 26 characters.
func (id ID) String() string { return idText.EncodeToString(id[:]) }

// Append appends these to dst.
func (id ID) Append(dst []byte) []byte { return idText.AppendEncode(dst, id[:]) }

// Decision is the combined answer to one Input.
type Decision struct {
	ID     ID     // none of what is allowed where nobody asks, see Input.Untimed
	Effect Effect // Allow or Deny, nothing else
	Denial        // of the plugin that denied
	By     string // the plugin that denied; "" when none did

	// What is to be forwarded in place of the input's, nil where it is unchanged.
	Args        []byte
	Auth        []byte
	Attachments []Attachment
	Shared      *Shared // of the packet with these; nil where the input has none, or nothing is replaced

	Steps []Step // one for each plugin that was asked, in order
	Took  time.Duration

	Repeated   bool    // it was made before, on the same packet: no plugin was asked
	Made       *Shared // keeps what is made of a decision that is repeated: of all but ID, Took and Generation. Who changes it sets nil
	Generation uint64  // counts the reloads of what it was made by; 0 where nobody counts

	Room []Step // for Steps, empty. Those of a decision that is repeated are elsewhere, for all to read
}

// Spare gives the room that d had for its Steps, which are forgotten.
func (d *Decision) Spare() []Step {
	if d.Repeated || d.Steps == nil {
		return d.Room
	}
	clear(d.Steps)
	return d.Steps[:0]
}

// Transformed reports whether the packet must be written anew.
func (d *Decision) Transformed() bool {
	return d.Args != nil || d.Auth != nil || d.Attachments != nil
}

// Step is one plugin's part in a decision, as the log shows it.
type Step struct {
	Plugin  string
	Mode    Mode
	Verdict Verdict
	Took    time.Duration // 0 where nobody asked
}

// Refuse makes the decision of something before the plugins: a limit, the state machine, a bad packet.
func Refuse(code Code, reason string) Decision {
	if reason == "" {
		reason = code.String()
	}
	return Decision{ID: NewID(), Effect: Deny, Denial: Denial{Code: code, Reason: reason}, By: "gateway"}
}
