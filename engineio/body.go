package engineio

import (
	"strconv"

	"github.com/siogw/siogw/internal/strictjson"
)

// ErrorBody gives the body that answers a refused request: {"code":N,"message":"…"}.
func ErrorBody(e *Error) []byte {
	b := strconv.AppendInt([]byte(`{"code":`), int64(e.Code), 10)
	b = append(b, `,"message":`...)
	b = strictjson.AppendQuote(b, e.Text())
	return append(b, '}')
}
