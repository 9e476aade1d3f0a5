package pluginkit

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// ascFlags make a guest: no import of a host but siogw's, memory that is collected.
var ascFlags = []string{"--optimizeLevel", "3", "--runtime", "incremental", "--use", "abort=" + sdkFolder + "/abort/abort"}

// buildAssemblyScript runs the compiler that npm put beside the project, or above it. What the host calls is in the SDK's
// guest.ts, an entry of its own.
func buildAssemblyScript(ctx context.Context, b *build) error {
	asc, err := findAsc(b.dir)
	if err != nil {
		return err
	}
	args := append([]string{asc, "assembly/index.ts", sdkFolder + "/guest.ts", "-o", b.out}, ascFlags...)
	err = b.run(ctx, nil, "node", args...)
	if errors.Is(err, exec.ErrNotFound) {
		return fmt.Errorf("%w: node, 18 or newer, and npm", ErrTools)
	}
	if err != nil {
		return fmt.Errorf("asc: %w", err)
	}
	return nil
}

// findAsc looks beside the SDK, for one that is linked, and then where node would.
func findAsc(dir string) (string, error) {
	full, err := filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	if asc := ascIn(filepath.Join(full, sdkFolder)); asc != "" {
		return asc, nil
	}
	for at := full; ; at = filepath.Dir(at) {
		if asc := ascIn(at); asc != "" {
			return asc, nil
		}
		if at == filepath.Dir(at) {
			return "", fmt.Errorf("%w: AssemblyScript's compiler: run npm ci in %s", ErrTools, dir)
		}
	}
}

// ascIn gives "" where there is none.
func ascIn(dir string) string {
	asc := filepath.Join(dir, "node_modules/assemblyscript/bin/asc.js")
	if _, err := os.Stat(asc); err != nil {
		return ""
	}
	return asc
}
