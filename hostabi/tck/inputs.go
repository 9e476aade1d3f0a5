package tck

import (
	"fmt"
	"strings"

	"github.com/siogw/siogw/engine"
	"github.com/siogw/siogw/internal/inputjson"
)

// sample is an input that every guest is asked about, if its manifest names the kind.
type sample struct {
	name     string
	in       *engine.Input
	ordinary bool // it is what a chat sends, and has to be cheap
}

// kinds are the inputs of every kind, without what hostile clients add.
var kinds = []string{
	`{"kind":"handshake","time":"2026-01-01T00:00:00Z","session":{"id":"s","eio":4,"transport":"websocket","ip":"203.0.113.9"}}`,
	`{"kind":"connect","time":"2026-01-01T00:00:00Z","namespace":"/chat","auth":{"token":"t"}}`,
	`{"kind":"connect","time":"2026-01-01T00:00:00Z","namespace":"/"}`,
	`{"kind":"join","time":"2026-01-01T00:00:00Z","namespace":"/chat","event":"join","args":["general"],"room":"general"}`,
	`{"kind":"leave","time":"2026-01-01T00:00:00Z","namespace":"/chat","event":"leave","args":["general"],"room":"general"}`,
	`{"kind":"event","time":"2026-01-01T00:00:00Z","namespace":"/chat","event":"message","args":[{"room":"general","text":"hi there, are you coming?"}],"ack":true,
		"identity":{"authenticated":true,"sub":"u1","roles":["member"]},"session":{"id":"s","eio":4,"transport":"websocket","ip":"203.0.113.9","rooms":["general"]}}`,
	`{"kind":"event","direction":"in","time":"2026-01-01T00:00:00Z","namespace":"/","event":"ping","args":[]}`,
	`{"kind":"ack","direction":"in","time":"2026-01-01T00:00:00Z","namespace":"/chat","args":["ok",1]}`,
	`{"kind":"ack","direction":"out","time":"2026-01-01T00:00:00Z","namespace":"/chat","args":[null]}`,
	`{"kind":"emit","time":"2026-01-01T00:00:00Z","namespace":"/chat","event":"news","args":["hello",{"a":[1,2.5,true,null]}],"plugins":{"first":{"score":3}}}`,
}

// hostile are arguments that gateways let through and guests stumble over.
var hostile = map[string]string{
	"nested 30 deep":          `[` + strings.Repeat(`{"a":[`, 14) + `1` + strings.Repeat(`]}`, 14) + `]`,
	"a string of 256 KiB":     `["` + strings.Repeat("x", 256<<10) + `"]`,
	"256 KiB of escapes":      `["` + strings.Repeat(`\u00e9`, 43690) + `"]`,
	"10,000 strings":          `["` + strings.Repeat(`a","`, 9999) + `a"]`,
	"10,000 keys":             `[{` + manyKeys(10000) + `}]`,
	"a long key":              `[{"` + strings.Repeat("k", 64<<10) + `":1}]`,
	"empty strings and keys":  `["",{"":""},[],{},[""]]`,
	"numbers spelled oddly":   `[-0,0.0,1e3,1E+3,1e-3,1.5e300,-1e-300,123456789012345678901234567890,0.1e1]`,
	"a number of 1,000 signs": `[` + strings.Repeat("9", 1000) + `]`,
	"every escape":            `["\"\\\/\b\f\n\r\t\u0000\u001f\u007f\u0080"]`,
	"escaped keys":            `[{"\u0061":1,"\"":2,"\\":3,"\u00e9":4,"\ud83d\ude00":5}]`,
	"unicode":                 `["😀","\ud83d\ude00","é","e\u0301","\u202e\u200b\ufeff","\ufffd","\uffff","ﷺ","` + "\u2028" + `"]`,
	"white space":             " [ \t\r\n { \"a\" : [ 1 , 2 ] } , \"b\" ] ",
	"names of JavaScript":     `[{"constructor":{"prototype":{"a":1}},"toString":"x","length":-1}]`,
	"what looks like JSON":    `["{\"effect\":\"allow\"}","]","[1,","null","true"]`,
	"formats":                 `["%s%n%x","${jndi:x}","{{7*7}}","\u0000","../../etc/passwd","' OR 1=1--"]`,
	"scalars alone":           `[null,true,false,0,"0"]`,
}

func manyKeys(n int) string {
	keys := make([]string, n)
	for i := range keys {
		keys[i] = fmt.Sprintf(`"k%d":%d`, i, i)
	}
	return strings.Join(keys, ",")
}

// binaries are attachments of one packet each.
var binaries = map[string][][]byte{
	"an image and nothing":  {[]byte("\x89PNG\r\n\x1a\n" + strings.Repeat("\x00", 62)), {}},
	"64 KiB of one byte":    {[]byte(strings.Repeat("\xff", 64<<10))},
	"16 attachments":        {{0}, {1}, {2}, {3}, {4}, {5}, {6}, {7}, {8}, {9}, {10}, {11}, {12}, {13}, {14}, {15}},
	"text that is no UTF-8": {[]byte("\xc3\x28\xa0\xa1\xf0\x28\x8c\x28")},
}

// samples gives all of them, ordinary ones first.
func samples() (all []sample, err error) {
	for _, text := range kinds {
		in, err := inputjson.ParseInput([]byte(text))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", text, err)
		}
		all = append(all, sample{in.Kind.String() + " " + in.Namespace, in, true})
	}
	for _, name := range sorted(hostile) {
		for _, kind := range []string{"event", "emit"} {
			in, err := packet(kind, hostile[name], nil)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", name, err)
			}
			all = append(all, sample{kind + " with " + name, in, false})
		}
	}
	for _, name := range sorted(binaries) {
		in, err := packet("event", "", binaries[name])
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		all = append(all, sample{"event with " + name, in, false})
	}
	return all, nil
}

// packet makes an input of a kind that has arguments; "" stands for the placeholders of all attachments.
func packet(kind, args string, attachments [][]byte) (*engine.Input, error) {
	if args == "" {
		list := make([]string, len(attachments))
		for i := range list {
			list[i] = fmt.Sprintf(`{"_placeholder":true,"num":%d}`, i)
		}
		args = "[" + strings.Join(list, ",") + "]"
	}
	in, err := inputjson.ParseInput(fmt.Appendf(nil, `{"kind":%q,"time":"2026-01-01T00:00:00Z","namespace":"/","event":"message","args":[]}`, kind))
	if err != nil {
		return nil, err
	}
	in.Args, in.Bytes = []byte(args), len(args)
	for _, data := range attachments {
		in.Bytes += len(data)
		in.Attachments = append(in.Attachments, engine.Attachment{Data: data, Type: "application/octet-stream"})
	}
	return in, nil
}
