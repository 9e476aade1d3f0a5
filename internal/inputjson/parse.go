package inputjson

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/siogw/siogw/engine"
	"github.com/siogw/siogw/internal/strictjson"
)

// maxAttachment bounds what the attachments of a parsed input may claim to weigh together, in bytes:
// their content is made up, and must not be made up without end.
const maxAttachment = 16 << 20

// limits are wide: this reads what an operator or a test wrote, not what a client sent.
var limits = strictjson.Limits{Depth: 256, Elements: 1 << 20, Number: 1024}

// ParseInput reads the document that [Append] writes. It is strict: an unknown key, a key given twice, a
// value of another type and bytes after the end are errors that name the path. Absent keys get their zero
// value, only kind is required; direction is by default the one that the kind has, and attachments hold
// zeros of the length they claim.
func ParseInput(b []byte) (*engine.Input, error) {
	b = bytes.Trim(b, " \t\r\n")
	if err := strictjson.Scan(b, limits); err != nil {
		return nil, fmt.Errorf("input: %w", err)
	}
	in := &engine.Input{Identity: &engine.Identity{}, Session: &engine.Session{}}
	var age int64
	err := object("input", b, fields{
		"version":     func(p string, v json.RawMessage) error { return parseVersion(p, v) },
		"kind":        func(p string, v json.RawMessage) error { return parseKind(p, v, &in.Kind) },
		"direction":   func(p string, v json.RawMessage) error { return parseDirection(p, v, &in.Direction) },
		"time":        func(p string, v json.RawMessage) error { return parseTime(p, v, &in.Time) },
		"namespace":   into("a string", &in.Namespace),
		"event":       into("a string", &in.Event),
		"args":        raw(strictjson.Array, &in.Args),
		"auth":        raw(strictjson.Object, &in.Auth),
		"room":        into("a string", &in.Room),
		"ack":         into("a boolean", &in.Ack),
		"bytes":       into("a whole number", &in.Bytes),
		"attachments": func(p string, v json.RawMessage) error { return parseAttachments(p, v, &in.Attachments) },
		"identity":    func(p string, v json.RawMessage) error { return parseIdentity(p, v, in.Identity) },
		"session":     func(p string, v json.RawMessage) error { return parseSession(p, v, in.Session, &age) },
		"plugins":     func(p string, v json.RawMessage) error { return parsePlugins(p, v, &in.Plugins) },
	})
	if err != nil {
		return nil, err
	}
	return finish(in, age)
}

// finish checks and fills in what one key alone does not tell.
func finish(in *engine.Input, age int64) (*engine.Input, error) {
	if in.Kind == 0 {
		return nil, fmt.Errorf("input.kind is missing")
	}
	if in.Bytes < 0 {
		return nil, fmt.Errorf("input.bytes is negative")
	}
	if age < 0 || age > int64(100*365*24*time.Hour/time.Millisecond) {
		return nil, fmt.Errorf("input.session.age_ms must be between 0 and 100 years")
	}
	if in.Attachments != nil && in.Args == nil {
		return nil, fmt.Errorf("input.attachments needs input.args")
	}
	if in.Direction == 0 {
		in.Direction = engine.In
		if in.Kind == engine.Emit {
			in.Direction = engine.Out
		}
	}
	in.Session.Opened = in.Time.Add(-time.Duration(age) * time.Millisecond)
	return in, nil
}

func parseVersion(path string, v json.RawMessage) error {
	var s string
	if err := into("a string", &s)(path, v); err != nil {
		return err
	}
	if s != engine.Version {
		return fmt.Errorf("%s is %q, this is %q", path, s, engine.Version)
	}
	return nil
}

func parseKind(path string, v json.RawMessage, k *engine.Kind) error {
	var s string
	if err := into("a string", &s)(path, v); err != nil {
		return err
	}
	var ok bool
	if *k, ok = engine.ParseKind(s); !ok {
		return fmt.Errorf("%s: there is no kind %q", path, s)
	}
	return nil
}

func parseDirection(path string, v json.RawMessage, d *engine.Direction) error {
	var s string
	if err := into("a string", &s)(path, v); err != nil {
		return err
	}
	for _, *d = range []engine.Direction{engine.In, engine.Out} {
		if d.String() == s {
			return nil
		}
	}
	return fmt.Errorf("%s is %q, want \"in\" or \"out\"", path, s)
}

func parseTime(path string, v json.RawMessage, t *time.Time) error {
	var s string
	if err := into("a string", &s)(path, v); err != nil {
		return err
	}
	parsed, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		return fmt.Errorf("%s is no RFC 3339 time", path)
	}
	if *t = parsed.UTC(); t.Year() < 1 || t.Year() > 9999 {
		return fmt.Errorf("%s is out of range", path)
	}
	return nil
}

func parseIdentity(path string, v json.RawMessage, id *engine.Identity) error {
	return object(path, v, fields{
		"authenticated": into("a boolean", &id.Authenticated),
		"sub":           into("a string", &id.Sub),
		"roles":         list(&id.Roles),
		"scopes":        list(&id.Scopes),
		"claims":        raw(strictjson.Object, (*[]byte)(&id.Claims)),
		"expires_at":    into("a whole number", &id.ExpiresAt),
	})
}

func parseSession(path string, v json.RawMessage, s *engine.Session, age *int64) error {
	return object(path, v, fields{
		"id":         into("a string", &s.ID),
		"eio":        into("a whole number", &s.EIO),
		"transport":  into("a string", &s.Transport),
		"ip":         into("a string", &s.IP),
		"secure":     into("a boolean", &s.Secure),
		"age_ms":     into("a whole number", age),
		"rooms":      list(&s.Rooms),
		"namespaces": list(&s.Namespaces),
		"origin":     into("a string", &s.Origin),
		"headers":    table(&s.Headers),
		"query":      table(&s.Query),
	})
}

func parseAttachments(path string, v json.RawMessage, dst *[]engine.Attachment) error {
	var items []json.RawMessage
	if err := into("an array", &items)(path, v); err != nil {
		return err
	}
	total := 0
	*dst = make([]engine.Attachment, len(items))
	for i, item := range items {
		n, a, at := 0, &(*dst)[i], fmt.Sprintf("%s[%d]", path, i)
		err := object(at, item, fields{"bytes": into("a whole number", &n), "type": into("a string", &a.Type)})
		if err != nil {
			return err
		}
		if n < 0 || n > maxAttachment-total {
			return fmt.Errorf("%s.bytes: attachments weigh between 0 and %d bytes together", at, maxAttachment)
		}
		total += n
		a.Data = make([]byte, n)
	}
	return nil
}

func parsePlugins(path string, v json.RawMessage, list *[]engine.Output) error {
	err := members(path, v, func(name string, v json.RawMessage) error {
		var labels []byte
		if err := raw(strictjson.Object, &labels)(path+"."+name, v); err != nil {
			return err
		}
		*list = append(*list, engine.Output{Plugin: name, Labels: labels})
		return nil
	})
	slices.SortFunc(*list, func(a, b engine.Output) int { return strings.Compare(a.Plugin, b.Plugin) })
	return err
}
