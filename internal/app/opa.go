package app

import (
	"context"
	"errors"
	"time"

	"github.com/siogw/siogw/engine"
	"github.com/siogw/siogw/gateway"
	"github.com/siogw/siogw/internal/config"
	"github.com/siogw/siogw/plugins/rego"
	"github.com/siogw/siogw/plugins/rego/manage"
)

// missing stands for a policy that has not come yet.
type missing struct{}

// Decide denies.
func (missing) Decide(context.Context, *engine.Input) engine.Verdict {
	return engine.Failed(engine.CodePolicyMissing, errors.New("not all bundles have been activated yet"))
}

// loadBundles loads the policy that bundles brought.
func (j *Judge) loadBundles(ctx context.Context, cfg *config.Config, b *manage.Activation) (err error) {
	if b == nil {
		j.Missing = true
		j.Policy, err = rego.Baseline(ctx) // which is not asked
		return err
	}
	o := j.regoOptions(cfg, cfg.Policy.Timeout)
	p, err := rego.LoadContent(ctx, b.Content, o)
	j.Policy, err = j.hold(p, err, o.Args)
	return err
}

// withBundles gives a Judge with another policy, which shares all else with j.
func (j *Judge) withBundles(ctx context.Context, cfg *config.Config, o JudgeOptions) (*Judge, error) {
	next := &Judge{Verifier: j.Verifier, Contract: j.Contract, Plugins: j.Plugins, Shadow: j.Shadow,
		stages: j.stages, shared: j.shared, runtime: j.runtime, tokens: j.tokens, telling: j.telling}
	err := next.loadPolicy(ctx, cfg, o)
	if err == nil {
		err = next.decide(cfg, o)
	}
	if err != nil {
		next.shadow.close()
		return nil, err
	}
	next.shared.Add(1)
	return next, nil
}

// manage makes OPA's management where the configuration has any.
func (a *App) manage(o Options) (err error) {
	c := a.cfg.OPAConfig()
	if c == nil {
		return nil
	}
	a.agent, err = manage.New(manage.Options{Config: c, Take: a.takeBundles, Input: a.log.AppendInput, Console: o.Stdout,
		Logger: o.Logger.With("component", "opa")})
	if err != nil {
		return a.cfg.Error("opa", err)
	}
	return nil
}

func (a *App) startManagement(ctx context.Context) error {
	if a.agent == nil {
		return nil
	}
	if err := a.agent.Start(ctx); err != nil {
		return err
	}
	return a.takeLogRules(ctx, a.current.Load().judge)
}

// takeLogRules has OPA's decision logs obey the rules that j has among its files, from before j decides on.
func (a *App) takeLogRules(ctx context.Context, j *Judge) error {
	if a.agent == nil || a.cfg.Bundled() {
		return nil
	}
	return a.agent.LogRules(ctx, j.LogRules)
}

// endManagement leaves the last uploads half of the time that there is: their service may be down.
func (a *App) endManagement(ctx context.Context) {
	if a.agent == nil {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, closeTime/2)
	defer cancel()
	a.agent.Stop(ctx)
}

// decisions is where decisions go.
func (a *App) decisions() gateway.Log {
	if a.agent == nil {
		return a.log
	}
	return logs{a.log, a.agent}
}

// logs are several at once.
type logs []gateway.Log

// Decision implements [gateway.Log].
func (l logs) Decision(in *engine.Input, d *engine.Decision) {
	for _, each := range l {
		each.Decision(in, d)
	}
}

// takeBundles puts what bundles brought in force, as a generation that differs in nothing else.
func (a *App) takeBundles(ctx context.Context, b *manage.Activation) error {
	a.reloads.mu.Lock()
	defer a.reloads.mu.Unlock()
	if a.reloads.ctx.Err() != nil {
		return errors.New("stopping")
	}
	before, begin := a.current.Load(), time.Now()
	j, err := before.judge.withBundles(ctx, before.cfg, JudgeOptions{Logger: a.logger, Keep: &a.keep, Bundles: b})
	if err != nil {
		return err
	}
	gen := &generation{cfg: before.cfg, judge: j, shields: before.shields, sums: before.sums, loaded: time.Now()}
	a.agent.Decides(a.gateway.Generation()+1, b.Bundles)
	a.reloads.old.Add(1)
	if err := a.gateway.Swap(gen.rules(a.release)); err != nil {
		a.reloads.old.Done()
		return errors.Join(err, j.Close(ctx))
	}
	a.current.Store(gen)
	a.totals.enter(gen.judge)
	a.bundles = b
	for _, w := range j.Warnings {
		a.logger.Warn(w)
	}
	a.logger.Info("bundles in force", "generation", a.gateway.Generation(), "revisions", b.Bundles, "took", time.Since(begin).Round(time.Millisecond))
	return nil
}
