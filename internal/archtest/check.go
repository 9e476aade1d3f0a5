package archtest

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"
)

// Limits for files that ship.
const (
	maxFileLines = 500
	maxFuncLines = 80
)

// rules is what a tree of files is held to.
type rules struct {
	packages map[string]pkg
	heavy    map[string]string
	tools    map[string][]string
}

// check reads every Go file of the module at the root of fsys, but those of inner modules, testdata and
// node_modules, and gives what is wrong, in order of the files.
func (r rules) check(fsys fs.FS) (problems []string, err error) {
	seen := map[string]bool{}
	err = fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			return skip(fsys, name)
		}
		if !strings.HasSuffix(name, ".go") {
			return nil
		}
		seen[path.Dir(name)] = true
		text, err := fs.ReadFile(fsys, name)
		if err != nil {
			return err
		}
		problems = append(problems, r.file(name, text)...)
		return nil
	})
	for dir := range seen {
		if _, known := r.packages[dir]; !known {
			problems = append(problems, fmt.Sprintf("%s: a package without a layer: add it to internal/archtest", dir))
		}
	}
	slices.Sort(problems)
	return problems, err
}

func skip(fsys fs.FS, dir string) error {
	base := path.Base(dir)
	if base == "testdata" || base == "node_modules" || len(base) > 1 && (base[0] == '.' || base[0] == '_') {
		return fs.SkipDir
	}
	if _, err := fs.Stat(fsys, path.Join(dir, "go.mod")); err == nil && dir != "." {
		return fs.SkipDir // a module of its own
	}
	return nil
}

// file checks one file.
func (r rules) file(name string, text []byte) (problems []string) {
	fset := token.NewFileSet()
	f, err := parser.ParseFile(fset, name, text, parser.SkipObjectResolution)
	if err != nil {
		return []string{err.Error()}
	}
	isTest := strings.HasSuffix(name, "_test.go")
	for _, spec := range f.Imports {
		to, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			return []string{err.Error()}
		}
		if problem := r.arrow(path.Dir(name), to, isTest); problem != "" {
			problems = append(problems, fmt.Sprintf("%s: %s", fset.Position(spec.Pos()), problem))
		}
	}
	if !isTest && !ast.IsGenerated(f) {
		problems = append(problems, sizes(fset, f)...)
	}
	return problems
}

// arrow judges the import of the path `to` by the package in dir from.
func (r rules) arrow(from, to string, isTest bool) string {
	p := r.packages[from]
	for name, prefix := range r.heavy {
		if to != prefix && !strings.HasPrefix(to, prefix+"/") {
			continue
		}
		if !slices.Contains(p.heavy, name) && !(isTest && slices.Contains(p.tests, name)) {
			return fmt.Sprintf("%s is not at home here", to)
		}
	}
	inner, ok := strings.CutPrefix(to, module+"/")
	if !ok {
		return ""
	}
	if users, isTool := r.tools[inner]; isTool {
		if isTest || slices.Contains(users, from) {
			return ""
		}
		return fmt.Sprintf("%s is for tests", inner)
	}
	target, known := r.packages[inner]
	switch {
	case !known:
		return fmt.Sprintf("%s is a package without a layer", inner)
	case inner == from, isTest && p.above, target.layer < p.layer:
		return ""
	}
	return fmt.Sprintf("an arrow that runs up: %s (layer %d) imports %s (layer %d)", from, p.layer, inner, target.layer)
}

// sizes checks the lengths of a file and its functions.
func sizes(fset *token.FileSet, f *ast.File) (problems []string) {
	if lines := fset.File(f.Pos()).LineCount(); lines > maxFileLines {
		problems = append(problems, fmt.Sprintf("%s: %d lines, at most %d", fset.File(f.Pos()).Name(), lines, maxFileLines))
	}
	ast.Inspect(f, func(n ast.Node) bool {
		var body *ast.BlockStmt
		switch fn := n.(type) {
		case *ast.FuncDecl:
			body = fn.Body
		case *ast.FuncLit:
			body = fn.Body
		}
		if body == nil {
			return true
		}
		first, last := fset.Position(n.Pos()), fset.Position(n.End())
		if lines := last.Line - first.Line + 1; lines > maxFuncLines {
			problems = append(problems, fmt.Sprintf("%s: a function of %d lines, at most %d", first, lines, maxFuncLines))
		}
		return true
	})
	return problems
}
