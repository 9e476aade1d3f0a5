package app

import (
	"context"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/siogw/siogw/internal/config"
	"github.com/siogw/siogw/internal/watch"
)

// maxFolders bounds the folders that are watched.
const maxFolders = 2000

// watch reloads whenever a file changes, till ctx ends. What is refused is told once, till it is refused for
// something else.
func (a *App) watch(ctx context.Context) {
	last := ""
	err := watch.Folders(ctx, func() []string { return watched(a.current.Load().cfg) }, func() {
		_, err := a.readAgain(ctx, false)
		now := ""
		if err != nil {
			now = err.Error()
		}
		if now != "" && now != last {
			a.tellRefused(err)
		}
		last = now
	})
	if err != nil {
		a.logger.Error("files are not watched any more: reload by SIGHUP", "error", err)
	}
}

// watched gives the folders where a change of cfg or of what it names shows: editors and Kubernetes replace files, so
// what is watched is where they are, by their names and in truth.
func watched(cfg *config.Config) []string {
	seen := map[string]bool{}
	var out []string
	add := func(dir string) {
		if !seen[dir] && len(out) < maxFolders {
			seen[dir] = true
			out = append(out, dir)
		}
	}
	var names []string
	if cfg.File != "" {
		names = append(names, cfg.File)
	}
	for _, files := range cfg.LiveFiles() {
		names = append(names, files...)
	}
	for _, name := range names {
		add(filepath.Dir(name))
		real, err := filepath.EvalSymlinks(name)
		if err != nil {
			continue // it may come
		}
		add(filepath.Dir(real))
		if info, err := os.Stat(real); err != nil || !info.IsDir() {
			continue
		}
		_ = filepath.WalkDir(real, func(path string, d fs.DirEntry, err error) error {
			if err == nil && d.IsDir() {
				add(path)
			}
			return nil // what cannot be read cannot be watched either
		})
	}
	return out
}
