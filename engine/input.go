package engine

import (
	"encoding/json"
	"time"

	"github.com/siogw/siogw/internal/clock"
)

// Version is the value of `version` in every rendered input.
const Version = "siogw/v1"

// Kind says what is being decided. The zero value is no kind and is denied.
type Kind uint8

// The kinds of input.
const (
	Handshake  Kind = iota + 1 // the HTTP request that opens a session
	Connect                    // a namespace CONNECT
	Join                       // an event that the configuration maps to entering a room
	Leave                      // an event that the configuration maps to leaving a room
	Event                      // client to server
	Ack                        // an answer: the client's (In) or the server's (Out)
	Emit                       // server to client
	Disconnect                 // logged only, never decided
)

var kindNames = [...]string{"", "handshake", "connect", "join", "leave", "event", "ack", "emit", "disconnect"}

// String gives the name that policies see, "" for no kind.
func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return ""
}

// ParseKind is the inverse of String; ok is false for a name that is none.
func ParseKind(name string) (k Kind, ok bool) {
	for i, n := range kindNames {
		if i > 0 && n == name {
			return Kind(i), true
		}
	}
	return 0, false
}

// Direction is the way a packet travels.
type Direction uint8

// The directions.
const (
	In  Direction = iota + 1 // downstream (client) to upstream (server)
	Out                      // upstream (server) to downstream (client)
)

// String gives "in" or "out", "" for the zero value.
func (d Direction) String() string {
	switch d {
	case In:
		return "in"
	case Out:
		return "out"
	}
	return ""
}

// Input is what a policy or plugin sees of one packet. It is read-only: a plugin that wants another
// content says so in its Verdict. It and its byte slices are valid only during the call.
type Input struct {
	Kind        Kind
	Direction   Direction
	Time        time.Time
	Namespace   string       // with its leading slash; "" for a handshake
	Event       string       // the event's name; for an ack the name of the event that it answers, if known
	Args        []byte       // the arguments as one JSON array, the event's name not among them; nil where the kind has none
	Auth        []byte       // the CONNECT payload as a JSON object; nil where there is none
	Room        string       // the room that the configuration maps the packet to; "" for none
	Ack         bool         // the sender asked for an answer
	Bytes       int          // size of the packet as it came, attachments included
	Attachments []Attachment // in the order of their placeholders
	Identity    *Identity    // nil reads as not authenticated
	Session     *Session
	Plugins     []Output      // what plugins before this one said, in their order
	Turn        Turn          // of who asks, during the call; nil for one that may wait. See Leave
	Begun       clock.Reading // when the decision began; 0 for now
	Untimed     bool          // nobody asks what each plugin took, nor for the id of what is allowed

	// Shared keeps what is made of the packet, where it goes to many sessions; nil for others. Policies do not see it.
	Shared *Shared
	Last   *Last // of who sends; nil where nobody remembers
}

// Attachment is one binary argument. In Args it stands as {"_placeholder":true,"num":i}.
type Attachment struct {
	Data []byte
	Type string // media type, sniffed from the content
}

// Output is what one plugin told those after it: input.plugins.NAME.
type Output struct {
	Plugin string
	Labels json.RawMessage // a JSON object
}

// Identity is who the client has proved to be. It is immutable once built.
type Identity struct {
	Authenticated bool
	Sub           string
	Roles         []string
	Scopes        []string
	Claims        json.RawMessage // the verified claims, a JSON object; nil reads as {}
	ExpiresAt     int64           // seconds since 1970, 0 for never

	// Issuer tells apart those with the same Sub; Until is when the gateway ends the identity, ExpiresAt with the
	// leeway of clocks, and zero for never. Policies see neither.
	Issuer string
	Until  time.Time

	Forms Forms // renderings, kept by the plugins that made them
}

// Session is what is known of the connection. It is immutable: the gateway makes a new one on each
// change, so that a plugin may keep a rendering of it in Forms.
type Session struct {
	ID         string
	EIO        int    // Engine.IO protocol revision, 3 or 4
	Transport  string // polling or websocket
	IP         string
	Secure     bool // came over TLS
	Opened     time.Time
	Rooms      []string // sorted; of the namespace that the packet is for
	Namespaces []string // sorted; those that are connected
	Origin     string
	Headers    map[string]string // names in lower case, repeated values joined by ", "
	Query      map[string]string // the last value of each key

	Forms Forms
}

// AgeMillis gives input.session.age_ms at the time of in.
func (s *Session) AgeMillis(now time.Time) int64 {
	return max(0, now.Sub(s.Opened).Milliseconds())
}
