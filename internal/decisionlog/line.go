package decisionlog

import (
	"bytes"
	"strconv"
	"sync/atomic"
	"time"
	"unicode/utf8"

	"github.com/siogw/siogw/engine"
	"github.com/siogw/siogw/internal/strictjson"
)

const (
	timeForm   = secondForm + "000000Z"
	secondForm = "2006-01-02T15:04:05."
	maxText    = 1024 // bytes of a string that a client or a plugin chose
	maxRoles   = 32   // of an identity
)

// appendLine appends the line of a decision, without newline. Keys without a value are left out, but for
// effect, transformed, bytes and us.
func (m *masks) appendLine(b []byte, in *engine.Input, d *engine.Decision) []byte {
	b = appendTime(append(b, `{"time":"`...), in.Time)
	b = d.ID.Append(append(b, `","decision_id":"`...))
	b = append(append(b, `","kind":"`...), in.Kind.String()...)
	b = append(append(b, `","direction":"`...), in.Direction.String()...)
	b = append(b, '"')
	b = appendText(b, "namespace", in.Namespace)
	b = appendText(b, "event", in.Event)
	b = appendText(b, "room", in.Room)
	b = appendDecision(b, d)
	b = appendSession(b, in)
	b = strconv.AppendInt(append(b, `,"bytes":`...), int64(in.Bytes), 10)
	if n := len(in.Attachments); n > 0 {
		b = strconv.AppendInt(append(b, `,"attachments":`...), int64(n), 10)
	}
	b = appendMicros(b, d.Took)
	if d.Generation > 0 {
		b = strconv.AppendUint(append(b, `,"generation":`...), d.Generation, 10)
	}
	if in.Args != nil {
		b = m.args.appendValue(append(b, `,"args":`...), in.Args)
	}
	if in.Auth != nil {
		b = m.auth.appendValue(append(b, `,"auth":`...), in.Auth)
	}
	return append(b, '}')
}

// madeKey is what of the line of a decision that is repeated is kept by.
type madeKey struct{}

// appendDecision appends what was decided, and why.
func appendDecision(b []byte, d *engine.Decision) []byte {
	if made, ok := d.Made.Get(madeKey{}).([]byte); ok {
		return append(b, made...)
	}
	from := len(b)
	b = appendOutcome(b, d.Effect, &d.Denial)
	b = appendText(b, "by", d.By)
	b = appendSteps(b, d.Steps)
	b = strconv.AppendBool(append(b, `,"transformed":`...), d.Transformed())
	if made := b[from:]; d.Made != nil {
		d.Made.Keep(madeKey{}, bytes.Clone(made), len(made))
	}
	return b
}

// appendOutcome appends effect, code, reason and data.
func appendOutcome(b []byte, e engine.Effect, d *engine.Denial) []byte {
	b = append(append(b, `,"effect":"`...), e.String()...)
	b = append(b, '"')
	if d.Code != engine.CodeNone || d.Custom != nil {
		b = (*mask)(nil).appendValue(append(b, `,"code":`...), d.Shown())
	}
	b = appendText(b, "reason", d.Reason)
	if d.Data != nil {
		b = (*mask)(nil).appendValue(append(b, `,"data":`...), d.Data)
	}
	return b
}

func appendSteps(b []byte, steps []engine.Step) []byte {
	if len(steps) == 0 {
		return b
	}
	b = append(b, `,"steps":[`...)
	for i := range steps {
		s := &steps[i]
		if i > 0 {
			b = append(b, ',')
		}
		b = appendQuoted(append(b, `{"plugin":`...), s.Plugin)
		b = append(append(b, `,"mode":"`...), s.Mode.String()...)
		b = appendOutcome(append(b, '"'), s.Verdict.Effect, &s.Verdict.Denial)
		b = appendTexts(b, "rules", s.Verdict.Rules)
		if s.Verdict.Transforms() {
			b = append(b, `,"transformed":true`...)
		}
		if s.Verdict.Labels != nil {
			b = (*mask)(nil).appendValue(append(b, `,"labels":`...), s.Verdict.Labels)
		}
		if s.Verdict.Err != nil {
			b = appendText(b, "error", s.Verdict.Err.Error())
		}
		b = append(appendMicros(b, s.Took), '}')
	}
	return append(b, ']')
}

// appendTexts appends a list of strings, nothing for an empty one.
func appendTexts(b []byte, key string, list []string) []byte {
	if len(list) == 0 {
		return b
	}
	b = append(append(append(b, ',', '"'), key...), `":[`...)
	for i, s := range list {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendQuoted(b, s)
	}
	return append(b, ']')
}

func appendSession(b []byte, in *engine.Input) []byte {
	if s := in.Session; s != nil {
		b = appendQuoted(append(b, `,"session":{"id":`...), s.ID)
		b = appendText(b, "ip", s.IP)
		b = appendText(b, "transport", s.Transport)
		b = append(strconv.AppendInt(append(b, `,"eio":`...), int64(s.EIO), 10), '}')
	}
	if id := in.Identity; id != nil && id.Authenticated {
		b = appendQuoted(append(b, `,"identity":{"sub":`...), id.Sub)
		b = append(appendTexts(b, "roles", id.Roles[:min(len(id.Roles), maxRoles)]), '}')
	}
	return b
}

// appendMicros appends a time in microseconds, with one digit after the point.
func appendMicros(b []byte, d time.Duration) []byte {
	tenths := int64(max(0, d)+50*time.Nanosecond) / int64(100*time.Nanosecond)
	b = strconv.AppendInt(append(b, `,"us":`...), tenths/10, 10)
	return append(b, '.', '0'+byte(tenths%10))
}

// second is the text of one second of time, up to its point.
type second struct {
	unix int64
	text string
}

var lastSecond atomic.Pointer[second]

// appendTime appends t in timeForm. Most lines are of the same second as the one before.
func appendTime(b []byte, t time.Time) []byte {
	s := lastSecond.Load()
	if s == nil || s.unix != t.Unix() {
		s = &second{t.Unix(), t.UTC().Format(secondForm)}
		lastSecond.Store(s)
	}
	b = append(b, s.text...)
	at := len(b)
	b = append(b, "000000Z"...)
	for us, i := t.Nanosecond()/1000, at+5; us > 0; us, i = us/10, i-1 {
		b[i] += byte(us % 10)
	}
	return b
}

func appendText(b []byte, key, s string) []byte {
	if s == "" {
		return b
	}
	b = append(append(append(b, ',', '"'), key...), '"', ':')
	return appendQuoted(b, s)
}

// appendQuoted appends a JSON string, cut where it is too long.
func appendQuoted(b []byte, s string) []byte {
	if len(s) <= maxText {
		return strictjson.AppendQuote(b, s)
	}
	cut := maxText
	for cut > maxText-utf8.UTFMax && !utf8.RuneStart(s[cut]) {
		cut--
	}
	return strictjson.AppendQuote(b, s[:cut]+"…")
}
