package cli

import (
	"context"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/siogw/siogw/engine"
	"github.com/siogw/siogw/internal/pluginkit"
)

// pluginInput says what a plugin is asked about.
type pluginInput struct {
	input, args string
	attachments []string // files
}

func (i *pluginInput) flags(cmd *cobra.Command, input string) {
	cmd.Flags().StringVarP(&i.input, "input", "i", input, "the `file` with the input document, - for stdin")
	cmd.Flags().StringVar(&i.args, "args", "", "in place of a document: the arguments of an event named message, a `JSON` array")
	cmd.Flags().StringArrayVar(&i.attachments, "attachment", nil, "a `file` that is an attachment of this event; without --args, an argument")
	cmd.MarkFlagsMutuallyExclusive("input", "args")
	cmd.MarkFlagsMutuallyExclusive("input", "attachment")
}

func (i *pluginInput) read(s *streams) (*engine.Input, error) {
	if i.args == "" && i.attachments == nil {
		return readInput(s, i.input)
	}
	var args []byte
	if i.args != "" {
		args = []byte(i.args)
	}
	var attachments [][]byte
	for _, name := range i.attachments {
		data, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		attachments = append(attachments, data)
	}
	in, err := pluginkit.Message(args, attachments...)
	if err != nil {
		return nil, fmt.Errorf("--args: %w", err)
	}
	return in, nil
}

func pluginRunCommand(s *streams) *cobra.Command {
	var f guestFlags
	var in pluginInput
	var as string
	cmd := &cobra.Command{
		Use:   "run PLUGIN",
		Short: "Judge one input",
		Long: `Have a plugin judge one input document (policies/schema/input.json describes it), and print its verdict. What the
plugin logs goes to stderr. Exits with 0 when it allows or abstains, and with 1 when it denies or fails.`,
		Example: `  siogw plugin run std:html-sanitizer --args '["<img src=x onerror=alert(1)>"]'
  echo '{"kind":"connect","namespace":"/admin"}' | siogw plugin run quiet.wasm`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := checkFormat(as); err != nil {
				return err
			}
			t, err := newTrial(s, args[0], &f, &in)
			if err != nil {
				return err
			}
			a, err := t.judge(cmd.Context())
			if err != nil {
				return err
			}
			if as == "json" {
				err = indented(s.out, a)
			} else {
				err = answerText(s.out, a)
			}
			if err == nil && a.Effect == engine.Deny.String() {
				err = errFindings
			}
			return err
		},
	}
	f.flags(cmd)
	in.flags(cmd, "-")
	format(cmd, &as)
	return cmd
}

// trial is a plugin, and what it is asked about.
type trial struct {
	module  *pluginkit.Module
	input   *engine.Input
	options pluginkit.Options
}

func newTrial(s *streams, plugin string, f *guestFlags, in *pluginInput) (t trial, err error) {
	if t.options, err = f.options(s); err != nil {
		return t, err
	}
	if t.module, err = pluginkit.Open(plugin); err != nil {
		return t, err
	}
	t.input, err = in.read(s)
	return t, err
}

func (t *trial) judge(ctx context.Context) (*pluginkit.Answer, error) {
	g, err := pluginkit.Load(ctx, t.module, t.options)
	if err != nil {
		return nil, err
	}
	a := g.Judge(ctx, t.input)
	return &a, g.Close(ctx)
}

func answerText(to io.Writer, a *pluginkit.Answer) error {
	var b strings.Builder
	line := func(label, value string) {
		if value != "" {
			fmt.Fprintf(&b, "%-8s %s\n", label, printable(value))
		}
	}
	b.WriteString(strings.ToUpper(a.Effect) + "\n")
	line("failed", a.Error)
	line("code", string(a.Code))
	line("reason", a.Reason)
	line("data", string(a.Data))
	line("args", string(a.Args))
	line("auth", string(a.Auth))
	for i, at := range a.Binary {
		line("binary", fmt.Sprintf("%d: %d bytes, %s", i, at.Bytes, at.Type))
	}
	line("labels", string(a.Labels))
	for _, name := range slices.Sorted(maps.Keys(a.Counters)) {
		line("counted", fmt.Sprintf("%s %d", name, a.Counters[name]))
	}
	line("took", fmt.Sprintf("%s, fuel %d, memory %d KiB", a.Took.Round(time.Microsecond), a.Fuel, a.Memory>>10))
	_, err := io.WriteString(to, b.String())
	return err
}
