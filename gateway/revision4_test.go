package gateway_test

import (
	"encoding/hex"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/siogw/siogw/engine"
	"github.com/siogw/siogw/gateway"
	"github.com/siogw/siogw/internal/siotest"
)

// wires is a gateway whose client and whose upstream are down to their frames.
type wires struct {
	*testing.T
	url     string
	log     *record
	client  *websocket.Conn
	up      *websocket.Conn
	ups     chan *websocket.Conn
	reqs    chan *http.Request
	greet   string // what the upstream says after its open packet
	alone   bool   // it is not dialled
	refuses bool   // the upstream's HTTP does
}

const upstreamSID = "826WQQhquHu2oiePAAAA"

func newWires(t *testing.T, j judge, change func(*gateway.Options)) *wires {
	t.Helper()
	w := &wires{T: t, ups: make(chan *websocket.Conn, 10), reqs: make(chan *http.Request, 10)}
	up := httptest.NewServer(http.HandlerFunc(w.serve))
	t.Cleanup(func() { up.CloseClientConnections(); up.Close() })
	r := rigBefore(t, &siotest.Upstream{URL: up.URL}, j, func(o *gateway.Options) {
		o.EIO3 = true
		if change != nil {
			change(o)
		}
	})
	w.url, w.log = r.url, r.log
	t.Cleanup(func() { // before the gateway stops
		for _, c := range []*websocket.Conn{w.client, w.up} {
			if c != nil {
				c.Close()
			}
		}
	})
	return w
}

func (w *wires) serve(rw http.ResponseWriter, r *http.Request) {
	w.reqs <- r
	if w.refuses {
		rw.WriteHeader(http.StatusBadRequest)
		_, _ = rw.Write([]byte("Unsupported protocol version"))
		return
	}
	c, err := (&websocket.Upgrader{CheckOrigin: func(*http.Request) bool { return true }}).Upgrade(rw, r, nil)
	if err != nil {
		return
	}
	open := `0{"sid":"` + upstreamSID + `","upgrades":[],"pingInterval":25000,"pingTimeout":5000}`
	_ = c.WriteMessage(websocket.TextMessage, []byte(open))
	w.ups <- c
}

// dial opens a client's session and gives its sid.
func (w *wires) dial(query string) string {
	w.Helper()
	var err error
	if w.client, _, err = websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(w.url, "http")+"/socket.io/?transport=websocket&"+query, nil); err != nil {
		w.Fatal(err)
	}
	if !w.alone {
		w.up = <-w.ups
	}
	if w.greet != "" {
		w.write(w.up, w.greet)
	}
	return sidOf.FindStringSubmatch(w.read(w.client))[1]
}

var (
	sidOf      = regexp.MustCompile(`^0\{"sid":"([^"]+)"`)
	decisionID = regexp.MustCompile(`"decision_id":"[^"]+"`)
)

func (w *wires) read(c *websocket.Conn) string {
	_ = c.SetReadDeadline(time.Now().Add(siotest.Wait))
	op, data, err := c.ReadMessage()
	switch {
	case err != nil:
		return "end"
	case op == websocket.BinaryMessage:
		return "bin " + hex.EncodeToString(data)
	}
	return decisionID.ReplaceAllString(string(data), `"decision_id":"ID"`)
}

func (w *wires) write(c *websocket.Conn, text string) {
	op, data := websocket.TextMessage, []byte(text)
	if bin, ok := strings.CutPrefix(text, "bin "); ok {
		op = websocket.BinaryMessage
		data, _ = hex.DecodeString(bin)
	}
	if err := c.WriteMessage(op, data); err != nil {
		w.Fatal(err)
	}
}

// play goes through a script, a step a line: "c> " and "u> " are what client and upstream send, "<c " and "<u " what
// they get next.
func (w *wires) play(script string) {
	w.Helper()
	for line := range strings.SplitSeq(strings.TrimSpace(script), "\n") {
		step, text, _ := strings.Cut(strings.TrimSpace(line), " ")
		side := map[byte]*websocket.Conn{'c': w.client, 'u': w.up}[strings.Trim(step, "<>")[0]]
		if strings.HasSuffix(step, ">") {
			w.write(side, text)
		} else if got := w.read(side); got != text {
			w.Fatalf("%s\ngot  %s\nwant %s", line, got, text)
		}
	}
}

// The transcript of a server 2.x, passing as it came.
func TestSameRevision(t *testing.T) {
	for name, change := range map[string]func(*gateway.Options){
		"allowEIO3":  nil,
		"server 2.x": func(o *gateway.Options) { o.UpstreamEIO = 3 },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWires(t, nil, change)
			w.greet = "40"
			if sid := w.dial("EIO=3&token=q"); sid != upstreamSID {
				t.Errorf("the client's sid is %s", sid)
			}
			if q := (<-w.reqs).URL.Query(); q.Get("EIO") != "3" || q.Get("token") != "q" {
				t.Errorf("dialled with %v", q)
			}
			w.play(`
				<c 40
				c> 40/admin?token=t2,
				<u 40/admin?token=t2,
				u> 40/admin,
				<c 40/admin,
				c> 40/no,
				<u 40/no,
				u> 44/no,{"code":42}
				<c 44/no,{"code":42}
				c> 40/unknown
				<u 40/unknown
				u> 44/unknown,"Invalid namespace"
				<c 44/unknown,"Invalid namespace"
				c> 42/admin,0["echo","n"]
				<u 42/admin,0["echo","n"]
				u> 43/admin,0["n"]
				<c 43/admin,0["n"]
				c> 451-["echo",{"_placeholder":true,"num":0}]
				c> bin 040102
				<u 451-["echo",{"_placeholder":true,"num":0}]
				<u bin 040102
				u> 451-["echo",{"_placeholder":true,"num":0}]
				u> bin 040102
				<c 451-["echo",{"_placeholder":true,"num":0}]
				<c bin 040102
				c> 2
				<c 3
				u> 44"an error of the application"
				<c 44"an error of the application"
				u> 420["ask"]
				<c 420["ask"]
				c> 430["told"]
				<u 430["told"]
				c> 41/admin,
				<u 41/admin,
				c> 40/admin?token=t3,
				<u 40/admin?token=t3,
				u> 41
				<c 41`)
			connects := w.log.of(engine.Connect)
			if len(connects) != 5 || string(connects[0].in.Auth) != "{}" || string(connects[1].in.Auth) != `{"token":"t2"}` || connects[0].in.Session.EIO != 3 {
				t.Errorf("decided %d connects, %+v", len(connects), connects)
			}
			if emits := w.log.of(engine.Emit); !slices.ContainsFunc(emits, func(e entry) bool {
				return e.in.Event == "error" && string(e.in.Args) == `["an error of the application"]`
			}) {
				t.Errorf("the error was not decided: %+v", emits)
			}
		})
	}
}

func translate(o *gateway.Options) { o.Translate = true }

// A client of revision 4 in front of a server that speaks revision 5 only.
func TestTranslation(t *testing.T) {
	w := newWires(t, nil, translate)
	if sid := w.dial("EIO=3&token=q"); sid == upstreamSID {
		t.Error("the client has the server's sid, which is not secret there")
	}
	if q := (<-w.reqs).URL.Query(); q.Get("EIO") != "4" || q.Get("token") != "q" {
		t.Errorf("dialled with %v", q)
	}
	w.play(`
		<u 40{}
		u> 42["early"]
		<c 42["early"]
		u> 40{"sid":"s1","pid":"p1"}
		<c 40
		c> 40/admin?token=t%202&a=1,
		<u 40/admin,{"a":"1","token":"t 2"}
		u> 40/admin,{"sid":"s2"}
		<c 40/admin,
		c> 40/no
		<u 40/no,{}
		u> 44/no,{"message":"nope","data":{"code":42}}
		<c 44/no,{"code":42}
		c> 40/unknown,
		<u 40/unknown,{}
		u> 44/unknown,{"message":"Invalid namespace"}
		<c 44/unknown,"Invalid namespace"
		c> 40/null,
		<u 40/null,{}
		u> 44/null,{"message":"m","data":null}
		<c 44/null,"m"
		c> 40/text,
		<u 40/text,{}
		u> 44/text,"old servers"
		<c 44/text,"old servers"
		c> 42/admin,0["echo","n"]
		<u 42/admin,0["echo","n"]
		u> 43/admin,0["n"]
		<c 43/admin,0["n"]
		c> 451-["echo",{"_placeholder":true,"num":0}]
		c> bin 040102
		<u 451-["echo",{"_placeholder":true,"num":0}]
		<u bin 0102
		u> 461-7[{"_placeholder":true,"num":0}]
		u> bin 0304
		<c 461-7[{"_placeholder":true,"num":0}]
		<c bin 040304
		u> 2
		<u 3
		c> 2
		<c 3
		c> 41/admin,
		<u 41/admin,
		u> 41
		<c 41`)
}

func TestMainRefused(t *testing.T) {
	deny := func(in *engine.Input) engine.Verdict {
		if in.Namespace == "/" {
			return engine.Denied(engine.CodePolicyDenied, "not today")
		}
		return allowAll(in)
	}
	t.Run("same revision", func(t *testing.T) {
		w := newWires(t, deny, nil)
		w.alone = true
		w.dial("EIO=3")
		w.play(`
			<c 44{"code":100,"reason":"not today","decision_id":"ID"}
			c> 40/chat,
			<c 44/chat,{"code":306,"reason":"namespace not connected","decision_id":"ID"}
			c> 2
			<c 3`)
		if len(w.reqs) > 0 {
			t.Error("the upstream was dialled, which connects the main namespace")
		}
	})
	t.Run("translated", func(t *testing.T) {
		w := newWires(t, deny, translate)
		w.dial("EIO=3")
		w.play(`
			<c 44{"code":100,"reason":"not today","decision_id":"ID"}
			c> 40/chat,
			<u 40/chat,{}
			u> 40/chat,{"sid":"x"}
			<c 40/chat,`)
	})
}

func TestIdentityOfRevision4(t *testing.T) {
	w := newWires(t, nil, func(o *gateway.Options) { o.Verifier = verifier{} })
	w.greet = "40"
	w.dial("EIO=3")
	w.play(`
		<c 40
		c> 40/a?token=bad,
		<c 44/a,{"code":201,"reason":"invalid token","decision_id":"ID"}
		c> 40/a?token=good,
		<u 40/a?token=good,
		u> 40/a,
		<c 40/a,
		c> 42/a,["x"]
		<u 42/a,["x"]`)
	if e := w.log.of(engine.Event); e[0].in.Identity == nil || e[0].in.Identity.Sub != "u1" {
		t.Errorf("the event was decided for %+v", e[0].in.Identity)
	}
}

// A decision that changes auth changes the query, or the auth that was made of it.
func TestTransformOfRevision4(t *testing.T) {
	change := func(in *engine.Input) engine.Verdict {
		v := allowAll(in)
		switch {
		case in.Kind == engine.Connect && in.Namespace == "/bad":
			v.Auth = []byte(`{"user":{"id":1}}`)
		case in.Kind == engine.Connect:
			v.Auth = []byte(`{"user":"v f","n":1}`)
		case in.Event == "error":
			v.Args = []byte(`["hidden"]`)
		}
		return v
	}
	t.Run("same revision", func(t *testing.T) {
		w := newWires(t, change, nil)
		w.greet = "40"
		w.dial("EIO=3&user=mine&x=y")
		if q := (<-w.reqs).URL.RawQuery; q != "EIO=3&n=1&transport=websocket&user=v+f&x=y" {
			t.Errorf("dialled with %s", q)
		}
		w.play(`
			<c 40
			c> 40/a?token=t,
			<u 40/a?n=1&user=v+f,
			u> 40/a,
			<c 40/a,
			u> 44/a,{"secret":1}
			<c 44/a,"hidden"
			c> 40/bad,
			<c 44/bad,{"code":105,"reason":"transform failed","decision_id":"ID"}`)
	})
	t.Run("translated", func(t *testing.T) {
		w := newWires(t, change, translate)
		w.dial("EIO=3")
		w.play(`
			<u 40{"user":"v f","n":1}
			c> 40/bad?a=b,
			<u 40/bad,{"user":{"id":1}}`)
	})
}

func TestErrorTransforms(t *testing.T) {
	for i, args := range []string{`[]`, `[1,2]`, `{}`, `[{"__proto__":1}]`, `["` + strings.Repeat("x", 2000) + `"]`} {
		w := newWires(t, func(in *engine.Input) engine.Verdict {
			v := allowAll(in)
			if in.Event == "error" {
				v.Args = []byte(args)
			}
			return v
		}, func(o *gateway.Options) { o.Limits.Payload, o.Limits.UpstreamPayload = 1000, 1500 })
		w.greet = "40"
		w.dial("EIO=3")
		w.play(`
			<c 40
			u> 44"secret"
			u> 42["after"]
			<c 42["after"]`)
		if d := w.log.of(engine.Emit); d[1].d.Code != engine.CodeTransform {
			t.Errorf("%d: %+v", i, d[1].d)
		}
	}
}

func TestRevision4OutOfPlace(t *testing.T) {
	for say, want := range map[string]string{
		"40":                       "end",                                                                           // the main namespace is connected already
		`44"x"`:                    "end",                                                                           // a server's packet
		`40/a?x=1&x=2,`:            `44/a,{"code":300,"reason":"malformed packet","decision_id":"ID"}`,              // the last counts, or both
		`40/a?__proto__=1,`:        `44/a,{"code":300,"reason":"malformed packet","decision_id":"ID"}`,              //
		`40//evil/admin,`:          "end",                                                                           // /admin to a URL parser
		`40/x/../admin,`:           "end",                                                                           //
		`40/ad%6din,`:              "end",                                                                           //
		`40/admin#f,`:              "end",                                                                           //
		`40/admin{"token":"t"}`:    "end",                                                                           // revision 5's
		`40/admin,{"token":"t"}`:   `44/admin,{"code":300,"reason":"malformed packet","decision_id":"ID"}`,          //
		`42/x,["not","connected"]`: "end",                                                                           //
		`421["connect"]`:           `431[{"error":{"code":308,"reason":"reserved event name","decision_id":"ID"}}]`, //
	} {
		w := newWires(t, nil, nil)
		w.greet = "40"
		w.dial("EIO=3")
		w.play("<c 40")
		w.write(w.client, say)
		if got := w.read(w.client); got != want {
			t.Errorf("%s: got %s, want %s", say, got, want)
		}
	}
}

// What a revision 4 server says out of place is kept from its client.
func TestServersOfRevision4(t *testing.T) {
	w := newWires(t, nil, nil)
	w.greet = "40"
	w.dial("EIO=3")
	w.play(`
		<c 40
		u> 40
		u> 40/never,
		u> 44/never,"x"
		u> 42/never,["x"]
		u> 40/a?x=1,
		u> 42["good"]
		<c 42["good"]`)
}

// Clients of Engine.IO 4 pass as before, beside those of 3.
func TestRevision5Beside(t *testing.T) {
	for name, change := range map[string]func(*gateway.Options){"eio3": nil, "translate": translate} {
		t.Run(name, func(t *testing.T) {
			w := newWires(t, nil, change)
			w.dial("EIO=4")
			w.play(`
				c> 40{"token":"t"}
				<u 40{"token":"t"}
				u> 40{"sid":"x"}
				<c 40{"sid":"x"}
				c> 40/a,
				<u 40/a,
				u> 44/a,{"message":"no","data":{"code":42}}
				<c 44/a,{"message":"no","data":{"code":42}}`)
		})
	}
}

func TestHandshakesOfRevisions(t *testing.T) {
	for _, c := range []struct {
		eio    string
		change func(*gateway.Options)
		want   string
	}{
		{"3", func(o *gateway.Options) { o.EIO3 = false }, `400 {"code":5,"message":"Unsupported protocol version"}`},
		{"3", nil, `400 {"code":5,"message":"Unsupported protocol version"}`}, // the upstream's own refusal
	} {
		w := newWires(t, nil, c.change)
		w.refuses = true
		resp, err := http.Get(w.url + "/socket.io/?transport=polling&EIO=" + c.eio)
		if err != nil {
			t.Fatal(err)
		}
		var body [100]byte
		n, _ := resp.Body.Read(body[:])
		resp.Body.Close()
		if got := fmt.Sprint(resp.StatusCode, " ", string(body[:n])); got != c.want {
			t.Errorf("EIO=%s: %s", c.eio, got)
		}
	}
}

func TestRevisionOptions(t *testing.T) {
	target, _ := url.Parse("http://127.0.0.1:1")
	some, err := engine.New(engine.Stage{Name: "policy", Plugin: judge(allowAll), Phase: engine.Policy})
	if err != nil {
		t.Fatal(err)
	}
	for name, bad := range map[string]func(*gateway.Options){
		"msgpack":          func(o *gateway.Options) { o.EIO3, o.Parser = true, 1 },
		"msgpack upstream": func(o *gateway.Options) { o.UpstreamEIO, o.Parser = 3, 1 },
		"nothing to do":    func(o *gateway.Options) { o.EIO3, o.UpstreamEIO, o.Translate = true, 3, true },
		"no such revision": func(o *gateway.Options) { o.UpstreamEIO = 5 },
	} {
		o := gateway.Options{Fixed: gateway.Fixed{Path: "/socket.io/", Upstream: target}, Rules: gateway.Rules{Engine: some}}
		bad(&o)
		if _, err := gateway.New(o); err == nil {
			t.Errorf("%s passes", name)
		}
	}
}
