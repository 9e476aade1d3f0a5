package wasm

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// MaxOnlyWith is how many characters a manifest may name, ABI.md section 3.
const MaxOnlyWith = 16

// checkOnlyWith holds the key to clause 3.7.
func (m *Manifest) checkOnlyWith() error {
	switch {
	case m.OnlyWith == "":
		return nil
	case m.View != ViewStrings || !m.Pure:
		return errors.New("only_with: goes with view strings and pure")
	case len(m.OnlyWith) > MaxOnlyWith || strings.IndexFunc(m.OnlyWith, func(r rune) bool { return r >= utf8.RuneSelf }) >= 0:
		return fmt.Errorf("only_with: %q is not up to %d characters of ASCII", m.OnlyWith, MaxOnlyWith)
	}
	return nil
}

// Silent reports whether the manifest promises that the guest says nothing to this view.
func (m *Manifest) Silent(view []byte) bool {
	if m.OnlyWith == "" {
		return false
	}
	for rest := view[4:]; len(rest) > 0; { // the count, then each string after its length
		end := 4 + int(binary.LittleEndian.Uint32(rest))
		if bytes.ContainsAny(rest[4:end], m.OnlyWith) {
			return false
		}
		rest = rest[end:]
	}
	return true
}
