package main

import (
	_ "embed"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

//go:embed node.cjs
var nodeServer []byte

// node starts a socket.io server that checks for itself; what is behind the others it has not.
func node(s *settings, row *row, _ string) (*process, error) {
	path, err := program("node")
	if err != nil {
		return nil, err
	}
	top, err := root()
	if err != nil {
		return nil, err
	}
	modules := filepath.Join(top, "test", "interop")
	if _, err := os.Stat(filepath.Join(modules, "node_modules", "socket.io")); err != nil {
		return nil, fmt.Errorf("socket.io (make setup) is %w", errAbsent)
	}
	dir, address, err := place(s, row)
	if err != nil {
		return nil, err
	}
	file := filepath.Join(dir, "node.cjs")
	if err := os.WriteFile(file, nodeServer, 0o600); err != nil {
		return nil, err
	}
	cmd := exec.Command(path, file, modules, address)
	cmd.Env = append(os.Environ(), "BENCH_SECRET="+secret, "NODE_ENV=production")
	return startProcess(address, cmd)
}
