package shields

import (
	"errors"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/siogw/siogw/engine"
	"github.com/siogw/siogw/engineio"
	"github.com/siogw/siogw/socketio"
)

// TestPacketTriggers decodes the packets of each trigger: what the decoder says must lead to the shield.
func TestPacketTriggers(t *testing.T) {
	for _, id := range []string{"CVE-2022-2421", "CVE-2023-32695", "CVE-2026-33151", "CVE-2026-69185", "prototype-pollution"} {
		for line := range strings.SplitSeq(Find(id).Trigger(), "\n") {
			text, ok := strings.CutPrefix(line, "text 4")
			if !ok {
				continue
			}
			var d socketio.Decoder
			_, err := d.Text([]byte(text))
			if got := OfPacket(err); got != id {
				t.Errorf("%s is taken for %q: %v", line, got, err)
			}
		}
	}
	for text, want := range map[string]string{
		`2` + strings.Repeat("1", 400) + `["echo"]`:                        "CVE-2020-36049",
		`2["x",` + strings.Repeat("[", 40) + strings.Repeat("]", 40) + `]`: "deep-nesting",
		`51-["x",{"_placeholder":true,"num":7}]`:                           "CVE-2022-2421",
		`517-["x",{"_placeholder":true,"num":0}]`:                          "CVE-2026-33151",
		`2["disconnect"]`: "", `2`: "", `9`: "", `2["x",{"a":1,"a":2}]`: "", `2["` + strings.Repeat("e", 300) + `"]`: "",
	} {
		var d socketio.Decoder
		_, err := d.Text([]byte(text))
		if got := OfPacket(err); err == nil || got != want {
			t.Errorf("%.40s is taken for %q, want %q: %v", text, got, want, err)
		}
	}
	if got := OfPacket(errors.New("another")); got != "" {
		t.Error(got)
	}
}

func TestOfRefusal(t *testing.T) {
	binary, text := &socketio.Packet{Type: socketio.BinaryEvent}, &socketio.Packet{Type: socketio.Event}
	if OfRefusal(engine.CodeState, binary) != "CVE-2026-48804" || OfRefusal(engine.CodeState, text) != "" || OfRefusal(engine.CodeRoom, binary) != "" {
		t.Error("a packet out of order is taken for another")
	}
}

func TestOfEnd(t *testing.T) {
	for r, want := range map[engineio.Reason]string{
		engineio.TooLarge: "CVE-2016-10542", engineio.Fragments: "CVE-2026-48779", engineio.ControlFrames: "ws-ping-flood",
		engineio.Inflated: "CVE-2026-128131", engineio.Compressed: "CVE-2026-128131",
		engineio.Frames: "", engineio.PeerClosed: "", engineio.ParseError: "",
	} {
		if got := OfEnd(r); got != want || want != "" && Find(got) == nil {
			t.Errorf("%v is taken for %q, want %q", r, got, want)
		}
	}
	if Find(UnaskedPong) == nil {
		t.Error("pongs are no shield's")
	}
}

func TestOfRequest(t *testing.T) {
	bad, unknown := &engineio.Error{Code: engineio.BadRequest}, &engineio.Error{Code: engineio.UnknownSID}
	const upgrade = "Upgrade: websocket"
	for _, c := range []struct {
		request, header string
		err             error
		want            string
	}{
		{"POST /socket.io/?EIO=4&transport=polling&sid=a", "", &engineio.Error{Code: engineio.BadRequest, Status: 413}, "CVE-2020-36048"},
		{"GET /socket.io/?EIO=4&transport=polling", "Origin: https://evil.example", &engineio.Error{Code: engineio.Forbidden}, "CVE-2020-28481"},
		{"GET /socket.io/?EIO=4&transport=websocket", upgrade, &engineio.Error{Code: engineio.Forbidden}, "CVE-2019-13611"},
		{"GET /socket.io/?EIO=4&transport=foo", upgrade, &engineio.Error{Code: engineio.UnknownTransport}, "CVE-2023-31125"},
		{"GET /socket.io/?EIO=4&transport=foo", "", &engineio.Error{Code: engineio.UnknownTransport}, ""},
		{"GET /socket.io/?EIO=4&transport=polling&sid=propertyIsEnumerable", "", unknown, "CVE-2026-102600"},
		{"GET /socket.io/?EIO=4&transport=polling&sid=__proto__", "", unknown, "CVE-2026-102600"},
		{"GET /socket.io/?EIO=4&transport=polling&sid=1a", "", unknown, "go-socketio-sids"},
		{"GET /socket.io/?EIO=4&transport=polling&sid=k3nZgYQq0y7kT6yWAAAB", "", unknown, ""},
		{"POST /socket.io/?EIO=4&transport=polling&sid=a", "Content-Type: application/octet-stream", bad, "CVE-2026-59725"},
		{"POST /socket.io/?EIO=4&transport=polling&sid=a", "Content-Type: text/plain", bad, ""},
		{"GET /socket.io/?transport=websocket&sid=a", upgrade, bad, "CVE-2026-102599"},
		{"GET /socket.io/?EIO=3&transport=websocket&sid=a", upgrade, bad, "CVE-2026-102599"},
		{"GET /socket.io/?EIO=4&transport=websocket&sid=a", upgrade, bad, ""},
		{"GET /socket.io/?EIO=4&transport=websocket", upgrade, &engineio.Error{Code: engineio.BadRequest, Cause: engineio.ErrEarly}, "CVE-2022-21676"},
		{"GET /socket.io/?EIO=4&transport=polling", "", errors.New("another"), ""},
	} {
		method, target, _ := strings.Cut(c.request, " ")
		r := httptest.NewRequest(method, target, nil)
		if name, value, ok := strings.Cut(c.header, ": "); ok {
			r.Header.Set(name, value)
		}
		if got := OfRequest(r, c.err); got != c.want {
			t.Errorf("%s (%s) with %v is taken for %q, want %q", c.request, c.header, c.err, got, c.want)
		}
	}
}

func TestOfHeader(t *testing.T) {
	for _, c := range []struct{ name, value, want string }{
		{"Sec-WebSocket-Extensions", "constructor", "GHSA-5v72-xg48-5rpm"},
		{"Sec-WebSocket-Extensions", "permessage-deflate, __proto__; a=b", "GHSA-5v72-xg48-5rpm"},
		{"Sec-WebSocket-Extensions", "permessage-deflate; client_max_window_bits", ""},
		{"Sec-WebSocket-Protocol", "a" + strings.Repeat(" ", 64) + "b", "CVE-2021-32640"},
		{"Sec-WebSocket-Protocol", "a" + strings.Repeat(" ", 63) + "b", ""},
	} {
		r := httptest.NewRequest("GET", "/", nil)
		r.Header.Set(c.name, c.value)
		if got := OfHeader(r.Header); got != c.want {
			t.Errorf("%s: %.40s is taken for %q, want %q", c.name, c.value, got, c.want)
		}
	}
	for n, want := range map[int]string{maxServerHeaders: "", maxServerHeaders + 1: "CVE-2024-37890"} {
		r := httptest.NewRequest("GET", "/", nil)
		for range n {
			r.Header.Add("a", "b")
		}
		if got := OfHeader(r.Header); got != want {
			t.Errorf("%d headers are taken for %q, want %q", n, got, want)
		}
	}
}

func TestOfPath(t *testing.T) {
	r := httptest.NewRequest("GET", "/nope", nil)
	if got := OfPath(r, "nope"); got != "" {
		t.Error(got)
	}
	if got := OfPath(r, "1/websocket/17"); got != "CVE-2017-16031" {
		t.Error(got)
	}
	r.Header.Set("Upgrade", "h2c")
	if got := OfPath(r, "nope"); got != "CVE-2022-41940" {
		t.Error(got)
	}
}
