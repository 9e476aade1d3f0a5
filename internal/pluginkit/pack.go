package pluginkit

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/siogw/siogw/hostabi/meter"
	"github.com/siogw/siogw/plugins/wasm"
)

// magic is how every module begins, WebAssembly 2.0, 5.5.16.
var magic = []byte("\x00asm\x01\x00\x00\x00")

var errSections = errors.New("sections do not add up")

// Pack gives module with manifest in its custom section, in the place of one that may be there. Both are checked:
// the module as far as package meter reads it, the manifest as a gateway does.
func Pack(module, manifest []byte) ([]byte, error) {
	if manifest == nil {
		manifest = []byte{}
	}
	if _, err := wasm.ParseManifest(manifest); err != nil {
		return nil, fmt.Errorf("manifest: %w", err)
	}
	if _, err := meter.Inspect(module); err != nil {
		return nil, err
	}
	out, err := withoutManifest(module)
	if err != nil {
		return nil, err
	}
	return meter.AppendCustom(out, wasm.ManifestSection, bytes.TrimSpace(manifest)), nil
}

// withoutManifest copies every section but those that hold a manifest.
func withoutManifest(module []byte) ([]byte, error) {
	rest, ok := bytes.CutPrefix(module, magic)
	if !ok {
		return nil, errSections
	}
	out := bytes.Clone(magic)
	for len(rest) > 0 {
		size, n := binary.Uvarint(rest[1:])
		if n <= 0 || size > uint64(len(rest)-1-n) {
			return nil, errSections
		}
		section := rest[:1+n+int(size)]
		if section[0] != 0 || !isManifest(section[1+n:]) {
			out = append(out, section...)
		}
		rest = rest[len(section):]
	}
	return out, nil
}

func isManifest(custom []byte) bool {
	size, n := binary.Uvarint(custom)
	return n > 0 && size <= uint64(len(custom)-n) && string(custom[n:n+int(size)]) == wasm.ManifestSection
}
