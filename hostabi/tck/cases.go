package tck

import (
	"embed"
	"encoding/json"
	"fmt"
)

//go:embed host
var files embed.FS

// Suite is what a host is held to: host/cases.json.
type Suite struct {
	ABI   int    `json:"abi"`
	Cases []Case `json:"cases"`
}

// Case is a module, and what a host makes of it.
type Case struct {
	Name     string          `json:"name"`
	Clause   string          `json:"clause"` // of ABI.md
	Breaks   bool            `json:"breaks"` // the guest breaks the clause, and the host has to notice; otherwise the host has to keep it
	About    string          `json:"about"`
	Module   string          `json:"module"` // a file beside cases.json
	SHA256   string          `json:"sha256"` // of that file
	Manifest json.RawMessage `json:"manifest,omitempty"`
	Config   json.RawMessage `json:"config,omitempty"`        // absent: there is none
	Memory   int64           `json:"memory"`                  // bytes that an instance may have
	Timeout  int64           `json:"timeout_ms"`              // for one decision
	Lifetime string          `json:"lifetime,omitempty"`      // in place of the manifest's
	Grant    []string        `json:"grant,omitempty"`         // capabilities
	Entries  int             `json:"store_entries,omitempty"` // of the store at most; absent: 10,000
	Sessions int             `json:"sessions,omitempty"`      // with an instance at most; absent: 1,000
	Load     string          `json:"load,omitempty"`          // what it is not loaded for: abi, program, config, trap, time or memory; absent: it is loaded
	Calls    []Question      `json:"calls,omitempty"`         // in this order, one at a time, of at most one instance for each session
}

// Question is one packet, and the verdict that is to come of it.
type Question struct {
	Kind        string          `json:"kind,omitempty"` // event unless said otherwise
	Args        json.RawMessage `json:"args"`
	Attachments [][]byte        `json:"attachments,omitempty"` // base64
	Session     string          `json:"session,omitempty"`
	Want        Verdict         `json:"want"`
}

// Verdict is what a host makes of an answer.
type Verdict struct {
	Error       int              `json:"error,omitempty"` // the reason of section 8; then there is nothing else
	Effect      string           `json:"effect,omitempty"`
	Code        json.RawMessage  `json:"code,omitempty"`
	Reason      string           `json:"reason,omitempty"`
	Data        json.RawMessage  `json:"data,omitempty"`
	Args        json.RawMessage  `json:"args,omitempty"`        // as they are afterwards; absent: unchanged
	Attachments [][]byte         `json:"attachments,omitempty"` // all of them, when one is changed; null for one that is dropped
	Labels      json.RawMessage  `json:"labels,omitempty"`
	Counters    map[string]int64 `json:"counters,omitempty"` // of the plugin, since it was loaded
}

// Cases gives the suite that a host is held to.
func Cases() (*Suite, error) {
	raw, err := files.ReadFile("host/cases.json")
	if err != nil {
		return nil, err
	}
	s := &Suite{}
	if err := json.Unmarshal(raw, s); err != nil {
		return nil, fmt.Errorf("host/cases.json: %w", err)
	}
	return s, nil
}

// Wasm gives the case's module.
func (c *Case) Wasm() ([]byte, error) { return files.ReadFile("host/" + c.Module) }
