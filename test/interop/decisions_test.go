package interop

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"time"
)

// decisionLog reads the gateway's log from where the last run ended.
type decisionLog struct {
	path   string
	offset int
}

// check waits until the log holds want in this order, and fails on anything of undecided.
func (l *decisionLog) check(want, undecided []map[string]any) error {
	var lines []map[string]any
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		var err error
		if lines, err = l.read(); err != nil {
			return err
		}
		missing := firstMissing(lines, want)
		if missing < 0 {
			break
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("no decision %v after the %d before it, in:\n%s", want[missing], missing, show(lines))
		}
	}
	for _, no := range undecided {
		for _, line := range lines {
			if matches(no, line) {
				return fmt.Errorf("the decision %v was not to be made:\n%s", no, show([]map[string]any{line}))
			}
		}
	}
	return nil
}

// next makes the following check begin here, after every session of this run has ended.
func (l *decisionLog) next() error {
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		lines, err := l.read()
		if err != nil {
			return err
		}
		if open := openSessions(lines); len(open) == 0 {
			break
		} else if time.Now().After(deadline) {
			return fmt.Errorf("sessions %v did not end, in:\n%s", open, show(lines))
		}
	}
	text, err := os.ReadFile(l.path)
	l.offset = len(text)
	return err
}

// openSessions gives those that had a connect and have not ended.
func openSessions(lines []map[string]any) map[string]bool {
	open := map[string]bool{}
	for _, line := range lines {
		session, _ := line["session"].(map[string]any)
		id, _ := session["id"].(string)
		switch {
		case line["kind"] == "connect":
			open[id] = true
		case line["kind"] == "disconnect" && line["namespace"] == nil: // not of one namespace
			delete(open, id)
		}
	}
	return open
}

func (l *decisionLog) read() (lines []map[string]any, err error) {
	text, err := os.ReadFile(l.path)
	if err != nil {
		return nil, err
	}
	for line := range bytes.Lines(text[l.offset:]) {
		if !bytes.HasSuffix(line, []byte("\n")) {
			break // being written
		}
		var v map[string]any
		if err := json.Unmarshal(line, &v); err != nil {
			return nil, fmt.Errorf("%s: %w: %s", filepath.Base(l.path), err, line)
		}
		lines = append(lines, v)
	}
	return lines, nil
}

// firstMissing gives the index of the first of want that is not there in order, -1 for none.
func firstMissing(lines, want []map[string]any) int {
	at := 0
	for _, line := range lines {
		if at < len(want) && matches(want[at], line) {
			at++
		}
	}
	if at == len(want) {
		return -1
	}
	return at
}

// matches reports whether line holds all of want; {$re: …} matches text, {$absent: true} what is not there.
func matches(want, line map[string]any) bool {
	for k, w := range want {
		got, there := line[k]
		if m, ok := w.(map[string]any); ok {
			if m["$absent"] == true {
				if there {
					return false
				}
				continue
			}
			if re, ok := m["$re"].(string); ok {
				text, _ := got.(string)
				if !regexp.MustCompile(re).MatchString(text) {
					return false
				}
				continue
			}
			inner, ok := got.(map[string]any)
			if !ok || !matches(m, inner) {
				return false
			}
			continue
		}
		if !there || !reflect.DeepEqual(normal(w), got) {
			return false
		}
	}
	return true
}

// normal gives v as it comes out of JSON.
func normal(v any) (out any) {
	text, err := json.Marshal(v)
	if err == nil {
		err = json.Unmarshal(text, &out)
	}
	if err != nil {
		panic(err) // v comes from YAML
	}
	return out
}

func show(lines []map[string]any) string {
	var b bytes.Buffer
	for _, line := range lines[max(0, len(lines)-40):] {
		text, _ := json.Marshal(line)
		b.Write(append(text, '\n'))
	}
	return b.String()
}
