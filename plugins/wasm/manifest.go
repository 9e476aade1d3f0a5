package wasm

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/siogw/siogw/engine"
	"github.com/siogw/siogw/hostabi"
	"github.com/siogw/siogw/internal/strictjson"
)

// ManifestSection is the custom section that holds the manifest.
const ManifestSection = hostabi.ManifestSection

// The views, ABI.md section 4.
const (
	ViewInput   = "input"
	ViewArgs    = "args"
	ViewFields  = "fields"
	ViewStrings = "strings"
	ViewBinary  = "attachments"
)

// Manifest is what a guest says of itself, ABI.md section 3.
type Manifest struct {
	ABI          int      `json:"abi"` // 1
	Name         string   `json:"name"`
	Version      string   `json:"version"`
	Description  string   `json:"description"`
	View         string   `json:"view"`         // "" reads as input
	Fields       []string `json:"fields"`       // JSON pointers into the input; with view fields only
	Kinds        []string `json:"kinds"`        // asked about these only; empty is all
	Prefix       int      `json:"prefix"`       // bytes of each attachment shown; with view attachments only; 0 reads as 4096
	Pure         bool     `json:"pure"`         // verdict and labels depend on the view and the config alone
	OnlyWith     string   `json:"only_with"`    // it says nothing to strings without these characters; "" promises nothing
	Lifetime     string   `json:"lifetime"`     // of what it keeps: shared, session, call; "" reads as shared
	Capabilities []string `json:"capabilities"` // what it needs beside the view: kv, clock, random
}

// The limits of ABI.md, sections 3 and 4.
const (
	MaxManifest   = 64 << 10 // bytes
	MaxPrefix     = 64 << 10 // bytes shown of an attachment
	DefaultPrefix = 4 << 10
)

// ParseManifest reads a manifest; nil gives the defaults. Unknown keys, views and kinds are errors.
func ParseManifest(raw []byte) (Manifest, error) {
	m := Manifest{ABI: 1, View: ViewInput}
	if raw == nil {
		return m, nil
	}
	if len(raw) > MaxManifest {
		return m, fmt.Errorf("%d bytes, more than %d", len(raw), MaxManifest)
	}
	if err := strictjson.Scan(bytes.TrimSpace(raw), strictjson.Limits{}); err != nil {
		return m, err
	}
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.DisallowUnknownFields()
	m.ABI = 0
	if err := dec.Decode(&m); err != nil {
		return m, err
	}
	return m, m.check()
}

func (m *Manifest) check() error {
	if m.ABI != 1 {
		return fmt.Errorf("abi: this host speaks 1, not %d", m.ABI)
	}
	switch m.View {
	case ViewInput, ViewArgs, ViewFields, ViewStrings, ViewBinary:
	default:
		return fmt.Errorf("view: no view %q", m.View)
	}
	if (m.View == ViewFields) != (len(m.Fields) > 0) {
		return fmt.Errorf("fields: go with view fields, and it with them")
	}
	if m.Prefix < 0 || m.Prefix > MaxPrefix || m.Prefix > 0 && m.View != ViewBinary {
		return fmt.Errorf("prefix: goes with view attachments, from 1 to %d", MaxPrefix)
	}
	for _, k := range m.Kinds {
		if kind, ok := engine.ParseKind(k); !ok || kind == engine.Disconnect {
			return fmt.Errorf("kinds: no kind %q", k)
		}
	}
	if _, err := hostabi.ParseLifetime(m.Lifetime); err != nil {
		return fmt.Errorf("lifetime: %w", err)
	}
	needs, err := ParseCapabilities(m.Capabilities)
	if err != nil {
		return fmt.Errorf("capabilities: %w", err)
	}
	if m.Pure && needs != 0 {
		return fmt.Errorf("pure: what depends on %s does not depend on the view alone", needs)
	}
	if err := m.checkOnlyWith(); err != nil {
		return err
	}
	return checkPointers(m.Fields)
}

// ParseCapabilities makes one set of names. It fails on a name that is none.
func ParseCapabilities(names []string) (all hostabi.Capability, err error) {
	for _, name := range names {
		c, err := hostabi.ParseCapability(name)
		if err != nil {
			return 0, err
		}
		all |= c
	}
	return all, nil
}

func checkPointers(pointers []string) error {
	for _, f := range pointers {
		if !strings.HasPrefix(f, "/") {
			return fmt.Errorf("fields: %q is no JSON pointer", f)
		}
	}
	return nil
}

func stringList(raw []byte) (list []string, err error) {
	err = json.Unmarshal(raw, &list)
	return list, err
}
