package cli

import (
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/siogw/siogw/internal/pluginkit"
)

func pluginBuildCommand(s *streams) *cobra.Command {
	var out, as string
	cmd := &cobra.Command{
		Use:   "build [DIR]",
		Short: "Build a project, with the manifest in the module",
		Long: `Build the project in DIR (default the current folder) with its language's usual tool, put manifest.json into the
module, check that it is a plugin, and print size and checksum.`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := checkFormat(as); err != nil {
				return err
			}
			dir := folder(args)
			m, err := pluginkit.Build(cmd.Context(), dir, s.err)
			if err != nil {
				return err
			}
			if out == "" {
				out = filepath.Join(dir, m.Name+".wasm")
			}
			if err := os.WriteFile(out, m.Wasm, 0o644); err != nil {
				return err
			}
			b := built{File: out, Name: m.Name, Bytes: len(m.Wasm), SHA256: m.SHA256()}
			return b.tell(s.out, as)
		},
	}
	cmd.Flags().StringVarP(&out, "output", "o", "", "the `file` to write (default DIR/NAME.wasm, NAME from the manifest)")
	format(cmd, &as)
	return cmd
}

func folder(args []string) string {
	if len(args) == 0 {
		return "."
	}
	return args[0]
}
