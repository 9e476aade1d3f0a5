package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/siogw/siogw/internal/pluginkit"
)

// fixturesFolder stands in a project, or beside a module.
const fixturesFolder = "fixtures"

func pluginTestCommand(s *streams) *cobra.Command {
	var f guestFlags
	var fixtures, as string
	cmd := &cobra.Command{
		Use:   "test [DIR|PLUGIN]",
		Short: "Compare a plugin's verdicts with those of its fixtures",
		Long: `Build the project in DIR (default the current folder), or take a PLUGIN that is built, have it judge the inputs
of the fixtures, and print where a verdict is another than the one that is expected. Exits with 1 when there is one.
docs/plugins.md describes fixtures.`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := checkFormat(as); err != nil {
				return err
			}
			outcomes, err := testPlugin(cmd.Context(), s, folder(args), fixtures, &f)
			if err != nil {
				return err
			}
			if as == "json" {
				err = indented(s.out, outcomes)
			} else {
				err = outcomesText(s.out, outcomes)
			}
			for _, o := range outcomes {
				if err == nil && !o.OK {
					err = errFindings
				}
			}
			return err
		},
	}
	f.flags(cmd)
	cmd.Flags().StringVar(&fixtures, "fixtures", "", "a `file`, or a folder of them (default fixtures, in DIR or beside the PLUGIN)")
	format(cmd, &as)
	return cmd
}

func testPlugin(ctx context.Context, s *streams, source, fixtures string, f *guestFlags) ([]pluginkit.Outcome, error) {
	opt, err := f.options(s)
	if err != nil {
		return nil, err
	}
	info, err := os.Stat(source)
	isProject := err == nil && info.IsDir()
	var m *pluginkit.Module
	if !isProject {
		if m, err = pluginkit.Open(source); err != nil {
			return nil, err
		}
	}
	cases, err := readFixtures(source, fixtures, isProject)
	if err != nil {
		return nil, err
	}
	if isProject { // after the fixtures: it takes time
		if m, err = pluginkit.Build(ctx, source, s.err); err != nil {
			return nil, err
		}
	}
	return pluginkit.Test(ctx, m, cases, opt)
}

func readFixtures(source, fixtures string, isProject bool) ([]pluginkit.Case, error) {
	switch {
	case fixtures != "":
	case strings.HasPrefix(source, "std:"):
		return nil, errors.New("--fixtures is needed: a first-party plugin has none beside it")
	case isProject:
		fixtures = filepath.Join(source, fixturesFolder)
	default:
		fixtures = filepath.Join(filepath.Dir(strings.TrimPrefix(source, "native:")), fixturesFolder)
	}
	return pluginkit.ReadFixtures(fixtures)
}

func outcomesText(to io.Writer, outcomes []pluginkit.Outcome) error {
	var b strings.Builder
	failed := 0
	for _, o := range outcomes {
		word := "ok"
		if !o.OK {
			word, failed = "FAIL", failed+1
		}
		fmt.Fprintf(&b, "%-4s  %s: %s\n", word, o.File, o.Name)
		for _, line := range o.Diff {
			fmt.Fprintf(&b, "        %s\n", line)
		}
	}
	fmt.Fprintf(&b, "%d passed, %d failed\n", len(outcomes)-failed, failed)
	_, err := io.WriteString(to, b.String())
	return err
}
