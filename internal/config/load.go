package config

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"slices"

	"go.yaml.in/yaml/v3"
)

// DefaultFile is read when no file is named, if it is there.
const DefaultFile = "siogw.yaml"

const maxFile = 4 << 20 // bytes; a configuration is written by people

// Load reads the file at path, then env (NAME=value, those that begin with SIOGW_ count), then sets
// (section.key=value); a later one wins. With path "" the file is the one that SIOGW_CONFIG names, else
// [DefaultFile], which may be absent. A failure is [Errors], all that were found; the configuration that
// comes with it is not to be used.
func Load(path string, sets, env []string) (*Config, error) {
	vars := environment(env)
	d := &decoder{cfg: Default(), lookup: vars.lookup}
	if path == "" {
		path = vars["SIOGW_CONFIG"]
	}
	d.file(path)
	d.environment(vars)
	for _, s := range sets {
		d.set(s)
	}
	d.secretFiles()
	d.cfg.places = d.places
	d.validate()
	if len(d.errs) > 0 {
		return d.cfg, d.sorted()
	}
	return d.cfg, nil
}

// Parse reads a file's content, without environment and command line. Paths in it are relative to dir.
func Parse(name, dir string, data []byte) (*Config, error) {
	d := &decoder{cfg: Default(), lookup: func(string) (string, bool) { return "", false }}
	d.document(name, dir, data)
	d.secretFiles()
	d.cfg.places = d.places
	d.validate()
	if len(d.errs) > 0 {
		return d.cfg, d.sorted()
	}
	return d.cfg, nil
}

// file reads the file layer.
func (d *decoder) file(path string) {
	named := path != ""
	if !named {
		path = DefaultFile
	}
	data, err := readFile(path)
	if errors.Is(err, fs.ErrNotExist) && !named {
		d.home = place{source: DefaultFile}
		return
	}
	if err != nil {
		d.home = place{source: path}
		d.fail("", "%v", plain(err))
		return
	}
	d.cfg.File = path
	d.document(path, filepath.Dir(path), data)
}

func readFile(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err == nil && len(data) > maxFile {
		err = fmt.Errorf("larger than %d bytes", maxFile)
	}
	return data, err
}

// plain takes the path out of an error, as the place names it already.
func plain(err error) error {
	var pe *fs.PathError
	if errors.As(err, &pe) {
		return pe.Err
	}
	return err
}

func (d *decoder) document(name, dir string, data []byte) {
	d.home = place{source: name}
	d.layer = layer{source: name, dir: dir, file: true}
	d.sources = append(d.sources, name)
	dec := yaml.NewDecoder(bytes.NewReader(data))
	var doc, more yaml.Node
	if err := dec.Decode(&doc); err != nil {
		if !errors.Is(err, io.EOF) { // an empty file is one of defaults
			d.syntax(data, err)
		}
		return
	}
	if err := dec.Decode(&more); !errors.Is(err, io.EOF) {
		if err != nil {
			d.syntax(data, err)
			return
		}
		d.errs = append(d.errs, d.layer.at(&more).error("", "a second document; the configuration is one"))
	}
	d.value(doc.Content[0], reflect.ValueOf(d.cfg).Elem(), "", "")
}

// sorted puts the errors in the order of the layers and of the lines.
func (d *decoder) sorted() Errors {
	slices.SortStableFunc(d.errs, func(a, b *Error) int {
		return cmp.Or(
			cmp.Compare(slices.Index(d.sources, a.Source), slices.Index(d.sources, b.Source)),
			cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	return d.errs
}
