package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/siogw/siogw/internal/app"
	"github.com/siogw/siogw/internal/replay"
)

// replayRun is what siogw replay was told.
type replayRun struct {
	source
	old    source
	masked string
	as     string
}

func replayCommand(s *streams) *cobra.Command {
	var r replayRun
	cmd := &cobra.Command{
		Use:   "replay LOG...",
		Short: "Tell what another configuration would have decided about a recorded decision log",
		Long: `Decide the lines of decision logs (files, - for stdin) again with this configuration, and tell what would change, by event
and rule. The log does not hold everything: claims, headers, query and attachments are not in it, and its masks hide args and
auth by default. With --old both configurations decide the same, and what differs between them is told. docs/testing.md has more.
Exits with 1 when something would change.`,
		Example: `  siogw replay -c new.yaml decisions.jsonl
  siogw replay -c new.yaml --old siogw.yaml decisions.jsonl --format json`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, logs []string) error {
			if err := checkFormat(r.as); err != nil {
				return err
			}
			if r.masked != "skip" && r.masked != "decide" {
				return fmt.Errorf("--masked: want skip or decide, found %q", r.masked)
			}
			return r.run(cmd.Context(), s, logs)
		},
	}
	r.flags(cmd)
	format(cmd, &r.as)
	cmd.Flags().StringVar(&r.old.file, "old", "", "compare with this configuration `file`, and not with what is recorded")
	cmd.Flags().StringVar(&r.masked, "masked", "skip", "lines whose args or auth are masked, where something could look at them: `skip` them, or decide them as if these were empty")
	return cmd
}

func (r *replayRun) run(ctx context.Context, s *streams, logs []string) (err error) {
	o := replay.Options{Hidden: r.masked == "decide"}
	if o.New, err = assemble(ctx, s, &r.source); err != nil {
		return err
	}
	defer o.New.Close(ctx)
	if r.old.file != "" {
		if o.Old, err = assemble(ctx, s, &r.old); err != nil {
			return err
		}
		defer o.Old.Close(ctx)
	}
	p := replay.New(o)
	for _, name := range logs {
		if err := readLog(ctx, s, p, name); err != nil {
			return err
		}
	}
	report := p.Report()
	if report.Lines == report.NotDecisions {
		return errors.New("no decision in " + strings.Join(logs, ", "))
	}
	if r.as == "json" {
		err = indented(s.out, report)
	} else {
		_, err = io.WriteString(s.out, replayText(&report))
	}
	if err == nil && report.Changed > 0 {
		err = errFindings
	}
	return err
}

func assemble(ctx context.Context, s *streams, c *source) (*app.Offline, error) {
	cfg, err := c.load()
	if err != nil {
		return nil, err
	}
	return app.NewOffline(ctx, cfg, app.JudgeOptions{Logger: logger(cfg.Log, s.err)})
}

func readLog(ctx context.Context, s *streams, p *replay.Replay, name string) error {
	if name == "-" {
		return p.Read(ctx, "stdin", s.in)
	}
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	return p.Read(ctx, name, f)
}

func replayText(r *replay.Report) string {
	var b strings.Builder
	for _, c := range r.Changes {
		fmt.Fprintf(&b, "%d × %s", c.Count, c.Kind)
		for _, part := range []string{c.Namespace, c.Event} {
			if part != "" {
				b.WriteString(" " + part)
			}
		}
		fmt.Fprintf(&b, ": %s → %s", c.From, c.To)
		if c.From == c.To {
			b.WriteString(", with another " + c.Differs)
		}
		if c.By != "" {
			b.WriteString(", by " + c.By)
		}
		if c.Rule != "" {
			b.WriteString(" (" + c.Rule + ")")
		}
		fmt.Fprintf(&b, "\n    such as %s, %s\n", c.Place, c.Example)
	}
	fmt.Fprintf(&b, "%d of %d decisions would change\n", r.Changed, r.Decided)
	note := func(n int, text string) {
		if n > 0 {
			fmt.Fprintf(&b, "  %d %s\n", n, text)
		}
	}
	note(r.More, "of these are of more kinds than are listed")
	note(r.Otherwise, "that the old configuration decides otherwise than recorded: the log does not hold all that it looks at, or it was another")
	note(r.Hidden, "skipped: args or auth are masked, or attachments not recorded, and something could look at them (--masked)")
	note(r.Gateway, "skipped: refused by the gateway before anything was asked")
	note(r.NotDecisions, "lines are no decisions")
	return b.String()
}
