package shields

import (
	"errors"
	"net/http"
	"strings"

	"github.com/siogw/siogw/engine"
	"github.com/siogw/siogw/engineio"
	"github.com/siogw/siogw/socketio"
)

// packetErrors tells by the decoder's refusal which attack it was. A test decodes each trigger.
var packetErrors = map[socketio.Error]string{
	{Code: socketio.TooManyAttachments}:                                  "CVE-2026-33151",
	{Code: socketio.TooDeep}:                                             "deep-nesting",
	{Code: socketio.Malformed, Msg: "binary packet without attachments"}: "CVE-2026-69185",
	{Code: socketio.Malformed, Msg: "bad placeholder"}:                   "CVE-2022-2421",
	{Code: socketio.Malformed, Msg: "event name is no string"}:           "CVE-2023-32695",
	{Code: socketio.Malformed, Msg: "bad id"}:                            "CVE-2020-36049",
	{Code: socketio.Malformed, Msg: "key that reaches a prototype"}:      "prototype-pollution",
}

// OfPacket gives the ID of the attack in a packet that the decoder refused, "" where it is none that is known.
func OfPacket(err error) string {
	var e *socketio.Error
	if !errors.As(err, &e) {
		return ""
	}
	if id, ok := packetErrors[socketio.Error{Code: e.Code, Msg: e.Msg}]; ok {
		return id
	}
	return packetErrors[socketio.Error{Code: e.Code}]
}

// OfRefusal gives the ID of the attack in a packet that the session's state refused.
func OfRefusal(code engine.Code, pkt *socketio.Packet) string {
	if code == engine.CodeState && pkt.Type == socketio.BinaryEvent {
		return "CVE-2026-48804"
	}
	return ""
}

// ends tells by the reason for which a client's session ended which attack it was.
var ends = map[engineio.Reason]string{
	engineio.TooLarge:      "CVE-2016-10542", // of a WebSocket: a body that is too large is refused, and the session goes on
	engineio.Fragments:     "CVE-2026-48779",
	engineio.ControlFrames: "ws-ping-flood",
	engineio.Inflated:      "CVE-2026-128131",
	engineio.Compressed:    "CVE-2026-128131",
}

// OfEnd gives the ID of the attack for which the transport of a client ended its session.
func OfEnd(r engineio.Reason) string { return ends[r] }

// UnaskedPong is the ID of the attack that an Engine.IO pong is which answers no ping.
const UnaskedPong = "CVE-2026-48802"

// OfRequest gives the ID of the attack in an Engine.IO request that was refused with err before a handshake was
// judged.
func OfRequest(r *http.Request, err error) string {
	var e *engineio.Error
	if !errors.As(err, &e) {
		return ""
	}
	q, upgrade := r.URL.Query(), r.Header.Get("Upgrade") != ""
	switch {
	case errors.Is(err, engineio.ErrEarly):
		return "CVE-2022-21676"
	case e.Status == http.StatusRequestEntityTooLarge:
		return "CVE-2020-36048"
	case e.Code == engineio.Forbidden && upgrade:
		return "CVE-2019-13611"
	case e.Code == engineio.Forbidden:
		return "CVE-2020-28481"
	case e.Code == engineio.UnknownTransport && upgrade:
		return "CVE-2023-31125"
	case e.Code == engineio.UnknownSID:
		return ofSID(q.Get("sid"))
	case e.Code == engineio.BadRequest && r.Method == http.MethodPost && strings.HasPrefix(r.Header.Get("Content-Type"), "application/octet-stream"):
		return "CVE-2026-59725"
	case e.Code == engineio.BadRequest && upgrade && q.Has("sid") && len(q["EIO"]) < 2 && q.Get("EIO") != "4":
		return "CVE-2026-102599"
	}
	return ""
}

// ofSID tells ids that are attacks from those that are merely stale.
func ofSID(sid string) string {
	switch {
	case reachesPrototype(sid):
		return "CVE-2026-102600"
	case sid != "" && len(sid) <= 6: // no server's but the one that counts
		return "go-socketio-sids"
	}
	return ""
}

// OfHeader gives the ID of the attack in the header of a handshake, which goes on without it.
func OfHeader(h http.Header) string {
	for name := range strings.SplitSeq(h.Get("Sec-Websocket-Extensions"), ",") {
		name, _, _ = strings.Cut(name, ";")
		if reachesPrototype(strings.TrimSpace(name)) {
			return "GHSA-5v72-xg48-5rpm"
		}
	}
	if strings.Contains(h.Get("Sec-Websocket-Protocol"), strings.Repeat(" ", 64)) {
		return "CVE-2021-32640"
	}
	values := 0
	for _, v := range h {
		values += len(v)
	}
	if values > maxServerHeaders {
		return "CVE-2024-37890"
	}
	return ""
}

// maxServerHeaders is where Node.js stops reading headers.
const maxServerHeaders = 2000

// OfPath gives the ID of the attack in a request for another path than Engine.IO's; below is what follows
// Engine.IO's path, "" where the request is not below it.
func OfPath(r *http.Request, below string) string {
	switch {
	case strings.HasPrefix(below, "1/"):
		return "CVE-2017-16031"
	case r.Header.Get("Upgrade") != "":
		return "CVE-2022-41940"
	}
	return ""
}
