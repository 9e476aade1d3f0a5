package config

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

var (
	yamlError     = regexp.MustCompile(`(?s)^yaml: (?:line (\d+): )?(.*)$`)
	unknownAnchor = regexp.MustCompile(`^unknown anchor '(.*)' referenced$`)

	// parserErrors are those that the YAML library counts from line 0, its scanner's it counts from 1.
	parserErrors = []string{"did not find expected <stream-start>", "did not find expected <document start>",
		"did not find expected node content", "did not find expected '-' indicator", "did not find expected key",
		"did not find expected ',' or ']'", "did not find expected ',' or '}'", "found undefined tag handle"}
)

// syntax tells why data is no YAML, with the line where the construct begins: the library does
// not tell where it breaks. It leaves line 0 out, so it reads the data again with a line before it.
func (d *decoder) syntax(data []byte, err error) {
	p := d.home
	if again := yaml.Unmarshal(append([]byte("\n"), data...), new(yaml.Node)); again != nil {
		err = again
	}
	m := yamlError.FindStringSubmatch(err.Error())
	if m == nil {
		m = []string{"", "", err.Error()}
	}
	p.line, _ = strconv.Atoi(m[1])
	if p.line > 1 && !slices.Contains(parserErrors, m[2]) {
		p.line--
	}
	if a := unknownAnchor.FindStringSubmatch(m[2]); a != nil {
		before, _, _ := strings.Cut(string(data), "*"+a[1])
		p.line = 1 + strings.Count(before, "\n")
	}
	if p.line > 0 {
		p.column = 1
	}
	d.errs = append(d.errs, p.error("", "not YAML, in what begins here: %s", m[2]))
}
