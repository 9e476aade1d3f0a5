package app

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/siogw/siogw/engine"
	"github.com/siogw/siogw/internal/backoff"
	"github.com/siogw/siogw/internal/config"
	"github.com/siogw/siogw/plugins/native"
	"github.com/siogw/siogw/plugins/wasm"
)

// readNative checks the program at path and its manifest.
func (p *Plugin) readNative(path string) (key string, err error) {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return "source", err
	case !info.Mode().IsRegular():
		return "source", fmt.Errorf("%s is no file", path)
	case info.Mode()&0o111 == 0:
		return "source", fmt.Errorf("%s may not be executed", path)
	}
	size, sum, err := native.Sum(path)
	if err != nil {
		return "source", err
	}
	p.Size, p.SHA256 = int(size), sum
	if p.manifest, err = native.ReadManifest(path); err != nil {
		return "source", err
	}
	if p.Manifest, err = wasm.ParseManifest(p.manifest); err != nil {
		return "source", err
	}
	if sum != string(p.Config.SHA256) {
		return "sha256", fmt.Errorf("the program's is %s", sum)
	}
	return "", nil
}

// startNative has the program run, which it may already, for the configuration before.
func (p *Plugin) startNative(ctx context.Context, path string, l *loader) (key string, err error) {
	if l.dry {
		return "", nil
	}
	c := p.Config
	tally := l.keep.tally(c.Name)
	o := native.Options{Name: c.Name, Path: path, SHA256: p.SHA256, Manifest: p.manifest, Config: c.Config, Args: c.Args, Dir: string(c.Dir),
		Memory: int64(c.Memory), InFlight: c.MaxInFlight, StartTimeout: c.StartTimeout, Backoff: backoffOf(c), Logger: l.logger, Line: tally.Line}
	for _, name := range slices.Sorted(maps.Keys(c.Env)) {
		o.Env = append(o.Env, name+"="+string(c.Env[name]))
	}
	process, release, err := l.keep.natives.Acquire(ctx, o)
	switch {
	case errors.Is(err, native.ErrChecksum):
		return "sha256", err
	case errors.Is(err, native.ErrRefused):
		return "config", err
	case err != nil:
		return "source", err
	}
	p.native, p.release = native.New(process, c.Timeout, tally), release
	return "", nil
}

func backoffOf(c *config.Plugin) backoff.Options {
	return backoff.Options{Failures: c.Backoff.Failures, Window: c.Backoff.Window, Pause: c.Backoff.Pause, MaxPause: c.Backoff.MaxPause}
}

// decider gives what judges.
func (p *Plugin) decider() engine.Plugin {
	switch {
	case p.guest != nil:
		return p.guest
	case p.native != nil:
		return p.native
	}
	return notStarted{}
}

// close releases what p holds.
func (p *Plugin) close(ctx context.Context) error {
	if p.guest != nil {
		return p.guest.Close(ctx)
	}
	if p.release != nil {
		return p.release(ctx)
	}
	return nil
}

// notStarted stands for a program that is only checked.
type notStarted struct{}

// Decide implements engine.Plugin.
func (notStarted) Decide(context.Context, *engine.Input) engine.Verdict {
	return engine.Failed(engine.CodePluginDown, native.ErrDown)
}

var (
	nativeRestarts = desc("plugin_restarts_total", "How often a native plugin's program was started again.", "plugin")
	nativeLate     = desc("plugin_late_total", "Answers of a native plugin that came too late.", "plugin")
	nativeUnderWay = desc("plugin_under_way", "Questions that a native plugin has.", "plugin")
)

// collectNative tells how a native plugin is.
func (p *Plugin) collectNative(ch chan<- prometheus.Metric) {
	name, st, out := p.Config.Name, p.native.Stats(), 0.0
	if !p.native.InService() {
		out = 1
	}
	ch <- prometheus.MustNewConstMetric(pluginOut, prometheus.GaugeValue, out, name)
	ch <- prometheus.MustNewConstMetric(nativeRestarts, prometheus.CounterValue, float64(st.Restarts), name)
	ch <- prometheus.MustNewConstMetric(nativeLate, prometheus.CounterValue, float64(st.Late), name)
	ch <- prometheus.MustNewConstMetric(nativeUnderWay, prometheus.GaugeValue, float64(st.UnderWay), name)
}
