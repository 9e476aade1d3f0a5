// Package app assembles what the configuration says: the decision side ([Judge]), which check and eval use
// alone, and the whole gateway with its log, metrics and listeners ([App]).
package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"sync/atomic"
	"time"

	"github.com/siogw/siogw/engine"
	"github.com/siogw/siogw/gateway"
	"github.com/siogw/siogw/hostabi"
	"github.com/siogw/siogw/internal/config"
	"github.com/siogw/siogw/internal/identity"
	"github.com/siogw/siogw/plugins/contract"
	"github.com/siogw/siogw/plugins/rego"
	"github.com/siogw/siogw/plugins/rego/manage"
)

// The names of the policy's stage, in decisions and in the log.
const (
	policyStage   = "policy"
	baselineStage = "baseline"
)

// Judge is the decision side of a gateway: the engine with the policy and the plugins, and the verifier.
type Judge struct {
	Engine   *engine.Engine
	Verifier gateway.Verifier   // nil: nobody is authenticated
	Policy   *rego.Policy       // the configured one, or the baseline
	LogRules *rego.LogRules     // of the policy's files, for OPA's decision logs; nil for none
	Baseline bool               // Policy is the baseline
	Missing  bool               // the policy is to come by bundles; till then all is denied
	Contract *contract.Contract // nil for none
	Plugins  []*Plugin
	Shadow   *rego.Policy // asked beside Policy, by a whole gateway; nil for none
	Warnings []string     // of what is probably a mistake in the policy, with file and line

	stages  []engine.Stage     // all but the policy
	shared  *atomic.Int64      // Judges that use what is below
	shadow  *shadow            // nil where it is not asked
	runtime *hostabi.Runtime   // nil without plugins
	tokens  *identity.Verifier // Verifier, nil without one
	telling
}

// JudgeOptions says how to assemble a Judge.
type JudgeOptions struct {
	Logger *slog.Logger // of what plugins say
	// Watch, when not nil, gives what asks the policy in its place, such as one that explains.
	Watch func(*rego.Policy) engine.Plugin
	Fetch bool // the keys of identity providers, till Close; else their tokens are refused
	// Before, when not nil, is what this Judge replaces: the keys that it has of providers serve on.
	Before *Judge
	// KeysChanged is called when the keys of a provider are others than before; nil for nobody.
	KeysChanged func()
	// Keep holds what plugins keep beyond this Judge; nil begins anew.
	Keep    *Keep
	Bundles *manage.Activation // what brings the policy, where the configuration says so; nil: not there yet
	Dry     bool               // programs of native plugins are checked and not started: they fail
}

// NewJudge loads the policy, the plugins and the keys. It goes on after failures, so that its error, a
// joined one, has them all; each names its place.
func NewJudge(ctx context.Context, cfg *config.Config, o JudgeOptions) (*Judge, error) {
	j := &Judge{shared: new(atomic.Int64)}
	stages, err := j.loadPlugins(ctx, cfg, o)
	first, errContract := j.loadContract(cfg)
	errs := []error{errContract, j.loadPolicy(ctx, cfg, o), j.loadShadow(ctx, cfg), err, j.loadTeller(cfg, lastingOf(o.Keep)), j.loadKeys(cfg, o)}
	if err := errors.Join(errs...); err != nil {
		return nil, errors.Join(err, j.Close(ctx))
	}
	j.Warnings = append(j.Warnings, j.checkRooms(cfg)...)
	j.stages = append(first, stages...)
	if err = j.decide(cfg, o); err == nil && o.Fetch {
		err = j.startKeys(ctx, o.Before)
	}
	if err != nil {
		return nil, errors.Join(err, j.Close(ctx))
	}
	return j, nil
}

// decide makes the engine of the stages and the policy.
func (j *Judge) decide(cfg *config.Config, o JudgeOptions) (err error) {
	policy := j.policyStage(cfg, o.Watch)
	j.startShadow(cfg, &policy, o)
	j.Engine, err = engine.New(append(slices.Clone(j.stages), policy)...)
	return err
}

// loadPolicy loads the policy; one that is off or not there is replaced by the baseline.
func (j *Judge) loadPolicy(ctx context.Context, cfg *config.Config, o JudgeOptions) (err error) {
	if cfg.Bundled() && engine.Mode(cfg.Policy.Mode) != engine.Off {
		return j.loadBundles(ctx, cfg, o.Bundles)
	}
	if len(cfg.Policy.Paths) == 0 {
		j.Baseline = true
		j.Policy, err = rego.Baseline(ctx)
		return err
	}
	if j.Policy, err = j.load(ctx, cfg, policyPaths, cfg.Policy.Timeout); err != nil {
		return err
	}
	if j.LogRules, err = j.Policy.LogRules(ctx); err != nil {
		return err
	}
	if engine.Mode(cfg.Policy.Mode) == engine.Off {
		j.Baseline = true
		j.Policy, err = rego.Baseline(ctx)
	}
	return err
}

// The keys of paths that load is for.
const (
	policyPaths = "policy.paths"
	shadowPaths = "policy.shadow.paths"
)

// load loads what is at the paths of key, and holds it against the contract. Its errors have file and line of
// their own, but for paths where nothing is: these have the key's.
func (j *Judge) load(ctx context.Context, cfg *config.Config, key string, timeout time.Duration) (*rego.Policy, error) {
	paths := cfg.Policy.Paths
	if key == shadowPaths {
		paths = cfg.Policy.Shadow.Paths
	}
	o := j.regoOptions(cfg, timeout)
	for i, p := range paths {
		if _, err := os.Stat(string(p)); err != nil {
			return nil, cfg.Error(fmt.Sprintf("%s.%d", key, i), err)
		}
		o.Paths = append(o.Paths, string(p))
	}
	p, err := rego.Load(ctx, o)
	return j.hold(p, err, o.Args)
}

func (j *Judge) regoOptions(cfg *config.Config, timeout time.Duration) rego.Options {
	o := rego.Options{Timeout: timeout, Memo: memoOf(cfg), Args: j.argsTypes(cfg), Topdown: cfg.Policy.Evaluator == rego.EvaluatorTopdown,
		MaxBytes: int(max(cfg.Limits.Payload, cfg.Limits.UpstreamPayload))} // the gateway holds each direction to its own
	if opa := cfg.OPAConfig(); opa != nil {
		o.LogRules = opa.LogRules
	}
	return o
}

// hold holds a policy that was loaded against the contract.
func (j *Judge) hold(p *rego.Policy, err error, args *rego.ArgsTypes) (*rego.Policy, error) {
	if p == nil {
		return nil, err
	}
	warnings, errNames := j.checkNames(p, args)
	j.Warnings = append(append(j.Warnings, p.Warnings()...), warnings...)
	return p, errors.Join(err, errNames)
}

func (j *Judge) policyStage(cfg *config.Config, watch func(*rego.Policy) engine.Plugin) engine.Stage {
	s := engine.Stage{Name: policyStage, Plugin: j.Policy, Phase: engine.Policy, Mode: engine.Mode(cfg.Policy.Mode)}
	if j.Baseline {
		s.Name, s.Mode = baselineStage, engine.Enforce
	}
	if j.Missing {
		s.Plugin = missing{}
	} else if watch != nil {
		s.Plugin = watch(j.Policy)
	}
	return s
}

// Close releases what the plugins hold. No decision may be under way or come later.
func (j *Judge) Close(ctx context.Context) error {
	var errs []error
	j.shadow.close()
	if j.shared.Add(-1) >= 0 {
		return nil
	}
	if j.tokens != nil {
		j.tokens.Stop()
	}
	for _, p := range j.Plugins {
		errs = append(errs, p.close(ctx))
	}
	if j.runtime != nil {
		errs = append(errs, j.runtime.Close(ctx))
	}
	return errors.Join(errs...)
}

// CacheDir is where compiled plugins are kept between runs; "" where the user has no such place.
func CacheDir() string {
	base, err := os.UserCacheDir()
	if err != nil {
		return ""
	}
	dir := filepath.Join(base, "siogw", "wasm")
	if os.MkdirAll(dir, 0o700) != nil {
		return ""
	}
	return dir
}
