package demo

import (
	"context"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/siogw/siogw/internal/app"
	"github.com/siogw/siogw/internal/config"
)

// assemble builds the gateway from the files that the page shows, with sets as of `--set key=value` over them.
func (d *demo) assemble(ctx context.Context, logger *slog.Logger, sets, env []string) (*app.App, error) {
	dir, err := os.MkdirTemp("", "siogw-demo-")
	if err != nil {
		return nil, err
	}
	d.onStop(func(context.Context) error { return os.RemoveAll(dir) })
	file, err := writeFiles(dir)
	if err != nil {
		return nil, err
	}
	cfg, err := config.Load(file, sets, env)
	if err != nil {
		return nil, err
	}
	return app.New(ctx, cfg, app.Options{Logger: logger})
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
