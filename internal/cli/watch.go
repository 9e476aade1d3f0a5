package cli

import (
	"context"
	"io/fs"
	"path/filepath"
	"time"

	"github.com/fsnotify/fsnotify"
)

const (
	settle     = 100 * time.Millisecond // editors write a file in several steps
	maxFolders = 2000                   // that are watched
)

// watch calls run, and again whenever something changes in the folders of roots, till ctx ends.
func watch(ctx context.Context, roots func() []string, run func()) error {
	w, err := fsnotify.NewWatcher()
	if err != nil {
		return err
	}
	defer w.Close()
	for {
		for _, dir := range folders(roots()) { // before run, so that no change is missed
			if err := w.Add(dir); err != nil {
				return err
			}
		}
		run()
		if err := changed(ctx, w); err != nil || ctx.Err() != nil {
			return err
		}
	}
}

// changed waits for a change, and then till there are no more.
func changed(ctx context.Context, w *fsnotify.Watcher) error {
	var quiet <-chan time.Time
	for {
		select {
		case <-ctx.Done():
			return nil
		case e := <-w.Events:
			if e.Op != fsnotify.Chmod {
				quiet = time.After(settle)
			}
		case err := <-w.Errors:
			return err
		case <-quiet:
			return nil
		}
	}
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
