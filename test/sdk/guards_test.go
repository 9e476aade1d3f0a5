// Package sdk_test holds the SDKs to one another: one validator, written with each, gives the same verdicts. See README.md.
package sdk_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/siogw/siogw/internal/pluginkit"
)

// language is a folder beside this file.
type language struct {
	name   string
	slack  int64                                        // bytes of memory that it may have in addition after a million calls: what its collector leaves
	slower int                                          // makes as many times fewer calls for it: an interpreter
	build  map[string]func() (*pluginkit.Module, error) // by plugin, each once
}

var languages = []language{
	{name: "c"},
	{name: "rust"},
	{name: "assemblyscript", slack: 128 << 10},
	{name: "go", slack: 4 << 20, slower: 2},
	{name: "js", slack: 4 << 20, slower: 20},
}

func init() {
	for i := range languages {
		name := languages[i].name
		languages[i].build = map[string]func() (*pluginkit.Module, error){}
		for plugin, dir := range map[string]string{"guard": name, "keeper": "keeper/" + name} {
			languages[i].build[plugin] = sync.OnceValues(func() (*pluginkit.Module, error) { return kept(plugin+"-"+name, dir) })
		}
		languages[i].build["quiet"] = sync.OnceValues(func() (*pluginkit.Module, error) { return newProject(name) })
	}
}

// kept builds what no process of this test has built yet: a fuzzer has several.
func kept(name, dir string) (*pluginkit.Module, error) {
	path := filepath.Join(cache, name+".wasm")
	if _, err := os.Stat(path); err == nil {
		return pluginkit.Open(path)
	}
	m, err := pluginkit.Build(context.Background(), dir, os.Stderr)
	if err != nil {
		return nil, err
	}
	packed := m.Wasm
	if m.Manifest != nil {
		if packed, err = pluginkit.Pack(m.Wasm, m.Manifest); err != nil {
			return nil, err
		}
	}
	return m, os.WriteFile(path, packed, 0o600)
}

// newProject builds what `siogw plugin new` makes.
func newProject(lang string) (*pluginkit.Module, error) {
	dir, p := filepath.Join(cache, lang, "quiet"), pluginkit.Project{Lang: lang}
	if lang != "js" {
		p.SDK = "../../sdk/" + lang // npm's modules are beside it
	}
	if _, err := pluginkit.New(dir, p); err != nil {
		return nil, err
	}
	return pluginkit.Build(context.Background(), dir, os.Stderr)
}

// module gives message-guard.
func (l *language) module(t testing.TB) *pluginkit.Module {
	t.Helper()
	return l.moduleOf(t, "guard")
}

// moduleOf builds once. It skips the test where the language's tools are absent, unless SIOGW_REQUIRE_INTEROP=1 says that they
// must be there.
func (l *language) moduleOf(t testing.TB, plugin string) *pluginkit.Module {
	t.Helper()
	m, err := l.build[plugin]()
	if errors.Is(err, pluginkit.ErrTools) && os.Getenv("SIOGW_REQUIRE_INTEROP") != "1" {
		t.Skipf("%v; scripts/setup.sh installs it (make test does)", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// cache keeps modules, built and compiled: a vector with a configuration of its own is a guest of its own.
var cache string

// cacheKey tells the processes of a fuzzer where that is.
const cacheKey = "SDK_TEST_CACHE"

func TestMain(m *testing.M) {
	if cache = os.Getenv(cacheKey); cache != "" {
		os.Exit(m.Run())
	}
	var err error
	if cache, err = os.MkdirTemp("", "siogw-sdk-"); err == nil {
		err = os.Setenv(cacheKey, cache)
	}
	if err != nil {
		panic(err)
	}
	code := m.Run()
	os.RemoveAll(cache)
	os.Exit(code)
}

// options give tests patience.
func options(config []byte) pluginkit.Options {
	return pluginkit.Options{Config: config, Timeout: 10 * time.Second, CacheDir: cache}
}

func load(t testing.TB, m *pluginkit.Module, opt pluginkit.Options) *pluginkit.Guest {
	t.Helper()
	g, err := pluginkit.Load(context.Background(), m, opt)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = g.Close(context.Background()) })
	return g
}

func vectors(t testing.TB) []pluginkit.Case {
	t.Helper()
	cases, err := pluginkit.ReadFixtures("vectors.json")
	if err != nil {
		t.Fatal(err)
	}
	return cases
}

// each runs f for every language.
func each(t *testing.T, f func(t *testing.T, l *language)) {
	for i := range languages {
		t.Run(languages[i].name, func(t *testing.T) { f(t, &languages[i]) })
	}
}
