package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/siogw/siogw/internal/pluginkit"
)

// compilers tell whether a new project of a language can be built here.
var compilers = func() map[string]func() error {
	out := map[string]func() error{}
	for _, lang := range []string{"c", "rust", "assemblyscript"} {
		out[lang] = sync.OnceValue(func() error {
			dir, err := os.MkdirTemp("", "siogw-cli-")
			if err != nil {
				return err
			}
			defer os.RemoveAll(dir)
			if _, err := pluginkit.New(filepath.Join(dir, "quiet"), pluginkit.Project{Lang: lang}); err != nil {
				return err
			}
			if err := os.Symlink(npmModules(), filepath.Join(dir, "node_modules")); err != nil {
				return err
			}
			_, err = pluginkit.Build(context.Background(), filepath.Join(dir, "quiet"), io.Discard)
			return err
		})
	}
	return out
}()

// npmModules is what scripts/setup.sh installed for AssemblyScript: what npm ci would in a project.
func npmModules() string {
	dir, err := filepath.Abs("../../sdk/assemblyscript/node_modules")
	if err != nil {
		panic(err)
	}
	return dir
}

// condition is [compiler:LANG] in scripts: what it needs is there. With SIOGW_REQUIRE_INTEROP=1 it must be.
func condition(cond string) (bool, error) {
	lang, ok := strings.CutPrefix(cond, "compiler:")
	if !ok || compilers[lang] == nil {
		return false, fmt.Errorf("no condition %q", cond)
	}
	err := compilers[lang]()
	if errors.Is(err, pluginkit.ErrTools) && os.Getenv("SIOGW_REQUIRE_INTEROP") != "1" {
		return false, nil
	}
	return err == nil, err
}

// setCompilers leaves a script what compilers need of the user's home, and the place of npm's modules as $NODE_MODULES.
func setCompilers(env *testscript.Env) {
	env.Setenv("NODE_MODULES", npmModules())
	home, err := os.UserHomeDir()
	if err != nil {
		return
	}
	for name, dir := range map[string]string{"RUSTUP_HOME": ".rustup", "WASI_SDK_PATH": ""} {
		if set := os.Getenv(name); set != "" {
			env.Setenv(name, set)
		} else if dir != "" {
			env.Setenv(name, filepath.Join(home, dir))
		}
	}
}

// TestScriptsFollowReadmes: what the README of a language tells a newcomer to type is in the script, word for word. npm
// would need a network, and cargo is no must.
func TestScriptsFollowReadmes(t *testing.T) {
	for lang := range compilers {
		readme, err := os.ReadFile("../../sdk/" + lang + "/README.md")
		if err != nil {
			t.Fatal(err)
		}
		script, err := os.ReadFile("testdata/script/plugin-" + lang + ".txtar")
		if err != nil {
			t.Fatal(err)
		}
		_, block, _ := strings.Cut(string(readme), "```sh\n")
		block, _, ok := strings.Cut(block, "```")
		if !ok || !strings.Contains(block, "plugin new") {
			t.Fatalf("%s: its first block of commands is %q", lang, block)
		}
		for line := range strings.Lines(block) {
			command, _, _ := strings.Cut(line, " #")
			command = strings.TrimSpace(command)
			if command != "npm ci" && !strings.Contains(string(script), command+"\n") {
				t.Errorf("%s: the script does not have %s", lang, command)
			}
		}
	}
}
