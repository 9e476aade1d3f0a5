package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/siogw/siogw/internal/config"
)

// reloads is how a running App takes other configurations.
type reloads struct {
	mu   sync.Mutex     // one at a time
	old  sync.WaitGroup // generations that were replaced and are not released yet
	ctx  context.Context
	stop context.CancelFunc // ends what is being loaded

	taken, refused atomic.Uint64
}

// Reloaded tells what a reload did.
type Reloaded struct {
	Generation uint64   `json:"generation"`     // now in force
	Changed    []string `json:"changed"`        // sections of the configuration, or of what it names; none: all is as it was
	What       []string `json:"what,omitempty"` // of that changed: keys, files, and plugins with the checksum of what they are now
}

// maxReads is how often files are read again that change while they are read.
const maxReads = 3

// Reload puts cfg in force as a whole: all that it names is loaded first, and then judges from one packet to the next.
// On an error, a joined one that has all, nothing changes. Beside those of [New] it fails on a key that cannot change
// while running. Sessions go on; what only new ones get is told in docs/operations.md.
func (a *App) Reload(ctx context.Context, cfg *config.Config) (Reloaded, error) {
	return a.reload(ctx, cfg, true)
}

// reload is Reload; unless it is asked for, an unchanged configuration is not loaded again.
func (a *App) reload(ctx context.Context, cfg *config.Config, asked bool) (Reloaded, error) {
	a.reloads.mu.Lock()
	defer a.reloads.mu.Unlock()
	if a.reloads.ctx.Err() != nil {
		return Reloaded{}, errors.New("stopping")
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(a.reloads.ctx, cancel)()
	before := a.current.Load()
	changed := before.changes(cfg)
	if len(changed) == 0 && !asked {
		return Reloaded{Generation: a.gateway.Generation()}, nil
	}
	if err := a.take(ctx, cfg); err != nil {
		a.reloads.refused.Add(1)
		return Reloaded{}, err
	}
	a.reloads.taken.Add(1)
	return Reloaded{Generation: a.gateway.Generation(), Changed: changed, What: before.tell(a.current.Load())}, nil
}

// take loads cfg and puts it in force.
func (a *App) take(ctx context.Context, cfg *config.Config) error {
	before := a.current.Load()
	if err := needsRestart(a.cfg, cfg); err != nil {
		return err
	}
	gen, err := a.loadGeneration(ctx, cfg)
	if err != nil {
		return err
	}
	if err := a.takeLogRules(ctx, gen.judge); err != nil {
		return errors.Join(err, gen.judge.Close(ctx))
	}
	if err := a.log.Mask(a.masks(cfg)); err != nil { // first: what is decided anew may be logged at once
		return errors.Join(cfg.Error("decision_log.mask", err), gen.judge.Close(ctx))
	}
	a.reloads.old.Add(1)
	if err := a.gateway.Swap(gen.rules(a.release)); err != nil {
		a.reloads.old.Done()
		return errors.Join(err, a.log.Mask(a.masks(before.cfg)), a.takeLogRules(ctx, before.judge), gen.judge.Close(ctx))
	}
	a.current.Store(gen)
	a.totals.enter(gen.judge)
	a.keep.only(cfg)
	a.changeDoors(before.cfg, cfg)
	if cfg.Limits.Memory != before.cfg.Limits.Memory {
		limitMemory(&cfg.Limits)
	}
	return nil
}

// release ends a generation that was replaced, when nothing is decided by it any more.
func (a *App) release(gen *generation) {
	go func() {
		defer a.reloads.old.Done()
		a.totals.leave(gen.judge)
		if err := gen.judge.Close(context.Background()); err != nil {
			a.logger.Error("a replaced configuration was not released", "error", err)
		}
	}()
}

// endReloads waits till the replaced generations are released, or ctx ends.
func (a *App) endReloads(ctx context.Context) error {
	a.reloads.stop()
	a.reloads.mu.Lock() // when the last one has ended
	defer a.reloads.mu.Unlock()
	done := make(chan struct{})
	go func() {
		defer close(done)
		a.reloads.old.Wait()
	}()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("a replaced configuration is still in use: %w", ctx.Err())
	}
}

// needsRestart gives an error for each key that differs and cannot change while running.
func needsRestart(old, cfg *config.Config) error {
	var errs []error
	for _, key := range config.Changed(old, cfg) {
		if !config.Live(key) {
			errs = append(errs, cfg.Error(key, errors.New("cannot change while running: restart siogw")))
		}
	}
	return errors.Join(errs...)
}

// ReadAgain does what SIGHUP asks for: it reads the certificates and the configuration again, see Options.Load. What
// is not good is logged, and what was loaded before stays.
func (a *App) ReadAgain(ctx context.Context) (Reloaded, error) {
	a.reloadCertificates()
	return a.readAgain(ctx, true)
}

func (a *App) readAgain(ctx context.Context, asked bool) (r Reloaded, err error) {
	if a.load == nil {
		return r, errors.New("this configuration cannot be read again")
	}
	begin, before := time.Now(), a.current.Load().cfg
	cfg, err := a.load()
	if err != nil {
		a.reloads.refused.Add(1)
	} else {
		r, err = a.reload(ctx, cfg, asked)
	}
	switch {
	case err != nil && asked:
		a.tellRefused(err)
	case err == nil && (asked || len(r.Changed) > 0):
		a.logger.Info("configuration reloaded", "generation", r.Generation, "changed", cmp.Or(strings.Join(r.Changed, ","), "nothing"), "what", strings.Join(r.What, ", "),
			"policy", a.current.Load().revision(), "took", time.Since(begin).Round(time.Millisecond))
		a.warnNew(before)
	}
	return r, err
}

// warnNew tells what [Warnings] has to say now and had not before.
func (a *App) warnNew(before *config.Config) {
	old := Warnings(before)
	for _, w := range Warnings(a.current.Load().cfg) {
		if !slices.Contains(old, w) {
			a.logger.Warn(w)
		}
	}
}

func (a *App) tellRefused(err error) {
	a.logger.Error("configuration not reloaded: the one before stays", "generation", a.gateway.Generation(), "error", err)
}
