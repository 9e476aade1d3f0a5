package main

import (
	"errors"
	"os"
	"os/signal"
	"path/filepath"
	"runtime/pprof"
	"syscall"

	"github.com/siogw/siogw/internal/cli"
)

// serveProfiled runs a role, or all of siogw, and leaves path.cpu and path.allocs when it is told to end. The siogw that
// ships has no profiler; this program has siogw within, and profiles itself.
func serveProfiled(address, path string, args []string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	cpu, err := os.Create(path + ".cpu")
	if err != nil {
		return err
	}
	defer cpu.Close()
	end := make(chan os.Signal, 1)
	signal.Notify(end, syscall.SIGTERM)
	if err := pprof.StartCPUProfile(cpu); err != nil {
		return err
	}
	ended := make(chan error, 1)
	go func() {
		if args[0] == "siogw" {
			if cli.Run(args[1:], os.Stdin, os.Stdout, os.Stderr) != 0 {
				ended <- errors.New("siogw failed")
			}
			return
		}
		_, err := role(append([]string{args[0], address}, args[1:]...))
		ended <- err
	}()
	select {
	case err = <-ended:
	case <-end:
	}
	pprof.StopCPUProfile()
	allocs, err1 := os.Create(path + ".allocs")
	if err1 != nil {
		return errors.Join(err, err1)
	}
	defer allocs.Close()
	return errors.Join(err, pprof.Lookup("allocs").WriteTo(allocs, 0))
}
