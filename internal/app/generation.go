package app

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/siogw/siogw/gateway"
	"github.com/siogw/siogw/internal/config"
	"github.com/siogw/siogw/internal/shields"
)

// generation is what one configuration makes of all that may change while the gateway runs.
type generation struct {
	cfg     *config.Config
	judge   *Judge
	shields *shields.Set
	sums    sums // of the files, before they were read
	loaded  time.Time
}

// errUnsteady refuses files that somebody is writing.
var errUnsteady = errors.New("files change while they are read")

// loadGeneration loads all that cfg names.
func (a *App) loadGeneration(ctx context.Context, cfg *config.Config) (*generation, error) {
	for try := 1; ; try++ {
		gen, err := a.tryGeneration(ctx, cfg)
		steady := sumFiles(cfg).equal(gen.sums)
		switch {
		case steady && err == nil:
			return gen, nil
		case steady:
			return nil, err
		case try == maxReads:
			return nil, errors.Join(errUnsteady, err, gen.close(ctx))
		}
		if err := gen.close(ctx); err != nil {
			return nil, err
		}
	}
}

// tryGeneration reads each file once. It always gives a generation, for its sums.
func (a *App) tryGeneration(ctx context.Context, cfg *config.Config) (*generation, error) {
	var counted *shields.Set
	o := JudgeOptions{Logger: a.logger, Keep: &a.keep, Fetch: true, KeysChanged: a.keysChanged, Bundles: a.bundles}
	if before := a.current.Load(); before != nil {
		counted, o.Before = before.shields, before.judge
	}
	gen := &generation{cfg: cfg, sums: sumFiles(cfg)}
	var errShields, err error
	gen.shields, errShields = newShields(cfg, counted)
	gen.judge, err = NewJudge(ctx, cfg, o)
	if err := errors.Join(errShields, err); err != nil {
		return gen, errors.Join(err, gen.close(ctx))
	}
	for _, w := range gen.judge.Warnings {
		a.logger.Warn(w)
	}
	gen.loaded = time.Now()
	return gen, nil
}

// close releases a generation that is not in force. It may be called again.
func (gen *generation) close(ctx context.Context) error {
	j := gen.judge
	if gen.judge = nil; j == nil {
		return nil
	}
	return j.Close(ctx)
}

// rules gives what the gateway decides by. release is called when it does so no longer.
func (gen *generation) rules(release func(*generation)) gateway.Rules {
	r := gatewayRules(gen.cfg)
	r.Engine, r.Verifier, r.Shields = gen.judge.Engine, gen.judge.Verifier, gen.shields
	gen.judge.tell(&r)
	r.Release = func() { release(gen) }
	return r
}

// changes gives the sections that differ in cfg, or whose files do.
func (gen *generation) changes(cfg *config.Config) []string {
	out := []string{}
	for _, key := range config.Changed(gen.cfg, cfg) {
		section, _, _ := strings.Cut(key, ".")
		out = append(out, section)
	}
	now := sumFiles(cfg)
	for section := range now {
		if !maps.Equal(now[section], gen.sums[section]) {
			out = append(out, section)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// revision names the policy's files and data as a whole.
func (gen *generation) revision() string { return cmp.Or(gen.sums.short("policy"), baselineStage) }
