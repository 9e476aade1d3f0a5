// Package watch tells when files change.
package watch

import (
	"context"
	"errors"
	"io/fs"
	"time"

	"github.com/fsnotify/fsnotify"
)

const (
	settle  = 100 * time.Millisecond // editors write a file in several steps
	longest = 2 * time.Second        // that a change waits for others: something may always be written
)

// Folders calls run, and again whenever something changes in one of folders, not in those below, till ctx ends. It asks
// which they are before the first run and after each; one that is not there is left out. Its error says why nothing can
// be watched.
func Folders(ctx context.Context, folders func() []string, run func()) error {
	w, err := fsnotify.NewWatcher()
	if err != nil {
		return err
	}
	defer w.Close()
	if _, err := add(w, folders()); err != nil {
		return err
	}
	for ctx.Err() == nil {
		run()
		fresh, err := add(w, folders())
		if err == nil && !fresh { // else something may have changed there before it was watched
			err = changed(ctx, w)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// add watches folders, and reports whether one of them was not watched before.
func add(w *fsnotify.Watcher, folders []string) (fresh bool, err error) {
	before := len(w.WatchList())
	for _, dir := range folders {
		if err := w.Add(dir); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return false, err
		}
	}
	return len(w.WatchList()) > before, nil
}

// changed waits for a change, and then till there are no more.
func changed(ctx context.Context, w *fsnotify.Watcher) error {
	var quiet, enough <-chan time.Time
	for {
		select {
		case <-ctx.Done():
			return nil
		case e := <-w.Events:
			if e.Op == fsnotify.Chmod {
				continue
			}
		case err := <-w.Errors:
			if !errors.Is(err, fsnotify.ErrEventOverflow) { // that is many changes
				return err
			}
		case <-quiet:
			return nil
		case <-enough:
			return nil
		}
		quiet = time.After(settle)
		if enough == nil {
			enough = time.After(longest)
		}
	}
}
