package demo

import (
	"io/fs"
	"os"
	"path/filepath"
)

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
