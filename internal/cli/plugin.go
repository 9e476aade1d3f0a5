package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"time"
	"unicode"

	"github.com/spf13/cobra"

	"github.com/siogw/siogw/internal/app"
	"github.com/siogw/siogw/internal/config"
	"github.com/siogw/siogw/internal/pluginkit"
)

func pluginCommand(s *streams) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "plugin",
		Short: "Write, build, try and look into plugins",
		Long: `Write, build, try and look into plugins: WebAssembly modules that judge packets. None of these commands needs a
gateway or a configuration. A PLUGIN is a .wasm or .js file, std:NAME for a first-party one, or native:PATH
of a program.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(pluginNewCommand(s), pluginBuildCommand(s), pluginRunCommand(s), pluginTestCommand(s),
		pluginBenchCommand(s), pluginInspectCommand(s), pluginPackCommand(s), pluginTCKCommand(s))
	return cmd
}

// guestFlags say how a plugin is run.
type guestFlags struct {
	config  string
	memory  int64
	timeout time.Duration
}

func (f *guestFlags) flags(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.config, "config", "", "the plugin's configuration, as `JSON`")
	cmd.Flags().Int64Var(&f.memory, "memory", 16<<20, "the cap on its memory, in `bytes`")
	cmd.Flags().DurationVar(&f.timeout, "timeout", time.Second, "the `time` for one verdict; a gateway's default is 5ms")
}

func (f *guestFlags) options(s *streams) (pluginkit.Options, error) {
	o := pluginkit.Options{Memory: f.memory, Timeout: f.timeout, CacheDir: app.CacheDir(),
		Logger: logger(config.Log{Level: slog.LevelDebug.String(), Format: "text"}, s.err)}
	if f.memory <= 0 || f.timeout <= 0 {
		return o, fmt.Errorf("--memory and --timeout must be above 0")
	}
	if f.config != "" {
		if !json.Valid([]byte(f.config)) {
			return o, fmt.Errorf("--config: not JSON")
		}
		o.Config = []byte(f.config)
	}
	return o, nil
}

// printable keeps a module's words from steering the terminal.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return unicode.ReplacementChar
	}, s)
}

// built tells what build and pack made.
type built struct {
	File   string `json:"file"`
	Name   string `json:"name"`
	Bytes  int    `json:"bytes"`
	SHA256 string `json:"sha256"`
}

func (b *built) tell(to io.Writer, as string) error {
	if as == "json" {
		return indented(to, b)
	}
	_, err := fmt.Fprintf(to, "%s: %d bytes, sha256 %s\n", b.File, b.Bytes, b.SHA256)
	return err
}
