package engineio

import (
	"bytes"
	"net/url"
	"strings"

	"github.com/siogw/siogw/internal/strictjson"
)

// maxJSONPIndex bounds the digits of an index; clients count their scripts from 0.
const maxJSONPIndex = 20

// AppendJSONP appends the script that hands payload to the client whose query key j had the value index. As in
// the reference, only its digits count, so that it cannot be script itself.
func AppendJSONP(dst []byte, index string, payload []byte) []byte {
	dst = append(dst, "___eio["...)
	digits := 0
	for i := range len(index) {
		if c := index[i]; '0' <= c && c <= '9' && digits < maxJSONPIndex {
			dst = append(dst, c)
			digits++
		}
	}
	dst = append(dst, "]("...)
	// JSON allows these two in strings, JavaScript before 2019 does not.
	quoted := strictjson.AppendQuote(nil, string(payload))
	quoted = bytes.ReplaceAll(quoted, []byte("\u2028"), []byte(`\u2028`))
	quoted = bytes.ReplaceAll(quoted, []byte("\u2029"), []byte(`\u2029`))
	dst = append(dst, quoted...)
	return append(dst, ");"...)
}

// newlines undoes what clients do to newlines, which browsers change in forms: "\n" for a newline, and "\\n"
// for what was "\n" already.
var newlines = strings.NewReplacer(`\\n`, `\n`, `\n`, "\n")

// DecodeJSONP gives the payload in the form body of a JSONP POST. The error is a *DecodeError.
func DecodeJSONP(body []byte) ([]byte, error) {
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return nil, malformed(0, "bad form")
	}
	if len(form) != 1 || len(form["d"]) != 1 {
		return nil, malformed(0, "form without one field d")
	}
	return []byte(newlines.Replace(form["d"][0])), nil
}
