//go:build linux

package abuse

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/siogw/siogw/internal/siotest"
)

const places = `{"_placeholder":true,"num":%s}`

// hostile are messages of a client in the main namespace that no server must ever see.
var hostile = map[string][]string{
	"prototype keys": {`42["x",{"__proto__":{"polluted":true}}]`, `42["x",{"\u005f_proto__":1}]`, `42["x",{"constructor":{"prototype":{"a":1}}}]`},
	"reserved events": {`42["disconnect"]`, `42["disconnecting"]`, `42["connect"]`, `42["connect_error"]`, `42["newListener"]`,
		`42["removeListener"]`, `42["error"]`},
	"event names":    {`42[{"toString":"x"}]`, `42[7,"a"]`, `42[null]`, `42[[]]`, `42[]`, `42[""]`, `42`},
	"duplicate keys": {`42["x",{"a":1,"a":2}]`, `42["x",{"a":1,"\u0061":2}]`},
	"numbers":        {`42["x",1e999]`, `42["x",-1e999]`, `42["x",01]`, `42["x",1.]`, `42["x",` + strings.Repeat("9", 400) + `]`},
	"ack ids":        {`42` + strings.Repeat("9", 400) + `["x"]`, `4200000000000000001["x"]`, `421 2["x"]`, `42+1["x"]`},
	"invalid text":   {"42[\"x\",\"\xff\xfe\"]", `42["x","\ud800"]`, "42[\"x\",\"\xed\xa0\x80\"]"},
	"white space":    {`42 ["x",1]`, ` 42["x",1]`, `4 2["x"]`, "42[\"x\"]\x00"},
	"placeholders":   {`451-["x",` + fmt.Sprintf(places, `"pop"`) + `]`, `451-["x",` + fmt.Sprintf(places, `"__proto__"`) + `]`, `451-["x",` + fmt.Sprintf(places, `-1`) + `]`, `451-["x",` + fmt.Sprintf(places, `1.5`) + `]`, `451-["x",` + fmt.Sprintf(places, `9`) + `]`, `452-["x",` + fmt.Sprintf(places, `0`) + `,` + fmt.Sprintf(places, `0`) + `]`},
	"no attachment":  {`42["x",` + fmt.Sprintf(places, `0`) + `]`},
	"counts":         {`450-["x"]`, `45-1-["x"]`, `451e3-["x"]`, `450x10-["x"]`, `45 1-["x"]`, `4501-["x"]`, `459999999-["x"]`, `45-["x"]`},
	"unasked acks":   {`431[]`, `43[]`, `43[`, `430`},
	"for servers":    {`0{}`, `44{}`, `2`, `5`, `6`, `40`, `40{}`, `49`, `7`},
	"auth payloads":  {`40/a,[]`, `40/a,"x"`, `40/a,7`, `40/a,null`},
	"namespaces":     {`40//evil/admin,`, `40/x/../admin,`, "40/ad\tmin,", `40/admin#f,`, `40/admin ,`, `40/admin?x=1,`, `40/` + strings.Repeat("a", 300) + `,`},
	"out of place":   {`42/other,["x"]`, `41/other,`, `43/other,1[]`},
	"nesting":        {`42["x",` + strings.Repeat("[", 40) + strings.Repeat("]", 40) + `]`},
	"not finished":   {`42["x"`, `42["x",`, `42["x",{`, `42["x",{"a"`, `42["x",tru]`, `451-`},
}

func TestHostileMessages(t *testing.T) {
	up := siotest.NewUpstream(t, nil)
	p := start(t, up, "limits: { connections: { per_ip: 1000, rate_per_ip: 0, rate: 0, sockets_per_ip: 0 } }\n")
	for name, messages := range hostile {
		for _, message := range messages {
			a := &attacker{target: p.clients}
			conn, ok := a.joined()
			if !ok {
				t.Fatal("not admitted")
			}
			peer := up.Peer(t)
			_, _ = conn.Write(text(message))
			_, _ = conn.Write(text(`421["after"]`)) // where the session goes on
			for end := time.Now().Add(siotest.Wait); a.ended.Load() == 0 && len(peer.Got()) < 2; time.Sleep(time.Millisecond) {
				if time.Now().After(end) {
					t.Fatalf("%s: %.60q: neither an end nor what follows", name, message)
				}
			}
			for _, got := range peer.Got() {
				if got != "40" && got != `421["after"]` {
					t.Errorf("%s: %.60q: the server got %.60q", name, message, got)
				}
			}
			a.close()
		}
	}
}

// TestHostileFrames: what is no WebSocket frame of a client ends the session, and the server gets none of it.
func TestHostileFrames(t *testing.T) {
	up := siotest.NewUpstream(t, nil)
	p := start(t, up, "")
	for name, bytes := range map[string]string{
		"unmasked": "\x81\x02\x34\x30", "reserved bits": "\xf1\x80\x00\x00\x00\x00", "opcode 3": "\x83\x80\x00\x00\x00\x00",
		"long ping": string(frame(0x89, strings.Repeat("x", 126))), "part of a ping": string(frame(0x09, "x")),
		"length of 64 bits": "\x81\xff\xff\xff\xff\xff\xff\xff\xff\xff\x00\x00\x00\x00", "continuation of nothing": string(frame(0x80, "x")),
	} {
		a := &attacker{target: p.clients}
		conn, ok := a.joined()
		if !ok {
			t.Fatal("not admitted")
		}
		peer := up.Peer(t)
		_, _ = conn.Write([]byte(bytes))
		for end := time.Now().Add(siotest.Wait); a.ended.Load() == 0; time.Sleep(time.Millisecond) {
			if time.Now().After(end) {
				t.Fatalf("%s: no end", name)
			}
		}
		if got := peer.Got(); len(got) != 1 {
			t.Errorf("%s: the server got %q", name, got)
		}
		a.close()
	}
}

// TestHostileRequests: bytes that HTTP parsers read differently, and requests that must not pass.
func TestHostileRequests(t *testing.T) {
	up := siotest.NewUpstream(t, nil)
	p := start(t, up, "")
	const line, upgrade = "GET " + polling + " HTTP/1.1\r\n", "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
	for name, head := range map[string]string{
		"blank before the colon": "POST " + polling + " HTTP/1.1\r\nTransfer-Encoding : chunked\r\n",
		"unknown coding":         "POST " + polling + " HTTP/1.1\r\nTransfer-Encoding: xchunked\r\n",
		"vertical tab":           "POST " + polling + " HTTP/1.1\r\nTransfer-Encoding: \vchunked\r\n",
		"two lengths":            "POST " + polling + " HTTP/1.1\r\nContent-Length: 5\r\nContent-Length: 6\r\n",
		"signed length":          "POST " + polling + " HTTP/1.1\r\nContent-Length: +5\r\n",
		"origin of another":      line + "Origin: https://evil.example\r\n",
		"null origin":            line + "Origin: null\r\n",
		"websocket of another":   "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nOrigin: https://evil.example\r\n" + upgrade,
		"script of another":      "GET " + polling + "&j=0 HTTP/1.1\r\nSec-Fetch-Site: cross-site\r\n",
		"special sid":            "GET " + polling + "&sid=__proto__ HTTP/1.1\r\n",
		"another special sid":    "GET " + polling + "&sid=propertyIsEnumerable HTTP/1.1\r\n",
		"sid twice":              "GET " + polling + "&sid=a&sid=b HTTP/1.1\r\n",
		"revision twice":         "GET " + polling + "&EIO=3 HTTP/1.1\r\n",
		"no revision":            "GET /socket.io/?transport=polling HTTP/1.1\r\n",
		"revision 5":             "GET /socket.io/?EIO=5&transport=polling HTTP/1.1\r\n",
		"transport twice":        "GET " + polling + "&transport=websocket HTTP/1.1\r\n",
		"below the path":         "GET /socket.io/foo?EIO=4&transport=polling HTTP/1.1\r\n",
		"around the path":        "GET /x/../socket.io/?EIO=4&transport=polling HTTP/1.1\r\n",
		"foreign upgrade":        "GET /nope HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n",
		"websocket elsewhere":    "GET /nope HTTP/1.1\r\n" + upgrade,
	} {
		a := &attacker{target: p.clients}
		conn, r, err := a.dial()
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.WriteString(conn, head+"Host: x\r\n\r\n")
		resp, err := http.ReadResponse(r, nil)
		if err != nil || resp.StatusCode < 400 || resp.StatusCode == http.StatusTooManyRequests {
			t.Errorf("%s: %v %v", name, resp, err)
		}
		a.close()
	}
	select {
	case <-up.Peers:
		t.Error("the upstream was dialled")
	default:
	}
}
