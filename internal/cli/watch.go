package cli

import (
	"context"
	"io/fs"
	"path/filepath"

	"github.com/siogw/siogw/internal/watch"
)

const maxFolders = 2000 // that are watched

// watchFolders calls run, and again whenever something changes in the folders of roots, till ctx ends.
func watchFolders(ctx context.Context, roots func() []string, run func()) error {
	return watch.Folders(ctx, func() []string { return folders(roots()) }, run)
}

// folders gives the folders of roots and those below; what cannot be read is left out.
func folders(roots []string) []string {
	var out []string
	for _, root := range roots {
		_ = filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
			switch {
			case err != nil || len(out) >= maxFolders:
				return fs.SkipDir
			case d.IsDir() && skipFolder(root, name, d, nil) != nil:
				return fs.SkipDir
			case d.IsDir():
				out = append(out, name)
			case name == root:
				out = append(out, filepath.Dir(name))
			}
			return nil
		})
	}
	return out
}
