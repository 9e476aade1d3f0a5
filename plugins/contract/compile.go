package contract

import (
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"
)

const eventsURL = "contract://siogw/events"

// compile makes the schemas of all events of the file.
func (l *loader) compile() {
	var wrapped []any
	for _, s := range l.specs {
		answer := s.answer
		if answer == nil {
			answer = true
		}
		wrapped = append(wrapped, s.args, answer)
	}
	jc := jsonschema.NewCompiler()
	jc.AssertFormat()
	jc.UseLoader(l)
	err := errors.Join(jc.AddResource(binaryURL, binarySchema), jc.AddResource(eventsURL, schema{"events": wrapped}))
	if err != nil {
		l.errs = append(l.errs, err)
		return
	}
	seen, swift := map[string]bool{}, quicker{}
	for i, s := range l.specs {
		ev := &event{place: s.at.place(), ack: s.ack}
		var errArgs, errAnswer error
		if ev.args, errArgs = jc.Compile(eventsURL + "#/events/" + strconv.Itoa(2*i)); s.answer != nil && errArgs == nil {
			ev.answer, errAnswer = jc.Compile(eventsURL + "#/events/" + strconv.Itoa(2*i+1))
		}
		if err := errors.Join(errArgs, errAnswer); err != nil {
			if e := l.explain(s, oneErr(errArgs, errAnswer)); !seen[e.Error()] {
				seen[e.Error()] = true
				l.errs = append(l.errs, e)
			}
			continue
		}
		ev.quickArgs, ev.quickAnswer = swift.make(ev.args), swift.make(ev.answer)
		if taken := l.c.keep(s, ev); taken != "" {
			l.fail(s.at, "%s %s is described in %s already", s.namespace, s.name, taken)
		}
	}
	for _, d := range l.docs {
		l.c.remember(d.root)
	}
}

func oneErr(a, b error) error {
	if a != nil {
		return a
	}
	return b
}

// explain says where and what is wrong with a schema of s.
func (l *loader) explain(s *spec, err error) *Error {
	at, text := s.at, err.Error()
	var (
		invalid  *jsonschema.SchemaValidationError
		nowhere  *jsonschema.JSONPointerNotFoundError
		anchor   *jsonschema.AnchorNotFoundError
		file     *jsonschema.LoadURLError
		pattern  *jsonschema.InvalidRegexError
		mistake  *Error
		breaches *jsonschema.ValidationError
	)
	switch {
	case errors.As(err, &pattern):
		at, text = l.locate(pattern.URL, at), patternText(pattern.Regex)
	case errors.As(err, &invalid):
		at, text = l.locate(invalid.URL, at), "no JSON Schema"
		if errors.As(invalid.Err, &breaches) {
			leaf := deepest(breaches)
			at = at.along(leaf.InstanceLocation)
			text = schemaText(leaf, at)
		}
	case errors.As(err, &nowhere):
		at, text = l.reference(nowhere.URL, at), "nothing is there"
	case errors.As(err, &anchor):
		at, text = l.reference(anchor.Reference, at), "nothing is there"
	case errors.As(err, &mistake):
		return mistake
	case errors.As(err, &file):
		at, text = l.reference(file.URL, at), file.Err.Error()
	}
	e := &Error{File: at.doc.shown, Path: keyPath(at.ptr), Message: text}
	if at.node != nil {
		e.Line, e.Column = at.node.Line, at.node.Column
	}
	return e
}

// schemaText says why a schema is none. Here the value at fault is the author's, and may be told.
func schemaText(leaf *jsonschema.ValidationError, at spot) string {
	switch k := leaf.ErrorKind.(type) {
	case *kind.Format:
		if k.Want == "regex" {
			return patternText(fmt.Sprint(k.Got))
		}
	case *kind.PropertyNames:
		return patternText(k.Property)
	case *kind.Enum:
		return fmt.Sprintf("no JSON Schema: found %q", at.text())
	}
	return "no JSON Schema: " + rule(leaf, nil)
}

func patternText(pattern string) string {
	return fmt.Sprintf("the pattern %q is none of RE2, which has no look-around and no back-references", pattern)
}

// locate gives the place that a URL of the schema compiler names.
func (l *loader) locate(at string, or spot) spot {
	u, err := url.Parse(at)
	if err != nil {
		return or
	}
	d := l.docs[strings.TrimPrefix(u.Path, "/")]
	if d == nil || u.Host != "file" {
		return or
	}
	s, _ := d.find(u.Fragment)
	return s
}

func (s spot) along(path []string) spot {
	for _, token := range path {
		next := s.step(token)
		if next.node == nil {
			break
		}
		s = next
	}
	return s
}

// reference gives the $ref that leads to a URL.
func (l *loader) reference(to string, or spot) spot {
	u, err := url.Parse(to)
	if err != nil {
		return or
	}
	for _, d := range l.docs {
		if s, ok := referenceIn(spot{doc: d, node: d.root}, u, 0); ok {
			return s
		}
	}
	return or
}

func referenceIn(s spot, to *url.URL, depth int) (spot, bool) {
	if depth > 200 {
		return s, false
	}
	if ref := s.get("$ref"); ref.text() != "" {
		base, _ := url.Parse(s.doc.url(""))
		if u, err := base.Parse(ref.text()); err == nil && u.Path == to.Path && (to.Fragment == "" || u.Fragment == to.Fragment) {
			return ref, true
		}
	}
	for _, m := range s.members() {
		if found, ok := referenceIn(m, to, depth+1); ok {
			return found, true
		}
	}
	for _, m := range s.items() {
		if found, ok := referenceIn(m, to, depth+1); ok {
			return found, true
		}
	}
	return s, false
}

func deepest(ve *jsonschema.ValidationError) *jsonschema.ValidationError {
	for len(ve.Causes) > 0 {
		ve = ve.Causes[0]
	}
	return ve
}
