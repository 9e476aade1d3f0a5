package cli

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/siogw/siogw/internal/pluginkit"
)

func pluginPackCommand(s *streams) *cobra.Command {
	var out, as string
	cmd := &cobra.Command{
		Use:   "pack IN.wasm MANIFEST.json | IN.js",
		Short: "Put a manifest into a module, or make a module of JavaScript",
		Long: `Put a manifest into the custom section siogw.manifest of a module, in place of one that is there. For modules
that siogw plugin build does not make. A .js file becomes a module, with the manifest that it exports.`,
		Args: cobra.RangeArgs(1, 2),
		RunE: func(_ *cobra.Command, args []string) error {
			if err := checkFormat(as); err != nil {
				return err
			}
			m, err := pluginkit.Open(args[0])
			if err != nil {
				return err
			}
			if err := packModule(m, args); err != nil {
				return fmt.Errorf("%s: %w", strings.Join(args, ", "), err)
			}
			if err := os.WriteFile(out, m.Wasm, 0o644); err != nil {
				return err
			}
			b := built{File: out, Name: m.Name, Bytes: len(m.Wasm), SHA256: m.SHA256()}
			return b.tell(s.out, as)
		},
	}
	cmd.Flags().StringVarP(&out, "output", "o", "", "the `file` to write; may be IN.wasm")
	_ = cmd.MarkFlagRequired("output") // the flag is there
	format(cmd, &as)
	return cmd
}

// packModule puts the manifest of the arguments, or of the script, into m.
func packModule(m *pluginkit.Module, args []string) error {
	switch {
	case m.Script != nil && len(args) == 1:
		return m.PackScript()
	case m.Script != nil:
		return errors.New("JavaScript has its manifest in it: export const manifest")
	case len(args) == 1:
		return errors.New("which manifest? pack IN.wasm MANIFEST.json")
	}
	manifest, err := os.ReadFile(args[1])
	if err == nil {
		m.Wasm, err = pluginkit.Pack(m.Wasm, manifest)
	}
	return err
}
