// Package siogw is for writing plugins of the siogw gateway in Go: WebAssembly guests that judge the
// packets of Socket.IO connections.
//
// A plugin registers one judge and, if it likes, one reader of its configuration, in an init function:
//
//	func init() { siogw.OnStrings(func(i int, s string) (string, bool) { … }) }
//	func main() {}
//
// and is built with GOOS=wasip1 GOARCH=wasm go build -buildmode=c-shared. Which of the On functions it calls
// must agree with the view that its manifest asks for.
package siogw

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
)

// Effect is the outcome of a verdict.
type Effect string

// The effects.
const (
	Allow   Effect = "allow"
	Deny    Effect = "deny"
	Abstain Effect = "abstain"
)

// Verdict is a plugin's answer. The zero value allows and changes nothing.
type Verdict struct {
	Effect  Effect            `json:"effect"`            // "" is Allow
	Code    any               `json:"code,omitempty"`    // of a denial: a string or number that the client sees
	Reason  string            `json:"reason,omitempty"`  // of a denial, for people
	Data    any               `json:"data,omitempty"`    // of a denial: what else the client may know
	Args    []any             `json:"args,omitempty"`    // replaces the arguments
	Auth    map[string]any    `json:"auth,omitempty"`    // replaces the CONNECT payload
	Patch   []Operation       `json:"patch,omitempty"`   // RFC 6902, under /args or /auth
	Strings map[string]string `json:"strings,omitempty"` // replaces strings by their number in the strings view
	Labels  map[string]any    `json:"labels,omitempty"`  // later plugins see them as input.plugins.NAME
	Score   float64           `json:"score,omitempty"`   // the label "score"

	// Attachments replaces binary attachments by their number in the packet; no bytes leave it empty.
	Attachments map[string][]byte `json:"attachments,omitempty"`
	// Dropped are the numbers of attachments to drop: null stands in their place in the arguments.
	Dropped []int `json:"-"`
}

// Operation is one operation of an RFC 6902 patch.
type Operation struct {
	Op    string `json:"op"`
	Path  string `json:"path"`
	From  string `json:"from,omitempty"`
	Value any    `json:"value,omitempty"`
}

// Denied makes a denying verdict.
func Denied(code, reason string) Verdict {
	return Verdict{Effect: Deny, Code: code, Reason: reason}
}

// Input is what the input view shows. Keys that do not apply are zero.
type Input struct {
	Version     string                     `json:"version"`
	Kind        string                     `json:"kind"`
	Direction   string                     `json:"direction"`
	Time        string                     `json:"time"` // RFC 3339
	Namespace   string                     `json:"namespace"`
	Event       string                     `json:"event"`
	Args        []json.RawMessage          `json:"args"`
	Auth        json.RawMessage            `json:"auth"`
	Room        string                     `json:"room"`
	Ack         bool                       `json:"ack"`
	Bytes       int                        `json:"bytes"`
	Attachments []Attachment               `json:"attachments"`
	Identity    Identity                   `json:"identity"`
	Session     Session                    `json:"session"`
	Plugins     map[string]json.RawMessage `json:"plugins"`
}

// Attachment is one binary argument.
type Attachment struct {
	Bytes int    `json:"bytes"`
	Type  string `json:"type"`
}

// Identity is who the client has proved to be.
type Identity struct {
	Authenticated bool            `json:"authenticated"`
	Sub           string          `json:"sub"`
	Roles         []string        `json:"roles"`
	Scopes        []string        `json:"scopes"`
	Claims        json.RawMessage `json:"claims"`
	ExpiresAt     int64           `json:"expires_at"` // seconds since 1970, 0 for never
}

// Session is what is known of the connection.
type Session struct {
	ID         string            `json:"id"`
	EIO        int               `json:"eio"`
	Transport  string            `json:"transport"`
	IP         string            `json:"ip"`
	Secure     bool              `json:"secure"`
	AgeMillis  int64             `json:"age_ms"`
	Rooms      []string          `json:"rooms"`
	Namespaces []string          `json:"namespaces"`
	Origin     string            `json:"origin"`
	Headers    map[string]string `json:"headers"`
	Query      map[string]string `json:"query"`
}

var (
	judge     = func([]byte) ([]byte, error) { return nil, errors.New("the plugin registered no judge") }
	configure = func([]byte) error { return nil }
)

// OnConfig registers the reader of the plugin's configuration: JSON, or nothing when the operator gave
// none. Its error refuses the configuration and is shown to the operator.
func OnConfig(read func(config []byte) error) { configure = read }

// OnInput registers a judge of whole inputs (view "input"). It costs some 20 µs a packet to take one apart:
// where the strings or a few fields are enough, OnStrings and OnBytes are cheaper.
func OnInput(decide func(in *Input) Verdict) {
	judge = func(view []byte) ([]byte, error) {
		var in Input
		if err := json.Unmarshal(view, &in); err != nil {
			return nil, fmt.Errorf("input: %w", err)
		}
		return encode(decide(&in))
	}
}

// OnBytes registers a judge of the raw view, whichever the manifest asks for. The bytes are valid during
// the call.
func OnBytes(decide func(view []byte) Verdict) {
	judge = func(view []byte) ([]byte, error) { return encode(decide(view)) }
}

// OnRaw registers a judge of the raw view that writes its verdict's JSON itself (ABI.md, section 5), nil for
// allow and unchanged: with Walk and AppendText, a plugin without encoding/json is half the size. The bytes
// are valid during the call.
func OnRaw(decide func(view []byte) (verdict []byte, err error)) { judge = decide }

// OnStrings registers a judge of the arguments' strings one by one (view "strings"): it gets each with its
// number and gives what is to stand in its place, or false to leave it. The string is valid during the call.
func OnStrings(replace func(i int, s string) (string, bool)) {
	judge = func(view []byte) ([]byte, error) { return replaceStrings(view, replace) }
}

// OnAllStrings registers a judge of all the arguments' strings together (view "strings").
func OnAllStrings(decide func(all []string) Verdict) {
	judge = func(view []byte) ([]byte, error) {
		all, err := splitStrings(view)
		if err != nil {
			return nil, err
		}
		return encode(decide(all))
	}
}

func encode(v Verdict) ([]byte, error) {
	if v.plain() {
		return nil, nil
	}
	if v.Effect == "" {
		v.Effect = Allow
	}
	for i, b := range v.Attachments {
		if b == nil {
			v.Attachments[i] = []byte{} // JSON's null drops it
		}
	}
	for _, i := range v.Dropped {
		if v.Attachments == nil {
			v.Attachments = map[string][]byte{}
		}
		v.Attachments[strconv.Itoa(i)] = nil
	}
	return json.Marshal(v)
}

// plain reports whether v allows and changes nothing: the answer that costs nothing.
func (v *Verdict) plain() bool {
	return (v.Effect == "" || v.Effect == Allow) && v.Args == nil && v.Auth == nil &&
		v.Patch == nil && v.Strings == nil && v.Labels == nil && v.Score == 0 && v.Attachments == nil && v.Dropped == nil
}
