package rego

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/siogw/siogw/policies"
)

// libraryRoot is where the library's modules stand among the files of a policy.
const libraryRoot = "siogw.lib/"

// libraryPath is the beginning of their packages.
var libraryPath = ast.MustParseRef("data.siogw.lib")

// addLibrary puts those modules of the library into all that the others use, and those that these use. A module of
// the same package that is there already stands for the library's: who wants another one copies it. Using one that
// there is not is an error, since to Rego it would only be undefined.
func addLibrary(all map[string]*ast.Module) error {
	there := map[string]bool{}
	for _, m := range all {
		if m.Package.Path.HasPrefix(libraryPath) && len(m.Package.Path) > len(libraryPath) {
			there[libraryName(m.Package.Path)] = true
		}
	}
	var errs []error
	for todo := used(all); len(todo) > 0; {
		name, at := todo[0].name, todo[0].at
		todo = todo[1:]
		if there[name] {
			continue
		}
		there[name] = true
		m, err := libraryModule(name)
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", at, err))
			continue
		}
		file := libraryRoot + name + ".rego"
		all[file] = m
		todo = append(todo, used(map[string]*ast.Module{file: m})...)
	}
	return errors.Join(errs...)
}

// use is one mention of a module of the library.
type use struct {
	name string
	at   *ast.Location
}

// used gives the modules of the library that are mentioned, by imports or in full.
func used(modules map[string]*ast.Module) (out []use) {
	for _, m := range modules {
		ast.WalkRefs(m, func(r ast.Ref) bool {
			if !r.HasPrefix(libraryPath) || r.Equal(m.Package.Path) {
				return false
			}
			if len(r) > len(libraryPath) {
				if _, constant := r[len(libraryPath)].Value.(ast.String); constant {
					out = append(out, use{libraryName(r), r[0].Location})
				}
			}
			return false
		})
	}
	return out
}

// libraryName gives the name of the library's module that r leads to or into.
func libraryName(r ast.Ref) string {
	s, _ := r[len(libraryPath)].Value.(ast.String)
	return strings.TrimSuffix(string(s), "_test")
}

func libraryModule(name string) (*ast.Module, error) {
	text, err := fs.ReadFile(policies.Library(), name+".rego")
	if err != nil {
		return nil, fmt.Errorf("the library has no module %q; it has %s", name, strings.Join(libraryNames(), ", "))
	}
	return ast.ParseModuleWithOpts(libraryRoot+name+".rego", string(text), ast.ParserOptions{ProcessAnnotation: true, RegoVersion: ast.RegoV1})
}

func libraryNames() (out []string) {
	names, _ := fs.Glob(policies.Library(), "*.rego")
	for _, name := range names {
		out = append(out, strings.TrimSuffix(name, ".rego"))
	}
	slices.Sort(out)
	return out
}

func isLibrary(file string) bool { return strings.HasPrefix(file, libraryRoot) }
