package demo

import (
	"context"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"

	"github.com/siogw/siogw/internal/decisionlog"
)

// Assemble builds a gateway from the configuration file, with sets as of `--set key=value` over it and env
// for the environment.
type Assemble func(ctx context.Context, file string, sets, env []string) (*Assembled, error)

// Assembled is a gateway that is ready to serve.
type Assembled struct {
	Handler http.Handler
	Log     *decisionlog.Log                // where its decisions go
	Stop    func(ctx context.Context) error // ends its sessions, cuts them when ctx ends, and frees all, Log too
}

// assemble builds the gateway from the files that the page shows.
func (d *demo) assemble(ctx context.Context, build Assemble, sets, env []string) (*Assembled, error) {
	dir, err := os.MkdirTemp("", "siogw-demo-")
	if err != nil {
		return nil, err
	}
	d.onStop(func(context.Context) error { return os.RemoveAll(dir) })
	file, err := writeFiles(dir)
	if err != nil {
		return nil, err
	}
	return build(ctx, file, sets, env)
}

// writeFiles puts the configuration and the policy into a folder, and gives the path of the configuration.
func writeFiles(dir string) (string, error) {
	for _, name := range []string{"siogw.yaml", "policy.rego"} {
		data, err := fs.ReadFile(static(), name)
		if err != nil {
			return "", err
		}
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			return "", err
		}
	}
	return filepath.Join(dir, "siogw.yaml"), nil
}
