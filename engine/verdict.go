package engine

import (
	"context"
	"encoding/json"
)

// Effect is the outcome of a verdict or decision. The zero value is no outcome, and denies.
type Effect uint8

// The effects.
const (
	Allow   Effect = iota + 1
	Deny           // overrides every Allow
	Abstain        // no opinion: others decide; when all abstain, the decision denies
)

// String gives "allow", "deny", "abstain", or "none" for the zero value.
func (e Effect) String() string {
	switch e {
	case Allow:
		return "allow"
	case Deny:
		return "deny"
	case Abstain:
		return "abstain"
	}
	return "none"
}

// Plugin judges inputs. Implementations are safe for concurrent use.
type Plugin interface {
	// Decide judges one input. It returns by the deadline of ctx, and on any failure of its own gives
	// a Verdict with Err set: the engine then applies the plugin's on_error.
	Decide(ctx context.Context, in *Input) Verdict
}

// Verdict is one plugin's answer. The zero value denies.
type Verdict struct {
	Effect Effect
	Denial // why, when Effect is Deny

	// Args and Auth, when not nil, replace those of the input for the plugins that follow and for the
	// receiver (a transform). Args is a JSON array without the event's name; Auth a JSON object.
	Args []byte
	Auth []byte
	// Attachments, when not nil, replace those of the input: same number, same order.
	Attachments []Attachment

	Labels json.RawMessage // a JSON object that later plugins see as input.plugins.NAME
	Rules  []string        // the rules that made it, for the log and for eval: "policies/chat.rego:12"
	Err    error           // the plugin failed: it trapped, timed out, did not evaluate
}

// Denial says why. A client sees Code, Reason and Data; Err stays in the log.
type Denial struct {
	Code   Code            // the gateway's numbered reason
	Custom json.RawMessage // a code that a policy or plugin chose, a JSON string or number; shown in place of Code
	Reason string          // for people; never holds what the client sent
	Data   json.RawMessage // what a policy or plugin wants the client to know beside; any JSON value
}

// Transforms reports whether v replaces something.
func (v *Verdict) Transforms() bool {
	return v.Args != nil || v.Auth != nil || v.Attachments != nil
}

// ruleBytes is what one string of Rules takes beside its text.
const ruleBytes = 16

// Texts gives the bytes of all texts of v, for who keeps verdicts within a bound.
func (v *Verdict) Texts() int {
	n := len(v.Args) + len(v.Auth) + len(v.Labels) + len(v.Custom) + len(v.Reason) + len(v.Data)
	for _, r := range v.Rules {
		n += ruleBytes + len(r)
	}
	return n
}

// Denied makes a denying verdict with the gateway's own reason.
func Denied(code Code, reason string) Verdict {
	return Verdict{Effect: Deny, Denial: Denial{Code: code, Reason: reason}}
}

// Failed makes the verdict of a plugin that could not judge.
func Failed(code Code, err error) Verdict {
	return Verdict{Effect: Deny, Denial: Denial{Code: code, Reason: code.String()}, Err: err}
}
