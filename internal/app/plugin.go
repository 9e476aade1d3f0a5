package app

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"strconv"

	"github.com/siogw/siogw/engine"
	"github.com/siogw/siogw/hostabi"
	"github.com/siogw/siogw/internal/config"
	"github.com/siogw/siogw/plugins/js"
	"github.com/siogw/siogw/plugins/native"
	"github.com/siogw/siogw/plugins/std"
	"github.com/siogw/siogw/plugins/wasm"
)

// Plugin is a loaded plugin.
type Plugin struct {
	Config   *config.Plugin
	Manifest wasm.Manifest
	Size     int    // of the file, in bytes
	SHA256   string // of the file, in hex

	guest   *wasm.Plugin
	native  *native.Plugin              // in place of guest; neither when it is only checked
	release func(context.Context) error // of native's process
	key     string                      // plugins.N

	module, manifest []byte // while it is loaded
}

// loadPlugins loads every plugin, those that are off too, and gives their stages.
func (j *Judge) loadPlugins(ctx context.Context, cfg *config.Config, o JudgeOptions) (stages []engine.Stage, err error) {
	if len(cfg.Plugins) == 0 {
		return nil, nil
	}
	if j.runtime, err = hostabi.NewRuntime(ctx, hostabi.RuntimeOptions{CacheDir: CacheDir()}); err != nil {
		return nil, err
	}
	l := loader{runtime: j.runtime, logger: o.Logger, keep: o.Keep, dry: o.Dry}
	if l.keep == nil {
		l.keep = &Keep{}
	}
	all := make([]*Plugin, len(cfg.Plugins))
	for i := range all {
		all[i] = &Plugin{Config: &cfg.Plugins[i], key: "plugins." + strconv.Itoa(i)}
	}
	var errs []error
	for i, failed := range l.loadAll(ctx, all) {
		if p := all[i]; failed.err != nil {
			errs = append(errs, cfg.Error(p.key+"."+failed.key, failed.err))
		} else {
			j.Plugins = append(j.Plugins, p)
			stages = append(stages, p.stage())
		}
	}
	return stages, errors.Join(errs...)
}

// read gets the module, and checks that it is the one that the configuration means.
func (p *Plugin) read() (key string, err error) {
	if path, ok := p.Config.Source.Native(); ok {
		return p.readNative(path)
	}
	if p.module, p.manifest, err = openModule(p.Config.Source); err != nil {
		return "source", err
	}
	sum := sha256.Sum256(p.module)
	p.Size, p.SHA256 = len(p.module), hex.EncodeToString(sum[:])
	if want := string(p.Config.SHA256); want != "" && want != p.SHA256 {
		return "sha256", fmt.Errorf("the module's is %s", p.SHA256)
	}
	if file := string(p.Config.Source); js.Is(file) {
		if p.module, err = js.Module(file, p.module); err != nil {
			return "source", err
		}
	}
	return "", nil
}

// start makes the guest that runs. With an error, it gives the key that is at fault.
func (p *Plugin) start(ctx context.Context, l *loader) (key string, err error) {
	c := p.Config
	if path, ok := c.Source.Native(); ok {
		return p.startNative(ctx, path, l)
	}
	p.guest, err = wasm.Load(ctx, l.runtime, wasm.Options{
		Name: c.Name, Wasm: p.module, Manifest: p.manifest, Config: c.Config,
		Memory: int64(c.Memory), Timeout: c.Timeout, Logger: l.logger,
		Lifetime: string(c.Lifetime), Sessions: c.Sessions, Memo: int64(c.Memo),
		Granted: c.Granted(), Store: l.keep.store(c), Tally: l.keep.tally(c.Name),
		Backoff: backoffOf(c),
	})
	p.module, p.manifest = nil, nil
	switch {
	case errors.Is(err, hostabi.ErrConfig):
		return "config", err
	case errors.Is(err, wasm.ErrNotGranted):
		return "grant", err
	case err != nil:
		return "source", err
	}
	p.Manifest = p.guest.Manifest()
	return "", nil
}

func openModule(s config.Source) (module, manifest []byte, err error) {
	if name, ok := s.Std(); ok {
		return std.Open(name)
	}
	module, err = os.ReadFile(string(s))
	return module, nil, err
}

func (p *Plugin) stage() engine.Stage {
	c := p.Config
	s := engine.Stage{Name: c.Name, Plugin: p.decider(), Phase: engine.AfterPolicy, Mode: engine.Mode(c.Mode), OnError: engine.Deny,
		Match: engine.Match{Namespaces: c.Match.Namespaces, Events: c.Match.Events}}
	if c.Phase == "before_policy" {
		s.Phase = engine.BeforePolicy
	}
	if c.OnError == "allow" {
		s.OnError = engine.Abstain // the failure does not count; the policy still decides
	}
	for _, k := range c.Match.Kinds {
		s.Match.Kinds = append(s.Match.Kinds, engine.Kind(k))
	}
	for _, d := range c.Match.Directions {
		s.Match.Directions = append(s.Match.Directions, engine.Direction(d))
	}
	return s
}
