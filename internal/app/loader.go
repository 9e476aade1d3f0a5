package app

import (
	"context"
	"log/slog"
	"runtime"
	"sync"
	"time"

	"github.com/siogw/siogw/hostabi"
)

// slowLoad is how long a plugin may take to load before the log tells of it: a module that was compiled before takes
// a fraction of that.
const slowLoad = time.Second

// loader loads plugins, as many at a time as there are processors.
type loader struct {
	runtime *hostabi.Runtime
	logger  *slog.Logger // nil for none
	keep    *Keep
	dry     bool // see JudgeOptions
}

// failure is why a plugin does not load, and the key that is at fault.
type failure struct {
	key string
	err error
}

// loadAll loads each, and gives why not. Plugins of one module wait for each other: what the first compiles is there
// for the others.
func (l *loader) loadAll(ctx context.Context, all []*Plugin) []failure {
	failed := make([]failure, len(all))
	same := map[string][]int{}
	var order []string
	for i, p := range all {
		if failed[i].key, failed[i].err = p.read(); failed[i].err != nil {
			continue
		}
		if same[p.SHA256] == nil {
			order = append(order, p.SHA256)
		}
		same[p.SHA256] = append(same[p.SHA256], i)
	}
	free := make(chan struct{}, runtime.GOMAXPROCS(0))
	var wg sync.WaitGroup
	for _, sum := range order {
		free <- struct{}{}
		wg.Go(func() {
			for _, i := range same[sum] {
				failed[i] = l.load(ctx, all[i])
			}
			<-free
		})
	}
	wg.Wait()
	return failed
}

func (l *loader) load(ctx context.Context, p *Plugin) (f failure) {
	start := time.Now()
	if l.logger != nil {
		slow := time.AfterFunc(slowLoad, func() {
			l.logger.Info("a plugin is being compiled", "plugin", p.Config.Name, "bytes", p.Size)
		})
		defer slow.Stop()
	}
	f.key, f.err = p.start(ctx, l)
	if took := time.Since(start); f.err == nil && l.logger != nil && took > slowLoad {
		l.logger.Info("a plugin is loaded", "plugin", p.Config.Name, "took", took.Round(time.Millisecond))
	}
	return f
}
