package pluginkit

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/siogw/siogw/hostabi"
)

// Outcome is how one case came out.
type Outcome struct {
	File string   `json:"file"`
	Name string   `json:"name"`
	OK   bool     `json:"ok"`
	Diff []string `json:"diff,omitempty"` // a place in the verdict, what was wanted, what came
}

// Test runs cases against a module, each configuration in a guest of its own. A guest that does not start is an
// error; one that refuses the configuration of a case, or fails in it, is that case's outcome.
func Test(ctx context.Context, m *Module, cases []Case, opt Options) ([]Outcome, error) {
	t := tester{module: m, opt: opt, guests: map[string]*Guest{}, refused: map[string]error{}}
	var out []Outcome
	for i := range cases {
		lines, err := t.run(ctx, &cases[i])
		if err != nil {
			return nil, errors.Join(err, t.close(ctx))
		}
		if len(lines) > maxDiff {
			lines = append(lines[:maxDiff], fmt.Sprintf("… and %d more", len(lines)-maxDiff))
		}
		out = append(out, Outcome{File: cases[i].File, Name: cases[i].Name, OK: len(lines) == 0, Diff: lines})
	}
	return out, t.close(ctx)
}

// tester keeps a guest for each configuration.
type tester struct {
	module  *Module
	opt     Options
	guests  map[string]*Guest
	refused map[string]error // the configurations that the guest does not take
}

func (t *tester) run(ctx context.Context, c *Case) ([]string, error) {
	g, err := t.guest(ctx, c.Config)
	if err == nil {
		a := g.Judge(ctx, c.Input)
		return compare(&c.Want, &a), nil
	}
	if errors.Is(err, hostabi.ErrConfig) {
		return compare(&c.Want, &Answer{Effect: "none", Error: err.Error()}), nil
	}
	return nil, err
}

func (t *tester) guest(ctx context.Context, config []byte) (*Guest, error) {
	key := string(config)
	if g := t.guests[key]; g != nil {
		return g, nil
	}
	if err := t.refused[key]; err != nil {
		return nil, err
	}
	opt := t.opt
	if config != nil {
		opt.Config = config
	}
	g, err := Load(ctx, t.module, opt)
	if err != nil {
		t.refused[key] = err
		return nil, err
	}
	t.guests[key] = g
	return g, nil
}

func (t *tester) close(ctx context.Context) error {
	var errs []error
	for _, g := range t.guests {
		errs = append(errs, g.Close(ctx))
	}
	return errors.Join(errs...)
}

// compare gives what differs, nothing when the answer is as it should be.
func compare(w *Want, a *Answer) []string {
	if w.Error != "" || a.Error != "" {
		if w.Error == "" || !strings.Contains(a.Error, w.Error) {
			return diff("/error", wantedText(w.Error), wantedText(a.Error))
		}
		return nil
	}
	out := diff("/effect", w.Effect, a.Effect)
	if w.Code != nil {
		out = append(out, diff("/code", wanted(w.Code), decoded(a.Code))...)
	}
	if w.Reason != nil {
		out = append(out, diff("/reason", wanted(w.Reason), wantedText(a.Reason))...)
	}
	if w.Data != nil {
		out = append(out, diff("/data", wanted(w.Data), decoded(a.Data))...)
	}
	out = append(out, diff("/args", wanted(w.Args), decoded(a.Args))...)
	out = append(out, diff("/auth", wanted(w.Auth), decoded(a.Auth))...)
	if !sameBinary(w.Binary, a.Binary) {
		out = append(out, diff("/attachments", binaryOf(w.Binary), binaryOf(a.texts()))...)
	}
	labels, _ := decoded(a.Labels).(map[string]any)
	for k, v := range w.Labels {
		out = append(out, diff("/labels/"+k, wanted(v), member(labels, k))...)
	}
	if len(out) > 0 && a.Effect == "deny" && w.Effect != "deny" {
		out = append(out, fmt.Sprintf("it was denied with code %s: %s", a.Code, a.Reason))
	}
	return out
}

func wantedText(s string) any {
	if s == "" {
		return missing{}
	}
	return s
}

func sameBinary(want []string, got []Attachment) bool {
	return slices.EqualFunc(want, got, func(w string, g Attachment) bool { return w == string(g.Data) })
}

func (a *Answer) texts() (out []string) {
	for _, b := range a.Binary {
		out = append(out, string(b.Data))
	}
	return out
}

// binaryOf gives attachments as they are shown: by base64.
func binaryOf(list []string) any {
	if list == nil {
		return missing{}
	}
	out := []any{}
	for _, s := range list {
		out = append(out, base64.StdEncoding.EncodeToString([]byte(s)))
	}
	return out
}
