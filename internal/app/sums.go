package app

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
	"maps"
	"os"
	"path/filepath"
	"strings"

	"github.com/siogw/siogw/internal/config"
)

// sums are checksums over the files that the sections of a configuration name, by section.
type sums map[string][sha256.Size]byte

// What is looked at of a folder.
const (
	maxDepth = 16
	maxFiles = 10000
)

// sumFiles gives the sums of the files as they are now. What cannot be read counts as such.
func sumFiles(cfg *config.Config) sums {
	out := sums{}
	for section, paths := range cfg.LiveFiles() {
		h := sha256.New()
		left := maxFiles
		for _, path := range paths {
			sumFile(h, path, 0, &left)
		}
		out[section] = [sha256.Size]byte(h.Sum(nil))
	}
	return out
}

// sumFile adds a file, or all of a folder; links are followed, since Kubernetes mounts files as links.
func sumFile(h hash.Hash, path string, depth int, left *int) {
	info, err := os.Stat(path)
	if *left--; err != nil || depth > maxDepth || *left < 0 {
		fmt.Fprintf(h, "%q: none\n", path)
		return
	}
	if info.Mode().IsRegular() {
		sumContent(h, path)
	}
	if !info.IsDir() {
		return
	}
	entries, err := os.ReadDir(path)
	if err != nil {
		fmt.Fprintf(h, "%q: none\n", path)
	}
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), ".") {
			sumFile(h, filepath.Join(path, e.Name()), depth+1, left)
		}
	}
}

func sumContent(h hash.Hash, path string) {
	f, err := os.Open(path)
	if err != nil {
		fmt.Fprintf(h, "%q: none\n", path)
		return
	}
	defer f.Close()
	one := sha256.New()
	n, err := io.Copy(one, f)
	fmt.Fprintf(h, "%q: %d %t %x\n", path, n, err == nil, one.Sum(nil))
}

func (s sums) equal(other sums) bool { return maps.Equal(s, other) }

// short gives the beginning of a section's sum, "" for none.
func (s sums) short(section string) string {
	sum, ok := s[section]
	if !ok {
		return ""
	}
	return hex.EncodeToString(sum[:6])
}
