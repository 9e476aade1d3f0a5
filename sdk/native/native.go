// Package native is for the authors of native plugins: programs that judge packets for siogw, in a process of their own. A
// program calls [Serve] in its main and is otherwise an ordinary one, which its tests need not start:
//
//	//go:embed revocation.manifest.json
//	var manifest []byte
//
//	func main() { native.Serve(manifest, start) }
//
//	func start(config []byte) (native.Plugin, error) { … }
package native

import (
	"context"
	"encoding/json"
)

// Plugin judges packets, many at a time: it is safe for concurrent use.
type Plugin interface {
	// Decide judges what the manifest asks to see, such as the arguments as JSON. view is valid during the call. An
	// answer after the deadline of ctx is for nobody.
	Decide(ctx context.Context, view []byte) Verdict
}

// Func is a Plugin of one function.
type Func func(ctx context.Context, view []byte) Verdict

// Decide implements Plugin.
func (f Func) Decide(ctx context.Context, view []byte) Verdict { return f(ctx, view) }

// Start makes the plugin of a configuration, the JSON that the operator wrote, {} for nothing. An error refuses it: the
// gateway does not start, or keeps the configuration before. A Plugin that implements io.Closer is closed in the end.
type Start func(config []byte) (Plugin, error)

// Verdict is the answer. The zero value is none, and counts as a failure. See hostabi/ABI.md, section 5.
type Verdict struct {
	Effect string `json:"effect"` // allow, deny or abstain

	// Of a denial, for the client.
	Code   any    `json:"code,omitempty"`   // a string or number; default 110
	Reason string `json:"reason,omitempty"` // at most 1 KiB
	Data   any    `json:"data,omitempty"`   // at most 16 KiB of JSON

	// What is changed, unless it is denied: one of Args, Patch and Strings.
	Args        json.RawMessage `json:"args,omitempty"`        // an array in place of all arguments
	Patch       json.RawMessage `json:"patch,omitempty"`       // RFC 6902, on /args or /auth
	Strings     map[int]string  `json:"strings,omitempty"`     // by their number in the view strings
	Auth        json.RawMessage `json:"auth,omitempty"`        // an object in place of the CONNECT payload
	Attachments map[int]*[]byte `json:"attachments,omitempty"` // by their number; nil drops one

	Labels map[string]any `json:"labels,omitempty"` // what the policy sees as input.plugins.NAME
	Score  *float64       `json:"score,omitempty"`  // the label score

	Error string `json:"error,omitempty"` // the plugin could not judge: the operator's on_error decides
}

// Allow lets the packet pass.
func Allow() Verdict { return Verdict{Effect: "allow"} }

// Abstain leaves it to others.
func Abstain() Verdict { return Verdict{Effect: "abstain"} }

// Deny refuses the packet. code is for programs, reason for people.
func Deny(code, reason string) Verdict { return Verdict{Effect: "deny", Code: code, Reason: reason} }

// Fail tells that the plugin could not judge; the operator's on_error decides. err goes to the log, not to the client.
func Fail(err error) Verdict { return Verdict{Error: err.Error()} }

// JSON gives the verdict as the gateway reads it; nothing for an Allow that changes and labels nothing.
func (v *Verdict) JSON() []byte {
	if v.Error != "" {
		v = &Verdict{Effect: "deny", Error: v.Error}
	}
	if v.Effect == "allow" && v.plain() {
		return nil
	}
	b, err := json.Marshal(v)
	if err != nil {
		failed := Fail(err)
		return failed.JSON()
	}
	return b
}

func (v *Verdict) plain() bool {
	return v.Code == nil && v.Reason == "" && v.Data == nil && v.Args == nil && v.Patch == nil && v.Strings == nil &&
		v.Auth == nil && v.Attachments == nil && v.Labels == nil && v.Score == nil
}
