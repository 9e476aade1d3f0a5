// Package cli is the command line: one file for each command, which reads flags, calls package app and
// prints. Exit codes: 0 fine, 1 findings (a denial, a mistake that check found), 2 could not run.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"

	"github.com/spf13/cobra"

	"github.com/siogw/siogw/internal/config"
)

// The exit codes.
const (
	fine        = 0
	findings    = 1
	couldNotRun = 2
)

// errFindings ends a command that ran, and found something that it has printed.
var errFindings = errors.New("findings")

// streams are where a command reads and writes.
type streams struct {
	in       io.Reader
	out, err io.Writer
}

// Run runs one command and gives its exit code.
func Run(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	s := &streams{stdin, stdout, stderr}
	cmd := root(s)
	cmd.SetArgs(args)
	cmd.SetIn(stdin)
	cmd.SetOut(stdout)
	cmd.SetErr(stderr)
	switch err := cmd.ExecuteContext(context.Background()); {
	case err == nil:
		return fine
	case errors.Is(err, errFindings):
		return findings
	default:
		for _, e := range flatten(err) {
			fmt.Fprintln(stderr, "siogw:", e)
		}
		return couldNotRun
	}
}

func root(s *streams) *cobra.Command {
	cmd := &cobra.Command{
		Use:           "siogw",
		Short:         "A security gateway for Socket.IO",
		Args:          cobra.NoArgs,
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	cmd.CompletionOptions.HiddenDefaultCmd = true
	cmd.AddCommand(runCommand(s), checkCommand(s), evalCommand(s), testCommand(s), replayCommand(s), demoCommand(s), shieldsCommand(s), pluginCommand(s), versionCommand(s))
	return cmd
}

// source says where the configuration is.
type source struct {
	file string
	sets []string
}

// flags adds the flags of every command that reads the configuration.
func (c *source) flags(cmd *cobra.Command) {
	cmd.Flags().StringVarP(&c.file, "config", "c", "", "the configuration `file` (default $SIOGW_CONFIG, then siogw.yaml)")
	cmd.Flags().StringArrayVar(&c.sets, "set", nil, "set `section.key=value`, over file and environment")
}

func (c *source) load() (*config.Config, error) { return config.Load(c.file, c.sets, os.Environ()) }

// format is the --format flag.
func format(cmd *cobra.Command, to *string) {
	cmd.Flags().StringVar(to, "format", "text", "text or json")
}

func checkFormat(f string) error {
	if f != "text" && f != "json" {
		return fmt.Errorf("--format: want text or json, found %q", f)
	}
	return nil
}

// flatten gives the single errors of a joined one.
func flatten(err error) []error {
	if list, ok := err.(config.Errors); ok {
		var out []error
		for _, e := range list {
			out = append(out, e)
		}
		return out
	}
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		var out []error
		for _, e := range joined.Unwrap() {
			out = append(out, flatten(e)...)
		}
		return out
	}
	if err == nil {
		return nil
	}
	return []error{err}
}

// logger makes the gateway's own log.
func logger(l config.Log, to io.Writer) *slog.Logger {
	var level slog.Level
	_ = level.UnmarshalText([]byte(l.Level)) // one of four names, which the configuration checked
	o := &slog.HandlerOptions{Level: level}
	if l.Format == "json" {
		return slog.New(slog.NewJSONHandler(to, o))
	}
	return slog.New(slog.NewTextHandler(to, o))
}
