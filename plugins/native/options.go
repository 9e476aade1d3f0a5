package native

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/siogw/siogw/internal/backoff"
	"github.com/siogw/siogw/plugins/wasm"
)

// ManifestSuffix makes the name of the manifest's file of that of the program, beside which it stands.
const ManifestSuffix = ".manifest.json"

// The defaults of Options.
const (
	DefaultMemory       = 256 << 20
	DefaultInFlight     = 256
	DefaultStartTimeout = 10 * time.Second
)

// Options says which program to start, and its bounds.
type Options struct {
	Name         string
	Path         string        // of the program; its manifest is beside it
	SHA256       string        // of the program, in hex; required
	Manifest     []byte        // see ReadManifest; the program serves by no other
	Config       []byte        // JSON; nil for none
	Args         []string      // of the command line, without the program
	Env          []string      // NAME=value; nothing else but what go-plugin needs is in its environment
	Dir          string        // where it works; "" is the folder of the program
	Memory       int64         // bytes resident, looked at twice a second (Linux): beyond, it is replaced; default 256 MiB
	InFlight     int           // questions under way at most; default 256
	StartTimeout time.Duration // till it serves; default 10 s
	Backoff      backoff.Options
	Logger       *slog.Logger             `json:"-"` // nil: what it prints is dropped
	Line         func(now time.Time) bool `json:"-"` // whether one more line of it may be logged; nil for all
}

// defaults fills in what is not said.
func (o *Options) defaults() {
	if o.Memory <= 0 {
		o.Memory = DefaultMemory
	}
	if o.InFlight <= 0 {
		o.InFlight = DefaultInFlight
	}
	if o.StartTimeout <= 0 {
		o.StartTimeout = DefaultStartTimeout
	}
	if abs, err := filepath.Abs(o.Path); err == nil {
		o.Path = abs // a relative one would be looked for in Dir
	}
	if o.Dir == "" {
		o.Dir = filepath.Dir(o.Path)
	}
}

// key is the same for options that make the same process.
func (o *Options) key() string {
	b, _ := json.Marshal(o) // strings and numbers only
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// ReadManifest reads what stands beside the program at path, and checks it.
func ReadManifest(path string) ([]byte, error) {
	f, err := os.Open(path + ManifestSuffix)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	raw, err := io.ReadAll(io.LimitReader(f, wasm.MaxManifest+1))
	if err != nil {
		return nil, err
	}
	if _, err := parseManifest(raw); err != nil {
		return nil, fmt.Errorf("%s: %w", path+ManifestSuffix, err)
	}
	return raw, nil
}

// parseManifest is for the manifest of a program: that of a guest, without what only a guest has.
func parseManifest(raw []byte) (m wasm.Manifest, err error) {
	if raw == nil {
		return m, errors.New("no manifest")
	}
	if m, err = wasm.ParseManifest(raw); err != nil {
		return m, err
	}
	if m.Pure || m.Lifetime != "" || len(m.Capabilities) > 0 {
		return m, errors.New("pure, lifetime and capabilities are for WebAssembly only")
	}
	return m, nil
}

// Sum gives the size and the SHA-256, in hex, of a file.
func Sum(path string) (size int64, sum string, err error) {
	f, err := os.Open(path)
	if err != nil {
		return 0, "", err
	}
	defer f.Close()
	h := sha256.New()
	size, err = io.Copy(h, f)
	return size, hex.EncodeToString(h.Sum(nil)), err
}
