// Command injection is a guest that scores every string and key of the arguments by what of it would mean
// something to an interpreter behind the server: a database, a shell, a template engine, a file system.
package main

import (
	"errors"
	"slices"
	"strconv"
	"strings"

	siogw "github.com/siogw/siogw/sdk/go"
)

// defaultThreshold is the lowest score of what only an attack looks like; see score.go.
const defaultThreshold = certain

var (
	threshold = defaultThreshold
	enabled   = allCategories
	skip      []string // pointers at and under which nothing is looked at
)

func init() {
	siogw.OnConfig(configure)
	siogw.OnRaw(judge)
}

// judge gives no verdict where nothing is found, labels where something is, and a denial at the threshold.
func judge(args []byte) ([]byte, error) {
	var worst finding
	err := siogw.Walk(args, func(n *siogw.Node) error {
		if f := inspectNode(n); f.score > worst.score && !skipped(n) {
			worst = f
			worst.at = n.Pointer()
		}
		return nil
	})
	if err != nil || worst.score == 0 {
		return nil, err
	}
	return worst.verdict(), nil
}

func inspectNode(n *siogw.Node) finding {
	switch n.Kind {
	case siogw.Text:
		return inspect(n.Text)
	case siogw.Key:
		return inspectKey(n.Text, n.Parent())
	}
	return finding{}
}

func skipped(n *siogw.Node) bool {
	if len(skip) == 0 {
		return false
	}
	at := n.Pointer()
	return slices.ContainsFunc(skip, func(s string) bool {
		return at == s || strings.HasPrefix(at, s) && at[len(s)] == '/'
	})
}

// verdict tells score, categories, rule and place as labels. The client learns the categories only: the
// place has its keys in it, and the rule would help it to find what passes.
func (f *finding) verdict() []byte {
	out := append([]byte(nil), `{"effect":"allow"`...)
	if f.score >= threshold {
		siogw.Count("denied", 1)
		out = append(out[:0], `{"effect":"deny","code":"injection","reason":"looks like an injection: `...)
		out = append(out, strings.Join(f.categories.names(), ", ")...)
		out = append(out, '"')
	}
	out = append(out, `,"score":`...)
	out = strconv.AppendInt(out, int64(f.score), 10)
	out = append(out, `,"labels":{"categories":[`...)
	for i, name := range f.categories.names() {
		if i > 0 {
			out = append(out, ',')
		}
		out = siogw.AppendText(out, name)
	}
	out = siogw.AppendText(append(out, `],"rule":`...), f.rule)
	at := f.at
	if len(at) > maxPlace {
		at = at[:maxPlace]
	}
	out = siogw.AppendText(append(out, `,"at":`...), at)
	return append(out, "}}"...)
}

// maxPlace bounds the pointer in the label, in bytes: keys may be long.
const maxPlace = 512

func configure(raw []byte) error {
	threshold, enabled, skip = defaultThreshold, allCategories, nil
	if len(raw) == 0 {
		return nil
	}
	named := category(0)
	err := siogw.Walk(raw, func(n *siogw.Node) error { return configureNode(n, &named) })
	if named != 0 {
		enabled = named
	}
	return err
}

// configureNode reads {"threshold": number, "categories": [name…], "skip": [pointer…]}.
func configureNode(n *siogw.Node, named *category) error {
	at := n.Pointer()
	list := n.Kind == siogw.Text && n.Depth() == 2
	switch {
	case n.Kind == siogw.Key && n.Depth() == 1 && (at == "/threshold" || at == "/categories" || at == "/skip"):
		return nil
	case at == "/threshold" && n.Kind == siogw.Number:
		v, err := strconv.Atoi(n.Text)
		if err != nil || v < 1 || v > maxScore {
			return errors.New("threshold: want a whole number from 1 to 10")
		}
		threshold = v
	case list && strings.HasPrefix(at, "/categories/"):
		c := categoryOf(n.Text)
		if c == 0 {
			return errors.New("categories: no category " + strconv.Quote(n.Text) + "; there are: " + strings.Join(allCategories.names(), ", "))
		}
		*named |= c
	case list && strings.HasPrefix(at, "/skip/") && strings.HasPrefix(n.Text, "/"):
		skip = append(skip, strings.Clone(n.Text))
	default:
		return errors.New("want {threshold: number, categories: [name], skip: [pointer]}, found something else at " + strconv.Quote(at))
	}
	return nil
}

func main() {}
