// Package js makes a guest of a JavaScript file: QuickJS, compiled to WebAssembly with the guest ABI around it, carries
// the file in a custom section. What comes out is a module as any other: it runs in hostabi's sandbox, metered and bounded
// like every guest, and may be packed and shipped as one. See RATIONALE.md.
package js

import (
	"bytes"
	"compress/gzip"
	_ "embed"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"github.com/siogw/siogw/hostabi"
	"github.com/siogw/siogw/hostabi/meter"
)

// MaxSource bounds a plugin's text, in bytes.
const MaxSource = 4 << 20

//go:embed engine/engine.wasm.gz
var packed []byte

// engine gives the interpreter, without a program.
var engine = sync.OnceValues(func() ([]byte, error) {
	z, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(z)
})

// Is reports whether a file is for this package, by its name.
func Is(file string) bool {
	ext := filepath.Ext(file)
	return ext == ".js" || ext == ".mjs"
}

// Module gives the guest that runs source, an ES module. Nothing of it is run or parsed yet: what is wrong with it is told,
// with file, line and column, when the guest is started, by an error that wraps hostabi.ErrProgram. file is its name in such
// messages; the last part of the path counts.
func Module(file string, source []byte) ([]byte, error) {
	switch {
	case len(source) > MaxSource:
		return nil, fmt.Errorf("%s: %d bytes, more than %d", file, len(source), MaxSource)
	case !utf8.Valid(source):
		return nil, fmt.Errorf("%s: not UTF-8", file)
	case bytes.IndexByte(source, 0) >= 0:
		return nil, fmt.Errorf("%s: a NUL at byte %d", file, bytes.IndexByte(source, 0))
	}
	wasm, err := engine()
	if err != nil {
		return nil, fmt.Errorf("engine: %w", err)
	}
	// engine/guest.wat.in reads it.
	program := append([]byte(strings.Map(printable, filepath.Base(file))+"\n"), source...)
	return meter.AppendCustom(wasm, hostabi.ProgramSection, program), nil
}

func printable(r rune) rune {
	if !unicode.IsPrint(r) {
		return '_'
	}
	return r
}
