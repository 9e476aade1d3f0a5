package app

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/siogw/siogw/engine"
	"github.com/siogw/siogw/internal/config"
)

// Try asks each plugin about one harmless input of each kind that it is matched to. The error, a
// *[config.Error] of the plugin, tells of the first that it fails on; what it decides does not matter.
func (j *Judge) Try(ctx context.Context, cfg *config.Config) (problems []error) {
	for _, p := range j.Plugins {
		if p.guest == nil { // nobody knows what a program does beside
			continue
		}
		for _, in := range samples() {
			if !p.matches(in.Kind) {
				continue
			}
			if v := p.guest.Decide(ctx, in); v.Err != nil {
				problems = append(problems, cfg.Error(p.key, fmt.Errorf("fails on a sample of kind %s: %w", in.Kind, v.Err)))
				break
			}
		}
		p.guest.EndSession(sampleSession)
	}
	return problems
}

func (p *Plugin) matches(k engine.Kind) bool {
	kinds := p.Config.Match.Kinds
	return len(kinds) == 0 || slices.Contains(kinds, config.Kind(k))
}

const sampleSession = "sample"

// samples gives an input of each kind that is decided.
func samples() []*engine.Input {
	now := time.Now()
	session := &engine.Session{ID: sampleSession, EIO: 4, Transport: "websocket", IP: "127.0.0.1", Opened: now}
	var out []*engine.Input
	for k := engine.Handshake; k < engine.Disconnect; k++ {
		in := &engine.Input{Kind: k, Direction: engine.In, Time: now, Session: session, Bytes: 16}
		if k != engine.Handshake {
			in.Namespace = "/"
		}
		switch k {
		case engine.Handshake:
		case engine.Connect:
			in.Auth = []byte(`{}`)
		case engine.Emit:
			in.Direction = engine.Out
			fallthrough
		default:
			in.Event, in.Args = "sample", []byte(`["hello"]`)
		}
		out = append(out, in)
	}
	return out
}
