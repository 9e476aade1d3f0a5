package pluginkit

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/siogw/siogw/engine"
	"github.com/siogw/siogw/internal/inputjson"
)

// maxFixture bounds a file of fixtures, in bytes.
const maxFixture = 16 << 20

// Case is an input and the verdict that is expected.
type Case struct {
	File, Name string
	Config     []byte // JSON; nil for none
	Input      *engine.Input
	Want       Want
}

// Want is an expected verdict. What it leaves out is not compared, but for args, auth and attachments: without them
// the packet must come out as it went in.
type Want struct {
	Effect string         `yaml:"effect"`
	Error  string         `yaml:"error"` // a part of the error that the guest must fail with
	Code   any            `yaml:"code"`
	Reason any            `yaml:"reason"`
	Data   any            `yaml:"data"`
	Args   any            `yaml:"args"`
	Auth   any            `yaml:"auth"`
	Binary []string       `yaml:"attachments"` // all of them
	Labels map[string]any `yaml:"labels"`      // among others
}

// fixture is a file: YAML, or JSON, which is YAML too.
type fixture struct {
	Config any       `yaml:"config"` // of every case that has none of its own
	Cases  []rawCase `yaml:"cases"`
}

// rawCase has its input in one of these ways. Attachments go with args and json; without these, they are the arguments.
type rawCase struct {
	Name    string   `yaml:"name"`
	Config  any      `yaml:"config"`
	Strings []string `yaml:"strings"`     // are the arguments
	Args    []any    `yaml:"args"`        // of an event named message, in the main namespace
	JSON    string   `yaml:"json"`        // the same as text, where it matters how it is written
	Binary  []string `yaml:"attachments"` // text, or !!binary and base64
	Input   any      `yaml:"input"`       // the whole document
	Want    *Want    `yaml:"want"`
}

// ReadFixtures reads a file, or the .yaml, .yml and .json files of a folder in the order of their names. An error
// names file and place.
func ReadFixtures(path string) ([]Case, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.IsDir() {
		return readFixture(path)
	}
	entries, err := os.ReadDir(path)
	if err != nil {
		return nil, err
	}
	var all []Case
	var errs []error
	for _, e := range entries {
		if slices.Contains([]string{".yaml", ".yml", ".json"}, filepath.Ext(e.Name())) {
			cases, err := readFixture(filepath.Join(path, e.Name()))
			all, errs = append(all, cases...), append(errs, err)
		}
	}
	if len(all) == 0 {
		errs = append(errs, fmt.Errorf("%s: no fixtures", path))
	}
	return all, errors.Join(errs...)
}

func readFixture(path string) ([]Case, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxFixture+1))
	if err != nil {
		return nil, err
	}
	if len(data) > maxFixture {
		return nil, fmt.Errorf("%s: larger than %d bytes", path, maxFixture)
	}
	cases, err := parseFixture(path, data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return cases, nil
}

func parseFixture(path string, data []byte) ([]Case, error) {
	var f fixture
	dec := yaml.NewDecoder(bytes.NewReader(data))
	dec.KnownFields(true)
	if err := dec.Decode(&f); err != nil {
		return nil, err
	}
	if len(f.Cases) == 0 {
		return nil, errors.New("no cases")
	}
	var out []Case
	for i := range f.Cases {
		c, err := f.Cases[i].read(f.Config)
		if err != nil {
			return nil, fmt.Errorf("cases.%d: %w", i, err)
		}
		c.File = path
		if c.Name == "" {
			c.Name = fmt.Sprintf("cases.%d", i)
		}
		out = append(out, c)
	}
	return out, nil
}

func (r *rawCase) read(config any) (c Case, err error) {
	c.Name = r.Name
	if r.Want == nil {
		return c, errors.New("want is missing")
	}
	c.Want = *r.Want
	if c.Want.Effect == "" && c.Want.Error == "" {
		return c, errors.New("want.effect is missing")
	}
	if !slices.Contains([]string{"", "allow", "deny", "abstain"}, c.Want.Effect) {
		return c, fmt.Errorf("want.effect: %q is none of allow, deny, abstain", c.Want.Effect)
	}
	if r.Config != nil {
		config = r.Config
	}
	if config != nil {
		if c.Config, err = json.Marshal(config); err != nil {
			return c, fmt.Errorf("config: %w", err)
		}
	}
	c.Input, err = r.input()
	return c, err
}

// input makes the engine's input of whichever way the case has it.
func (r *rawCase) input() (*engine.Input, error) {
	given := 0
	for _, there := range []bool{r.Input != nil, r.Args != nil, r.JSON != "", r.Strings != nil, r.Binary != nil && r.Args == nil && r.JSON == ""} {
		if there {
			given++
		}
	}
	if given != 1 {
		return nil, errors.New("one of input, args, json, strings and attachments is needed")
	}
	if r.Input != nil {
		text, err := json.Marshal(r.Input)
		if err != nil {
			return nil, fmt.Errorf("input: %w", err)
		}
		return inputjson.ParseInput(text)
	}
	args, err := r.arguments()
	if err != nil {
		return nil, fmt.Errorf("args: %w", err)
	}
	var binary [][]byte
	for _, b := range r.Binary {
		binary = append(binary, []byte(b))
	}
	return Message(args, binary...)
}

// arguments gives them as JSON, nil when the case has attachments only.
func (r *rawCase) arguments() ([]byte, error) {
	switch {
	case r.JSON != "":
		return []byte(r.JSON), nil
	case r.Args != nil:
		return json.Marshal(r.Args)
	case r.Strings != nil:
		return json.Marshal(r.Strings)
	}
	return nil, nil
}

// Message makes the input of an event named message with these arguments, a JSON array, in the main namespace. nil
// stands for the attachments alone.
func Message(args []byte, attachments ...[]byte) (*engine.Input, error) {
	if args == nil {
		args = placeholders(len(attachments))
	}
	var b strings.Builder
	fmt.Fprintf(&b, `{"kind":"event","time":"2026-01-01T00:00:00Z","namespace":"/","event":"message","bytes":%d,"args":%s}`, len(args), args)
	in, err := inputjson.ParseInput([]byte(b.String()))
	if err != nil {
		return nil, err
	}
	for _, data := range attachments {
		in.Bytes += len(data)
		in.Attachments = append(in.Attachments, engine.Attachment{Data: data, Type: http.DetectContentType(data)})
	}
	return in, nil
}

func placeholders(n int) []byte {
	out := []byte{'['}
	for i := range n {
		if i > 0 {
			out = append(out, ',')
		}
		out = fmt.Appendf(out, `{"_placeholder":true,"num":%d}`, i)
	}
	return append(out, ']')
}
