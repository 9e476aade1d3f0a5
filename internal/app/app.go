package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/siogw/siogw/gateway"
	"github.com/siogw/siogw/internal/config"
	"github.com/siogw/siogw/internal/decisionlog"
	"github.com/siogw/siogw/plugins/rego/manage"
)

// App is a gateway that is ready to serve.
type App struct {
	cfg      *config.Config // of the start, for what cannot change
	load     func() (*config.Config, error)
	current  atomic.Pointer[generation]
	reloads  reloads
	log      *decisionlog.Log
	counts   *counts
	gateway  *gateway.Gateway
	serving  atomic.Pointer[gateway.Gateway] // the same, for who may come before it is there
	logger   *slog.Logger
	version  string
	draining atomic.Bool
	front    front
	doors    *doors // of the clients' listener; nil before Serve. Of reloads.mu
	keep     Keep
	totals   totals
	tokens   []string           // where the decision log hides them; of reloads.mu
	agent    *manage.Agent      // nil without opa in the configuration
	bundles  *manage.Activation // in force; nil for none. Of reloads.mu
}

// Options says how to assemble an App.
type Options struct {
	Stdout, Stderr io.Writer // for a decision log that goes there
	Logger         *slog.Logger
	Version        string // for metrics
	// Load reads the configuration again, from where it came; nil: it stays as it is.
	Load func() (*config.Config, error)
}

// New assembles a gateway. Its errors are those of [NewJudge], and of the decision log's output.
func New(ctx context.Context, cfg *config.Config, o Options) (*App, error) {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	a := &App{cfg: cfg, logger: o.Logger, version: o.Version, load: o.Load}
	a.reloads.ctx, a.reloads.stop = context.WithCancel(context.Background())
	gen, err := a.loadGeneration(ctx, cfg)
	if err != nil {
		return nil, err
	}
	a.current.Store(gen)
	a.totals.enter(gen.judge)
	if err = a.assemble(o); err == nil {
		err = a.startManagement(ctx)
	}
	if err != nil {
		return nil, errors.Join(err, a.close(ctx))
	}
	return a, nil
}

func (a *App) assemble(o Options) error {
	lo := decisionlog.Options{Output: string(a.cfg.DecisionLog.Output), Stdout: o.Stdout, Stderr: o.Stderr, Logger: o.Logger}
	lo.Mask = a.masks(a.cfg)
	var err error
	if a.log, err = decisionlog.Open(lo); err != nil {
		return a.cfg.Error("decision_log.output", err)
	}
	if err = a.manage(o); err != nil {
		return err
	}
	a.counts = newCounts(a.decisions())
	gw := options(a.cfg)
	gw.Rules = a.current.Load().rules(a.release)
	gw.Log, gw.Logger = a.counts, o.Logger
	a.gateway, err = gateway.New(gw)
	a.serving.Store(a.gateway)
	return err
}

// Handler serves clients.
func (a *App) Handler() http.Handler { return http.HandlerFunc(a.serveClients) }

// Log gives the decision log, for a tap.
func (a *App) Log() *decisionlog.Log { return a.log }

// Stop refuses new sessions, closes the open ones, and when they are gone releases everything. What is
// not done when ctx ends is told in the error.
func (a *App) Stop(ctx context.Context) error {
	a.draining.Store(true)
	return errors.Join(a.gateway.Shutdown(ctx), a.close(ctx))
}

// closeTime is for the last lines of the log and for the plugins, whatever the sessions took of the caller's time.
const closeTime = 2 * time.Second

func (a *App) close(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeTime)
	defer cancel()
	var err error
	if a.log != nil {
		err = a.log.Close(ctx)
	}
	a.reloads.stop()
	a.endManagement(ctx)
	err = errors.Join(err, a.endReloads(ctx))
	return errors.Join(err, a.current.Load().judge.Close(ctx))
}

// Warnings tells what an operator must know of a configuration that works and does not protect.
func Warnings(cfg *config.Config) []string {
	var out []string
	warn := func(bad bool, text string) {
		if bad {
			out = append(out, text)
		}
	}
	policy := cfg.Policy
	warn(len(policy.Paths) == 0 && !cfg.Bundled(), "NOTHING IS AUTHORIZED: no policy is configured (policy.paths); what passes the limits is allowed")
	there := len(policy.Paths) > 0 || cfg.Bundled()
	warn(there && policy.Mode == modeOff, "NOTHING IS AUTHORIZED: policy.mode is off")
	warn(there && policy.Mode == modeMonitor, "NOTHING IS DENIED BY POLICY: policy.mode is monitor")
	warn(len(cfg.Contract.Files) > 0 && cfg.Contract.Mode == modeMonitor, "NOTHING IS DENIED BY CONTRACT: contract.mode is monitor")
	warn(len(cfg.Contract.Files) > 0 && cfg.Contract.Mode == modeOff, "NOTHING IS DENIED BY CONTRACT: contract.mode is off")
	warn(cfg.Bundled() && cfg.OPAConfig().Unsigned, "BUNDLES ARE TAKEN UNSIGNED: who can change them on the way or at their service decides; set signing in opa.bundles")
	warn(!cfg.Identity.Proves(), "NOBODY IS AUTHENTICATED: no key is configured (identity.jwt)")
	warn(cfg.Identity.Proves() && !cfg.Identity.Required && !cfg.Given("identity.required"),
		"ANONYMOUS CLIENTS ARE LET IN beside those with tokens: set identity.required to true, or to false if that is meant")
	warn(cfg.Identity.Fetch.Insecure, "KEYS ARE FETCHED OVER PLAIN HTTP (identity.fetch.insecure): who can change them on the way can sign any token")
	warn(cfg.Identity.HasKeys() && cfg.Identity.OnExpiry == "ignore", "EXPIRED IDENTITIES LIVE ON: identity.on_expiry is ignore")
	warn(cfg.Identity.Upstream.Signs() && len(cfg.Identity.Upstream.Keys) == 0, "THE UPSTREAM'S TOKENS ARE SIGNED BY A KEY OF THIS PROCESS ALONE: "+
		"set identity.upstream.keys where there are several gateways, or where the upstream keeps keys over a restart")
	weak := func(key string, secret config.Secret) {
		warn(secret != "" && len(secret) < 32, fmt.Sprintf("WEAK SECRET: %s has %d bytes; RFC 7518 section 3.2 asks for 32, what is shorter can be found by trying", key, len(secret)))
	}
	weak("identity.jwt.secret", cfg.Identity.JWT.Secret)
	for i := range cfg.Identity.Issuers {
		weak(fmt.Sprintf("identity.issuers.%d.secret", i), cfg.Identity.Issuers[i].Secret)
	}
	warn(!cfg.TLS.On() && !loopback(cfg.Listen), "PLAIN HTTP on "+cfg.Listen+": no certificate is configured (tls); tokens are readable on the way, unless a proxy ends TLS")
	warn(cfg.Admin.Listen != "" && !loopback(cfg.Admin.Listen), "THE ADMIN LISTENER IS OPEN to others than this machine: admin.listen is "+cfg.Admin.Listen)
	for _, text := range roomOverlaps(&cfg.Rooms) {
		warn(true, "RULES OVERLAP: "+text)
	}
	return out
}
