package app

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strconv"

	"github.com/siogw/siogw/engine"
	"github.com/siogw/siogw/hostabi"
	"github.com/siogw/siogw/internal/config"
	"github.com/siogw/siogw/plugins/std"
	"github.com/siogw/siogw/plugins/wasm"
)

// Plugin is a loaded Wasm plugin.
type Plugin struct {
	Config   *config.Plugin
	Manifest wasm.Manifest
	Size     int    // of the module, in bytes
	SHA256   string // of the module, in hex

	guest *wasm.Plugin
	key   string // plugins.N
}

// loadPlugins loads every plugin, those that are off too, and gives their stages.
func (j *Judge) loadPlugins(ctx context.Context, cfg *config.Config, logger *slog.Logger) (stages []engine.Stage, err error) {
	if len(cfg.Plugins) == 0 {
		return nil, nil
	}
	if j.runtime, err = hostabi.NewRuntime(ctx, hostabi.RuntimeOptions{CacheDir: CacheDir()}); err != nil {
		return nil, err
	}
	var errs []error
	for i := range cfg.Plugins {
		p := &Plugin{Config: &cfg.Plugins[i], key: "plugins." + strconv.Itoa(i)}
		if key, err := p.load(ctx, j.runtime, logger); err != nil {
			errs = append(errs, cfg.Error(p.key+"."+key, err))
			continue
		}
		j.Plugins = append(j.Plugins, p)
		stages = append(stages, p.stage())
	}
	return stages, errors.Join(errs...)
}

// load gives, with an error, the key that is at fault.
func (p *Plugin) load(ctx context.Context, rt *hostabi.Runtime, logger *slog.Logger) (key string, err error) {
	module, manifest, err := read(p.Config.Source)
	if err != nil {
		return "source", err
	}
	sum := sha256.Sum256(module)
	p.Size, p.SHA256 = len(module), hex.EncodeToString(sum[:])
	if want := string(p.Config.SHA256); want != "" && want != p.SHA256 {
		return "sha256", fmt.Errorf("the module's is %s", p.SHA256)
	}
	p.guest, err = wasm.Load(ctx, rt, wasm.Options{
		Name: p.Config.Name, Wasm: module, Manifest: manifest, Config: p.Config.Config,
		Memory: int64(p.Config.Memory), Timeout: p.Config.Timeout, Logger: logger,
	})
	if err != nil {
		if errors.Is(err, hostabi.ErrConfig) {
			return "config", err
		}
		return "source", err
	}
	p.Manifest = p.guest.Manifest()
	return "", nil
}

func read(s config.Source) (module, manifest []byte, err error) {
	if name, ok := s.Std(); ok {
		return std.Open(name)
	}
	module, err = os.ReadFile(string(s))
	return module, nil, err
}

func (p *Plugin) stage() engine.Stage {
	c := p.Config
	s := engine.Stage{Name: c.Name, Plugin: p.guest, Phase: engine.AfterPolicy, Mode: engine.Mode(c.Mode), OnError: engine.Deny,
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
