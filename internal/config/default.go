package config

import (
	_ "embed"
	"time"

	"github.com/siogw/siogw/engine"
)

// Defaults is a commented configuration file that says every key with its default.
//
//go:embed defaults.yaml
var Defaults string

// Default gives the configuration of an empty file, which lacks only upstream.url.
func Default() *Config {
	return &Config{
		Listen:   "127.0.0.1:8080",
		Path:     "/socket.io/",
		OPA:      JSON("{}"),
		Upstream: Upstream{EIO: 4, Passthrough: true},
		Admin:    Admin{Listen: "127.0.0.1:9090"},
		TLS:      TLS{ClientAuth: "require", MinVersion: "1.2", HTTP2: true, Reload: time.Minute},

		SocketMode: 0o660, TrustedHeader: "x-forwarded-for", ProxyProtocol: ProxyProtocol{Timeout: 5 * time.Second},

		Parser:      "json",
		Compression: Compression{MinSize: 1 << 10, MaxRatio: 50},
		Transports:  []Transport{"polling", "websocket"},
		EventLoop:   "auto",
		Heartbeat:   Heartbeat{Interval: 25 * time.Second, Timeout: 20 * time.Second},
		Rooms:       Rooms{Emits: "any", OnRevoked: "disconnect", RefusedAck: defaultRefusedAck()},
		Session:     Session{Bind: "address"},
		Limits:      defaultLimits(),
		Identity:    defaultIdentity(),
		Contract:    Contract{UnknownEvents: "deny", Mode: Mode(engine.Enforce)},
		Policy:      Policy{Mode: Mode(engine.Enforce), Timeout: 250 * time.Millisecond, Reauthorize: defaultReauthorize, Memo: defaultMemo, Evaluator: "auto", Shadow: defaultShadow},
		Deny:        Deny{Ack: true, Event: "siogw:denied", MaxPerMinute: 60},
		DecisionLog: DecisionLog{Output: "stdout", Mask: []MaskPath{"auth", "args"}},
		Store:       "memory",
		Log:         Log{Format: "text", Level: "info"},
	}
}

// setDefaults makes a list entry what one without keys means.
func (p *Plugin) setDefaults() {
	*p = Plugin{Config: JSON("{}"), Memory: 16 << 20, Timeout: 5 * time.Millisecond, OnError: "deny",
		Mode: Mode(engine.Enforce), Phase: "after_policy"}
	p.pluginLimits()
}
