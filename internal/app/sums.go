package app

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/siogw/siogw/internal/config"
)

// sums are checksums of the files that the sections of a configuration name, by section.
type sums map[string]fileSums

// fileSums are checksums by path; zero of what cannot be read.
type fileSums map[string][sha256.Size]byte

// What is looked at of a folder.
const (
	maxDepth = 16
	maxFiles = 10000
)

// sumFiles gives the sums of the files as they are now. What cannot be read counts as such.
func sumFiles(cfg *config.Config) sums {
	out := sums{}
	for section, paths := range cfg.LiveFiles() {
		out[section] = fileSums{}
		left := maxFiles
		for _, path := range paths {
			out[section].add(path, 0, &left)
		}
	}
	return out
}

// add adds a file, or all of a folder; links are followed, since Kubernetes mounts files as links.
func (s fileSums) add(path string, depth int, left *int) {
	info, err := os.Stat(path)
	if *left--; err != nil || depth > maxDepth || *left < 0 {
		s[path] = [sha256.Size]byte{}
		return
	}
	if info.Mode().IsRegular() {
		s[path] = sumContent(path)
	}
	if !info.IsDir() {
		return
	}
	entries, err := os.ReadDir(path)
	if err != nil {
		s[path] = [sha256.Size]byte{}
	}
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), ".") {
			s.add(filepath.Join(path, e.Name()), depth+1, left)
		}
	}
}

// sumContent gives the checksum of a file, zero of one that cannot be read to its end.
func sumContent(path string) (sum [sha256.Size]byte) {
	f, err := os.Open(path)
	if err != nil {
		return sum
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err == nil {
		h.Sum(sum[:0])
	}
	return sum
}

func (s sums) equal(other sums) bool { return maps.EqualFunc(s, other, maps.Equal) }

// short gives the beginning of a section's sum, "" for none.
func (s sums) short(section string) string {
	files, ok := s[section]
	if !ok {
		return ""
	}
	h := sha256.New()
	for _, path := range slices.Sorted(maps.Keys(files)) {
		fmt.Fprintf(h, "%q: %x\n", path, files[path])
	}
	return hex.EncodeToString(h.Sum(nil)[:6])
}
