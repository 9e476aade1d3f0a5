package engineio

import (
	"strconv"
	"time"

	"github.com/siogw/siogw/internal/strictjson"
)

// Handshake is the data of the Open packet, section "Handshake" of the protocol.
type Handshake struct {
	SID          string
	Upgrades     []string
	PingInterval time.Duration // whole milliseconds on the wire
	PingTimeout  time.Duration
	MaxPayload   int // bytes; 0 for none, which only servers before 4.3 say (and all of revision 3)
}

// AppendHandshake appends h as JSON with the keys of the reference server, in its order. A MaxPayload of 0
// is left out.
func AppendHandshake(dst []byte, h Handshake) []byte {
	dst = append(dst, `{"sid":`...)
	dst = strictjson.AppendQuote(dst, h.SID)
	dst = append(dst, `,"upgrades":[`...)
	for i, u := range h.Upgrades {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = strictjson.AppendQuote(dst, u)
	}
	dst = append(dst, `],"pingInterval":`...)
	dst = strconv.AppendInt(dst, h.PingInterval.Milliseconds(), 10)
	dst = append(dst, `,"pingTimeout":`...)
	dst = strconv.AppendInt(dst, h.PingTimeout.Milliseconds(), 10)
	if h.MaxPayload > 0 {
		dst = append(dst, `,"maxPayload":`...)
		dst = strconv.AppendInt(dst, int64(h.MaxPayload), 10)
	}
	return append(dst, '}')
}

// What a handshake may say.
const (
	maxSID     = 256
	maxMillis  = 1 << 40
	maxPayload = 1 << 50
)

// DecodeHandshake reads the data of an Open packet. Keys that it does not know are passed over; sid,
// upgrades, pingInterval and pingTimeout must be there. The error is a *DecodeError.
func DecodeHandshake(data []byte) (Handshake, error) {
	if err := strictjson.Scan(data, strictjson.Limits{}); err != nil {
		return Handshake{}, &DecodeError{Msg: "handshake: " + err.Error(), Kind: ErrMalformed}
	}
	var h Handshake
	found := 0
	for k, v := range strictjson.Members(data) {
		ok, known := h.set(strictjson.String(k), v)
		if !ok {
			return Handshake{}, malformed(0, "handshake: bad value of a known key")
		}
		if known {
			found++
		}
	}
	if found < 4 {
		return Handshake{}, malformed(0, "handshake: sid, upgrades, pingInterval or pingTimeout missing")
	}
	return h, nil
}

// set takes one member; known says that it is one of the four that must be there.
func (h *Handshake) set(key string, value []byte) (ok, known bool) {
	n := 0
	switch key {
	case "sid":
		h.SID = strictjson.String(value)
		return validSID(h.SID), true
	case "upgrades":
		h.Upgrades, ok = stringsOf(value)
		return ok, true
	case "pingInterval":
		n, ok = number(value, maxMillis)
		h.PingInterval = time.Duration(n) * time.Millisecond
		return ok, true
	case "pingTimeout":
		n, ok = number(value, maxMillis)
		h.PingTimeout = time.Duration(n) * time.Millisecond
		return ok, true
	case "maxPayload":
		h.MaxPayload, ok = number(value, maxPayload)
		return ok, false
	}
	return true, false
}

// validSID wants visible ASCII, since a sid goes into URLs and logs.
func validSID(sid string) bool {
	for i := range len(sid) {
		if sid[i] <= ' ' || sid[i] > '~' {
			return false
		}
	}
	return sid != "" && len(sid) <= maxSID
}

// number reads a whole number from 1 to limit.
func number(raw []byte, limit int) (int, bool) {
	n, err := strconv.Atoi(string(raw))
	return n, err == nil && n > 0 && n <= limit
}

func stringsOf(raw []byte) ([]string, bool) {
	if strictjson.KindOf(raw) != strictjson.Array {
		return nil, false
	}
	var out []string
	for e := range strictjson.Elements(raw) {
		if strictjson.KindOf(e) != strictjson.Text {
			return nil, false
		}
		out = append(out, strictjson.String(e))
	}
	return out, true
}
