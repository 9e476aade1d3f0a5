// Package compare holds two answers to one input against each other: what is recorded and what another configuration
// says (siogw replay), or the policy in force and the one in its shadow.
package compare

import (
	"bytes"
	"strings"

	"github.com/siogw/siogw/engine"
)

// Outcome is a decision, or one policy's verdict, as far as two are compared.
type Outcome struct {
	Effect      string // allow, deny, abstain
	Code        string // as a client sees it: the policy's own, or the number; "" for none
	Reason      string // "" where none is known
	Transformed bool
	Args, Auth  []byte // what a transform made; both nil where that is not known
}

// OfVerdict gives the outcome of one verdict.
func OfVerdict(v *engine.Verdict) Outcome {
	return of(v.Effect, &v.Denial, v.Transforms(), v.Args, v.Auth)
}

// OfDecision gives the outcome of a decision.
func OfDecision(d *engine.Decision) Outcome {
	return of(d.Effect, &d.Denial, d.Transformed(), d.Args, d.Auth)
}

func of(e engine.Effect, d *engine.Denial, transformed bool, args, auth []byte) Outcome {
	o := Outcome{Effect: e.String()}
	if e == engine.Allow || e == engine.Abstain {
		o.Transformed, o.Args, o.Auth = transformed, args, auth
		return o
	}
	if o.Code, o.Reason = string(d.Shown()), d.Reason; o.Reason == "" {
		o.Reason = d.Code.String()
	}
	return o
}

// String gives the effect with its code, or with the word transformed.
func (o *Outcome) String() string {
	switch {
	case o.Code != "":
		return o.Effect + " " + o.Code
	case o.Transformed:
		return o.Effect + " transformed"
	}
	return o.Effect
}

// The ways in which two outcomes differ.
const (
	Effect    = "effect"
	Code      = "code"
	Reason    = "reason"
	Transform = "transform"
)

// Differ gives the first of [Effect], [Code], [Reason] and [Transform] in which a and b differ, "" for none. What is
// not known of one is not held against the other.
func Differ(a, b *Outcome) string {
	switch {
	case a.Effect != b.Effect:
		return Effect
	case a.Code != b.Code:
		return Code
	case a.Reason != "" && b.Reason != "" && !same(a.Reason, b.Reason):
		return Reason
	case a.Transformed != b.Transformed:
		return Transform
	case known(a) && known(b) && !(bytes.Equal(a.Args, b.Args) && bytes.Equal(a.Auth, b.Auth)):
		return Transform
	}
	return ""
}

func known(o *Outcome) bool { return o.Args != nil || o.Auth != nil }

// same compares two reasons; the decision log cuts long ones.
func same(a, b string) bool {
	if cut, ok := strings.CutSuffix(a, "…"); ok && strings.HasPrefix(b, cut) {
		return true
	}
	cut, ok := strings.CutSuffix(b, "…")
	return a == b || ok && strings.HasPrefix(a, cut)
}
