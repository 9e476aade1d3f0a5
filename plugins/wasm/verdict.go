package wasm

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/siogw/siogw/engine"
	"github.com/siogw/siogw/hostabi"
	"github.com/siogw/siogw/internal/jsonpatch"
	"github.com/siogw/siogw/internal/strictjson"
	"github.com/siogw/siogw/socketio"
)

// The limits of ABI.md, section 5.
const (
	MaxCode       = 128      // bytes of code, as JSON
	MaxReason     = 1 << 10  // bytes of reason
	MaxData       = 16 << 10 // bytes of data, as JSON
	MaxLabelBytes = 16 << 10 // bytes of labels, as JSON
	MaxError      = 1 << 10  // bytes of error that are kept
	MaxDepth      = 40       // of the verdict; its args are held to the input's limit
)

var errTransform = errors.New("transform")

// errOwn is an error that the guest tells of itself.
var errOwn = errors.New("the plugin failed")

// answer is a verdict's JSON, taken apart. Values are raw.
type answer struct {
	effect                   engine.Effect
	code, reason, data       []byte
	args, auth, patch, texts []byte
	attachments              []byte
	labels, score            []byte
	failure                  []byte
}

// verdict makes an engine verdict of what a guest answered.
func verdict(in *engine.Input, res hostabi.Result, picked []int) (engine.Verdict, error) {
	a := answer{effect: engine.Allow}
	if res.Verdict != nil {
		if err := a.parse(res.Verdict); err != nil {
			return engine.Verdict{}, err
		}
	}
	v := engine.Verdict{Effect: a.effect}
	if a.effect == engine.Deny {
		v.Denial = engine.Denial{Code: engine.CodePluginDenied, Custom: a.code, Data: a.data}
		if a.reason != nil {
			v.Reason = strictjson.String(a.reason)
		}
	}
	var err error
	if v.Labels, err = joinLabels(res.Labels, a.labels, a.score); err != nil {
		return engine.Verdict{}, err
	}
	if err := a.change(in, &v, picked); err != nil {
		return engine.Verdict{}, fmt.Errorf("%w: %w", errTransform, err)
	}
	return v, nil
}

var members = map[string]struct {
	kind  strictjson.Kind // 0 for any
	limit int             // bytes; 0 for none
	at    func(*answer) *[]byte
}{
	"code":        {0, MaxCode, func(a *answer) *[]byte { return &a.code }},
	"reason":      {strictjson.Text, MaxReason, func(a *answer) *[]byte { return &a.reason }},
	"data":        {0, MaxData, func(a *answer) *[]byte { return &a.data }},
	"args":        {strictjson.Array, 0, func(a *answer) *[]byte { return &a.args }},
	"auth":        {strictjson.Object, 0, func(a *answer) *[]byte { return &a.auth }},
	"patch":       {strictjson.Array, 0, func(a *answer) *[]byte { return &a.patch }},
	"strings":     {strictjson.Object, 0, func(a *answer) *[]byte { return &a.texts }},
	"attachments": {strictjson.Object, 0, func(a *answer) *[]byte { return &a.attachments }},
	"labels":      {strictjson.Object, MaxLabelBytes, func(a *answer) *[]byte { return &a.labels }},
	"score":       {strictjson.Number, 64, func(a *answer) *[]byte { return &a.score }},
	"error":       {strictjson.Text, 0, func(a *answer) *[]byte { return &a.failure }},
}

func (a *answer) parse(raw []byte) error {
	raw = bytes.TrimSpace(raw)
	if err := strictjson.Scan(raw, strictjson.Limits{Depth: MaxDepth}); err != nil {
		return err
	}
	if strictjson.KindOf(raw) != strictjson.Object {
		return errors.New("not a JSON object")
	}
	a.effect = 0
	for key, value := range strictjson.Members(raw) {
		if err := a.member(strictjson.String(key), value); err != nil {
			return err
		}
	}
	if a.failure != nil {
		text := strictjson.String(a.failure)
		return fmt.Errorf("%w: %s", errOwn, strings.ToValidUTF8(text[:min(len(text), MaxError)], "\ufffd"))
	}
	return a.check()
}

func (a *answer) member(key string, value []byte) error {
	if key == "effect" {
		for _, e := range []engine.Effect{engine.Allow, engine.Deny, engine.Abstain} {
			if strictjson.Is(value, e.String()) {
				a.effect = e
			}
		}
		return nil
	}
	m, ok := members[key]
	switch {
	case !ok:
		return fmt.Errorf("unknown key %.40q", key)
	case m.kind != 0 && strictjson.KindOf(value) != m.kind:
		return fmt.Errorf("%s is of the wrong type", key)
	case m.limit > 0 && len(value) > m.limit:
		return fmt.Errorf("%s has %d bytes, more than %d", key, len(value), m.limit)
	}
	*m.at(a) = value
	return nil
}

func (a *answer) check() error {
	changes := 0
	for _, c := range [][]byte{a.args, a.patch, a.texts} {
		if c != nil {
			changes++
		}
	}
	code := strictjson.KindOf(a.code)
	switch {
	case a.effect == 0:
		return errors.New("effect is missing, or none of allow, deny, abstain")
	case changes > 1 || a.auth != nil && a.patch != nil:
		return errors.New("args, patch and strings exclude each other, and so do auth and patch")
	case a.effect == engine.Deny && (changes > 0 || a.auth != nil || a.attachments != nil):
		return errors.New("a denial that changes the packet")
	case a.effect != engine.Deny && (a.code != nil || a.reason != nil || a.data != nil):
		return errors.New("code, reason and data belong to a denial")
	case a.code != nil && code != strictjson.Text && code != strictjson.Number:
		return errors.New("code is neither string nor number")
	}
	return nil
}

// change applies what the guest wants changed.
func (a *answer) change(in *engine.Input, v *engine.Verdict, picked []int) error {
	if err := a.changeText(in, v, picked); err != nil || a.attachments == nil {
		return err
	}
	all, dropped, err := replaceAttachments(in.Attachments, a.attachments)
	if err != nil {
		return err
	}
	v.Attachments = all
	if len(dropped) > 0 {
		args := v.Args
		if args == nil {
			args = in.Args
		}
		v.Args, err = socketio.DropPlaceholders(args, dropped)
	}
	return err
}

// changeText applies what is not about attachments.
func (a *answer) changeText(in *engine.Input, v *engine.Verdict, picked []int) (err error) {
	switch {
	case a.patch != nil:
		return a.applyPatch(in, v)
	case a.texts != nil:
		if v.Args, err = replaceStrings(in.Args, a.texts, picked); err == nil {
			err = strictjson.Scan(v.Args, strictjson.Wide) // as deep as it came
		}
	case a.args != nil && in.Args == nil:
		err = errors.New("args for a packet that has none")
	case a.args != nil:
		v.Args = a.args
		err = strictjson.Scan(v.Args, strictjson.Limits{})
	}
	if err != nil {
		return err
	}
	if a.auth != nil {
		if in.Auth == nil {
			return errors.New("auth for a packet that has none")
		}
		v.Auth = a.auth
	}
	return nil
}

// maxGrowth is what a patch may add to a packet, in bytes.
const maxGrowth = 1 << 20

func (a *answer) applyPatch(in *engine.Input, v *engine.Verdict) error {
	patch, err := jsonpatch.Parse(a.patch)
	if err != nil {
		return fmt.Errorf("patch: %w", err)
	}
	t := jsonpatch.Target{Args: in.Args, Auth: in.Auth, MaxBytes: len(in.Args) + len(in.Auth) + maxGrowth}
	args, auth, err := t.Apply(patch)
	if err != nil {
		return fmt.Errorf("patch: %w", err)
	}
	v.Args, v.Auth = args, auth
	return nil
}

// replaceStrings puts new texts in the place of strings, by their numbers in the view.
func replaceStrings(args, texts []byte, picked []int) ([]byte, error) {
	fresh := map[int]string{}
	for key, value := range strictjson.Members(texts) {
		name := strictjson.String(key)
		i, err := strconv.Atoi(name)
		if err != nil || i < 0 || strconv.Itoa(i) != name {
			return nil, fmt.Errorf("strings: %.20q is no number of a string", name)
		}
		if strictjson.KindOf(value) != strictjson.Text {
			return nil, fmt.Errorf("strings: %d is no string", i)
		}
		if picked != nil {
			if i >= len(picked) {
				return nil, fmt.Errorf("strings: there is no number %d", i)
			}
			i = picked[i]
		}
		fresh[i] = strictjson.String(value)
	}
	used := 0
	out := strictjson.ReplaceStrings(nil, args, func(i int, _ string) (string, bool) {
		s, ok := fresh[i]
		if ok {
			used++
		}
		return s, ok
	})
	if used != len(fresh) {
		return nil, fmt.Errorf("strings: %d of %d numbers are of no string", len(fresh)-used, len(fresh))
	}
	return out, nil
}

// joinLabels makes one object of the labels that the guest set by calls and those in its verdict.
func joinLabels(called []hostabi.Label, labels, score []byte) ([]byte, error) {
	if called == nil && labels == nil && score == nil {
		return nil, nil
	}
	out, seen := []byte{'{'}, map[string]bool{}
	add := func(key string, value []byte) error {
		if seen[key] {
			return fmt.Errorf("label %.70q twice", key)
		}
		seen[key] = true
		if len(out) > 1 {
			out = append(out, ',')
		}
		out = append(append(strictjson.AppendQuote(out, key), ':'), value...)
		return nil
	}
	for _, l := range called {
		if err := strictjson.Scan(l.Value, strictjson.Limits{}); err != nil {
			return nil, fmt.Errorf("label %.70q: %w", l.Key, err)
		}
		if err := add(l.Key, l.Value); err != nil {
			return nil, err
		}
	}
	for key, value := range strictjson.Members(labels) {
		if err := add(strictjson.String(key), value); err != nil {
			return nil, err
		}
	}
	if score != nil {
		if err := add("score", score); err != nil {
			return nil, err
		}
	}
	out = append(out, '}')
	if err := strictjson.Scan(out, strictjson.Limits{}); err != nil {
		return nil, fmt.Errorf("labels: %w", err)
	}
	return out, nil
}
