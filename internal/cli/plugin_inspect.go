package cli

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/siogw/siogw/internal/pluginkit"
	"github.com/siogw/siogw/plugins/wasm"
)

func pluginInspectCommand(s *streams) *cobra.Command {
	var as string
	cmd := &cobra.Command{
		Use:   "inspect PLUGIN",
		Short: "Print what a module is and asks for, without running it",
		Long: `Print a module's manifest, what it wants to see and asks for, imports, exports, memory, size and checksum. Nothing of
it runs, but for a .js file, which says its manifest in the sandbox. Exits with 1 when it is a module but no plugin, and says why.`,
		Args: cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			if err := checkFormat(as); err != nil {
				return err
			}
			m, err := pluginkit.Open(args[0])
			if err != nil {
				return err
			}
			i, err := pluginkit.Inspect(m)
			if err != nil {
				return err
			}
			if as == "json" {
				err = indented(s.out, i)
			} else {
				err = inspectionText(s.out, i)
			}
			if err == nil && !i.Guest {
				err = errFindings
			}
			return err
		},
	}
	format(cmd, &as)
	return cmd
}

func inspectionText(to io.Writer, i *pluginkit.Inspection) error {
	var b strings.Builder
	line := func(label, form string, args ...any) {
		fmt.Fprintf(&b, "%-9s %s\n", label, printable(fmt.Sprintf(form, args...)))
	}
	if i.Guest {
		line("plugin", "%s", i.Name)
	} else {
		line("no plugin", "%s", i.Problem)
	}
	line("size", "%d bytes, %d functions", i.Bytes, i.Functions)
	line("sha256", "%s", i.SHA256)
	if m := i.Manifest; m != nil {
		line("manifest", "%s", map[string]string{"module": "in the module", "beside": "beside the module", "program": "in the program, which told it", "none": "none: the defaults hold"}[i.ManifestFrom])
		line("is", "%s %s: %s", orNone(m.Name), m.Version, m.Description)
		line("sees", "%s", sees(m))
		line("judges", "%s", orAll(m.Kinds))
		line("pure", "%t", m.Pure)
		if m.OnlyWith != "" {
			line("only with", "%q", m.OnlyWith)
		}
		line("asks for", "%s", orNone(strings.Join(m.Capabilities, ", ")))
	}
	if i.Memory != nil {
		text := fmt.Sprintf("%d KiB to begin with", i.Memory.Min*64)
		if i.Memory.Max != nil {
			text += fmt.Sprintf(", at most %d KiB", *i.Memory.Max*64)
		}
		line("memory", "%s", text)
	}
	for _, imp := range i.Imports {
		line("import", "%s.%s %s %s", imp.Module, imp.Name, imp.Kind, imp.Type)
	}
	for _, exp := range i.Exports {
		line("export", "%s %s %s", exp.Name, exp.Kind, exp.Type)
	}
	for _, c := range i.Custom {
		line("section", "%s, %d bytes", c.Name, c.Bytes)
	}
	_, err := io.WriteString(to, b.String())
	return err
}

func sees(m *wasm.Manifest) string {
	if m.Prefix > 0 {
		return fmt.Sprintf("%s, %d bytes of each", m.View, m.Prefix)
	}
	return strings.TrimSpace(m.View + " " + strings.Join(m.Fields, " "))
}

func orNone(s string) string {
	if s == "" {
		return "nothing"
	}
	return s
}

func orAll(list []string) string {
	if len(list) == 0 {
		return "every kind"
	}
	return strings.Join(list, ", ")
}
