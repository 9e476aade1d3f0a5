// Package std holds the first-party guests, built: each is a module of its own beside this file, and
// scripts/guests.sh builds it into bin, byte for byte the same with the Go version named there.
package std

import (
	"compress/gzip"
	"embed"
	"fmt"
	"io"
	"io/fs"
	"path"
	"strings"
)

//go:embed bin/*.wasm.gz bin/*.json
var files embed.FS

// Names gives the guests, sorted. In the configuration they are "std:" and the name.
func Names() []string {
	found, err := fs.Glob(files, "bin/*.json")
	if err != nil {
		panic(err) // the pattern is a constant
	}
	var names []string
	for _, f := range found {
		names = append(names, strings.TrimSuffix(path.Base(f), ".json"))
	}
	return names
}

// Open gives a guest and its manifest. It fails on a name that is not among Names.
func Open(name string) (wasm, manifest []byte, err error) {
	if name == "" || strings.ContainsAny(name, "/.") {
		return nil, nil, unknown(name)
	}
	if manifest, err = files.ReadFile("bin/" + name + ".json"); err != nil {
		return nil, nil, unknown(name)
	}
	f, err := files.Open("bin/" + name + ".wasm.gz")
	if err != nil {
		return nil, nil, unknown(name)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err == nil {
		wasm, err = io.ReadAll(z)
	}
	if err != nil {
		return nil, nil, fmt.Errorf("guest %s: %w", name, err)
	}
	return wasm, manifest, nil
}

func unknown(name string) error {
	return fmt.Errorf("no first-party guest is named %q; there are: %s", name, strings.Join(Names(), ", "))
}
