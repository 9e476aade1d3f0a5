package pluginkit

import (
	"bytes"
	"cmp"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"text/template"
)

// projects holds a template for each language. sdk is a copy of the language's SDK, so that a project needs neither
// network nor checkout: a test compares them. Every name has .txt behind it, or Go would take them for its own.
//
//go:embed all:project
var projects embed.FS

var validName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$`)

// ErrLanguage is wrapped where there is no template for a language.
var ErrLanguage = errors.New("not supported yet")

// Project says what New makes.
type Project struct {
	Lang string // one of Languages()
	Name string // letters, digits, - and _; "" takes the folder's
	SDK  string // the folder of an SDK to use; "" puts a copy into the project
}

// sdkFolder holds the copy in a project.
const sdkFolder = "sdk"

// New makes a project in dir, which must be empty or not there, and gives the names of the files.
func New(dir string, p Project) ([]string, error) {
	if _, err := fs.Stat(projects, "project/"+p.Lang); err != nil || strings.ContainsAny(p.Lang, "/.") || p.Lang == "" {
		return nil, fmt.Errorf("language %q: %w; there is %s", p.Lang, ErrLanguage, strings.Join(Languages(), ", "))
	}
	full, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	if p.Name == "" {
		p.Name = filepath.Base(full)
	}
	if !validName.MatchString(p.Name) {
		return nil, fmt.Errorf("name: want letters, digits, - and _, found %q", p.Name)
	}
	if entries, err := os.ReadDir(full); err == nil && len(entries) > 0 {
		return nil, fmt.Errorf("%s is not empty", dir)
	}
	sdk, err := p.replacement(full)
	if err != nil {
		return nil, err
	}
	return p.write(full, sdk)
}

// sdkMarks are files that every SDK of a language has.
var sdkMarks = map[string]string{"go": "go.mod", "c": "siogw.h", "rust": "Cargo.toml", "assemblyscript": "guest.ts"}

// replacement gives where the project finds the SDK.
func (p *Project) replacement(full string) (string, error) {
	if p.SDK == "" {
		return "./" + sdkFolder, nil
	}
	if _, err := os.Stat(filepath.Join(p.SDK, sdkMarks[p.Lang])); err != nil || sdkMarks[p.Lang] == "" {
		return "", fmt.Errorf("--sdk: no SDK for %s: %w", p.Lang, cmp.Or(err, ErrLanguage))
	}
	sdk, err := filepath.Abs(p.SDK)
	if err != nil {
		return "", err
	}
	if rel, err := filepath.Rel(full, sdk); err == nil {
		sdk = "." + string(filepath.Separator) + rel
	}
	return filepath.ToSlash(sdk), nil
}

func (p *Project) write(full, sdk string) (names []string, err error) {
	root := "project/" + p.Lang
	err = fs.WalkDir(projects, root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		name := strings.TrimSuffix(strings.TrimPrefix(path, root+"/"), ".txt")
		copied := strings.HasPrefix(name, sdkFolder+"/")
		if copied && p.SDK != "" {
			return nil
		}
		text, err := projects.ReadFile(path)
		if err == nil && !copied {
			text, err = fill(path, text, map[string]string{"Name": p.Name, "SDK": sdk})
		}
		if err != nil {
			return err
		}
		names = append(names, name)
		return create(filepath.Join(full, filepath.FromSlash(name)), text)
	})
	if err == nil && p.SDK != "" && p.Lang != "go" { // go.mod names it
		err = os.Symlink(filepath.FromSlash(sdk), filepath.Join(full, sdkFolder))
	}
	return names, err
}

// fill replaces <<.Name>> and the like.
func fill(name string, text []byte, with map[string]string) ([]byte, error) {
	t, err := template.New(name).Delims("<<", ">>").Option("missingkey=error").Parse(string(text))
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	err = t.Execute(&b, with)
	return b.Bytes(), err
}

func create(path string, text []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(path, text, 0o644)
}
