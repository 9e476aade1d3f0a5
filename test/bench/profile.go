package main

import (
	"errors"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"runtime/pprof"
	"syscall"

	"github.com/siogw/siogw/internal/cli"
)

// serveProfiled runs a role, or all of siogw, and leaves path.cpu and path.allocs when it is told to end, and path.heap each
// time it gets SIGUSR1. The siogw that ships has no profiler; this program has siogw within, and profiles itself.
func serveProfiled(address, path string, args []string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	cpu, err := os.Create(path + ".cpu")
	if err != nil {
		return err
	}
	defer cpu.Close()
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGUSR1)
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
	for {
		select {
		case s := <-signals:
			if s == syscall.SIGUSR1 {
				runtime.GC()
				if err := writeProfile("heap", path); err != nil {
					return err
				}
				continue
			}
		case err = <-ended:
		}
		pprof.StopCPUProfile()
		return errors.Join(err, writeProfile("allocs", path))
	}
}

// writeProfile writes one of the runtime's profiles, named as it is.
func writeProfile(name, path string) error {
	file, err := os.Create(path + "." + name)
	if err != nil {
		return err
	}
	defer file.Close()
	return pprof.Lookup(name).WriteTo(file, 0)
}
