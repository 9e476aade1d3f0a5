package manage

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"sync/atomic"

	"github.com/open-policy-agent/opa/v1/hooks"
	"github.com/open-policy-agent/opa/v1/metrics"
	"github.com/open-policy-agent/opa/v1/plugins"
	"github.com/open-policy-agent/opa/v1/plugins/bundle"
	"github.com/open-policy-agent/opa/v1/plugins/discovery"
	"github.com/open-policy-agent/opa/v1/plugins/logs"
	"github.com/open-policy-agent/opa/v1/storage"
	"github.com/open-policy-agent/opa/v1/storage/inmem"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/siogw/siogw/engine"
	"github.com/siogw/siogw/plugins/rego"
)

// Options says how an Agent works. Fields without a stated zero value are required.
type Options struct {
	Config *Config
	// Take puts what bundles brought in force, or fails; then the bundle is refused and what was there stays. It is
	// called one at a time, from Start on until Stop returns. It must not call the Agent, but for Decides.
	Take func(context.Context, *Activation) error
	// Input appends the document of an input as it may be logged. nil: no decisions are logged.
	Input    func(dst []byte, in *engine.Input) []byte
	Console  io.Writer             // for what is configured to go to the console; nil for none
	Logger   *slog.Logger          // nil for none
	Register prometheus.Registerer // for OPA's own metrics, where status.prometheus asks for them; nil for none
}

// Activation is what bundles brought, as a whole.
type Activation struct {
	Content *rego.Content
	Bundles map[string]string // revisions by name of the bundle
}

// Agent is OPA's management at work. It is safe for concurrent use.
type Agent struct {
	o       Options
	manager *plugins.Manager
	store   *store
	metrics metrics.Metrics // OPA's counts of decision logs
	events  events
	life    context.Context
	end     context.CancelFunc

	known   atomic.Bool // that bundles tell us of their status
	mu      sync.Mutex
	status  map[string]*bundle.Status
	failed  map[string]uint64 // by bundle
	decided []decided
	active  map[string]string // bundles that were taken
}

// New makes an Agent of a configuration that was checked. It must be stopped, also when it was never started.
func New(o Options) (*Agent, error) {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Console == nil {
		o.Console = io.Discard
	}
	a := &Agent{o: o, metrics: metrics.New(), failed: map[string]uint64{}}
	a.life, a.end = context.WithCancel(context.Background())
	a.store = &store{Store: inmem.NewWithOpts(inmem.OptRoundTripOnWrite(false)), agent: a}
	var err error
	a.manager, err = plugins.New(o.Config.raw, engine.NewID().String(), a.store, plugins.Logger(newLogger(o.Logger)),
		plugins.ConsoleLogger(newLogger(console(o.Console))), plugins.WithPrometheusRegister(o.Register))
	if err != nil {
		return nil, err
	}
	a.events.start(a)
	a.manager.RegisterPluginStatusListener("siogw", a.changed)
	if err := a.discover(); err != nil {
		a.Stop(a.life)
		return nil, err
	}
	return a, nil
}

// discover makes the plugins that are configured, and what finds more of them.
func (a *Agent) discover() error {
	var boot map[string]any
	if err := json.Unmarshal(a.o.Config.raw, &boot); err != nil {
		return err
	}
	d, err := discovery.New(a.manager, discovery.Metrics(a.metrics), discovery.BootConfig(boot), discovery.Hooks(hooks.New(discovered{})))
	if err != nil {
		return err
	}
	a.manager.Register(discovery.Name, d)
	return nil
}

// Start begins. Bundles that were kept on disk are active when it returns.
func (a *Agent) Start(ctx context.Context) error {
	if err := rego.FillStore(ctx, a.store); err != nil {
		return fmt.Errorf("opa: %w", err)
	}
	if err := a.manager.Start(ctx); err != nil {
		return fmt.Errorf("opa: %w", err)
	}
	a.events.wanted.Store(logs.Lookup(a.manager) != nil)
	a.listen()
	return nil
}

// Stop ends it all, and uploads what is left of the decision logs within ctx, which must have a deadline for that.
func (a *Agent) Stop(ctx context.Context) {
	a.events.stop(ctx)
	a.end()
	a.manager.Stop(ctx)
}

// changed is called where the state of any plugin of OPA's changes. It must not wait for any.
func (a *Agent) changed(states map[string]*plugins.Status) {
	if states[logs.Name] != nil {
		a.events.wanted.Store(true)
	}
	if states[bundle.Name] != nil && !a.known.Load() {
		go a.listen()
	}
}

// store notices when bundles change it.
type store struct {
	storage.Store
	agent *Agent
	write atomic.Uint64 // the transaction that may write; there is one at a time
}

// NewTransaction is described by [storage.Store].
func (s *store) NewTransaction(ctx context.Context, params ...storage.TransactionParams) (storage.Transaction, error) {
	txn, err := s.Store.NewTransaction(ctx, params...)
	if err == nil && len(params) > 0 && params[0].Write {
		s.write.Store(txn.ID())
	}
	return txn, err
}

// Commit is described by [storage.Store]. It fails where what bundles wrote cannot be put in force.
func (s *store) Commit(ctx context.Context, txn storage.Transaction) error {
	if txn.ID() == s.write.Load() {
		if err := s.agent.activate(ctx, txn); err != nil {
			s.Store.Abort(ctx, txn)
			return err
		}
	}
	return s.Store.Commit(ctx, txn)
}
