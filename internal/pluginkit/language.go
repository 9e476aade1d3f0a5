package pluginkit

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
)

// language says how projects of a language are told apart, and built.
type language struct {
	name  string
	mark  string // a pattern of files that only such a project has
	build func(context.Context, *build) error
	next  string // what comes before `siogw plugin test` in a new project
}

// languages are asked in this order: the first whose mark is there counts.
var languages = []language{
	{name: "go", mark: "go.mod", build: buildGo},
	{name: "rust", mark: "Cargo.toml", build: buildRust},
	{name: "assemblyscript", mark: "assembly/index.ts", build: buildAssemblyScript, next: "npm ci"},
	{name: "c", mark: "*.c", build: buildC},
	{name: "js", mark: scriptFile}, // its manifest is in it: buildScript
}

// Languages are those that New knows and Build builds.
func Languages() (names []string) {
	for i := range languages {
		names = append(names, languages[i].name)
	}
	return names
}

// Next tells what a new project in a language needs before it can be tested: a command, or "".
func Next(lang string) string {
	for i := range languages {
		if languages[i].name == lang {
			return languages[i].next
		}
	}
	return ""
}

func languageOf(dir string) (*language, error) {
	var marks []string
	for i := range languages {
		found, err := filepath.Glob(filepath.Join(dir, languages[i].mark))
		if err != nil {
			return nil, err
		}
		if len(found) > 0 {
			return &languages[i], nil
		}
		marks = append(marks, languages[i].mark)
	}
	return nil, fmt.Errorf("%s: none of %s is there; a plugin in another language is built with its own tools, and packed with siogw plugin pack",
		dir, strings.Join(marks, ", "))
}
