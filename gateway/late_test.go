package gateway_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/siogw/siogw/engine"
	"github.com/siogw/siogw/gateway"
	"github.com/siogw/siogw/internal/siotest"
)

// newLate is a gateway of clients of Engine.IO 4 in front of a server 2.x. The client is there, the server not yet.
func newLate(t *testing.T, j judge, change func(*gateway.Options)) *wires {
	t.Helper()
	w := newWires(t, j, func(o *gateway.Options) {
		o.UpstreamEIO, o.EIO3 = 3, false
		if change != nil {
			change(o)
		}
	})
	w.alone = true
	if sid := w.dial("EIO=4&x=y&token=handshake"); sid == upstreamSID {
		t.Error("the client's sid is the upstream's")
	}
	if len(w.reqs) > 0 {
		t.Fatal("the upstream was dialled before a CONNECT was allowed")
	}
	return w
}

// dialled waits for the upstream's session, and gives the query that it was opened with.
func (w *wires) dialled() string {
	w.Helper()
	select {
	case w.up = <-w.ups:
	case <-time.After(siotest.Wait):
		w.Fatal("the upstream is not dialled")
	}
	return (<-w.reqs).URL.RawQuery
}

func TestLateUpstream(t *testing.T) {
	w := newLate(t, nil, nil)
	w.write(w.client, `40{"token":"t 1","n":1,"none":null}`)
	if got := w.dialled(); got != "EIO=3&n=1&token=t+1&transport=websocket&x=y" {
		t.Errorf("dialled with %s", got)
	}
	w.play(`
		u> 40
		<c 40{"sid":"826WQQhquHu2oiePAAAA"}
		c> 40/admin,{"token":"t2"}
		<u 40/admin?n=&token=t2,
		u> 40/admin
		<c 40/admin,{"sid":"/admin#826WQQhquHu2oiePAAAA"}
		c> 40/no,
		<u 40/no?n=&token=handshake,
		u> 44/no,{"code":42}
		<c 44/no,{"message":"refused by upstream","data":{"code":42}}
		c> 40/no,
		<u 40/no?n=&token=handshake,
		u> 44/no,{"message":"sorry","code":1}
		<c 44/no,{"message":"sorry","data":{"message":"sorry","code":1}}
		c> 40/unknown,
		<u 40/unknown?n=&token=handshake,
		u> 44/unknown,"Invalid namespace"
		<c 44/unknown,{"message":"Invalid namespace"}
		c> 40/deep,{"a":{"b":1}}
		<c 44/deep,{"message":"transform failed","data":{"code":105,"decision_id":"ID"}}
		c> 42/admin,0["echo","n"]
		<u 42/admin,0["echo","n"]
		u> 43/admin,0["n"]
		<c 43/admin,0["n"]
		c> 451-["echo",{"_placeholder":true,"num":0}]
		c> bin 0102
		<u 451-["echo",{"_placeholder":true,"num":0}]
		<u bin 040102
		u> 461-7[{"_placeholder":true,"num":0}]
		u> bin 040304
		<c 461-7[{"_placeholder":true,"num":0}]
		<c bin 0304
		u> 44"an error of the application"
		<c 42["error","an error of the application"]
		u> 44
		<c 42["error",null]
		u> 420["ask"]
		<c 420["ask"]
		c> 430["told"]
		<u 430["told"]
		c> 41/admin,
		<u 41/admin,
		c> 40/admin,{"token":"t3"}
		<u 40/admin?n=&token=t3,
		u> 40/admin
		<c 40/admin,{"sid":"/admin#826WQQhquHu2oiePAAAA"}
		u> 41
		<c 41
		c> 42/admin,["still"]
		<u 42/admin,["still"]
		c> 40
		<c end`) // a server 2.x does not tell whether it took the client in again: it is to come back
	emits := w.log.of(engine.Emit)
	if n := len(emits); n != 3 || emits[0].in.Event != "error" {
		t.Errorf("decided %d emits: %+v", n, emits)
	}
}

// A client that asks for another namespace alone is taken to the main one by the server, and hears nothing of it.
func TestLateOtherNamespace(t *testing.T) {
	w := newLate(t, nil, nil)
	w.write(w.client, `40/admin,{"token":"t"}`)
	w.write(w.client, `40/chat,`)
	if got := w.dialled(); got != "EIO=3&token=t&transport=websocket&x=y" {
		t.Errorf("dialled with %s", got)
	}
	w.play(`
		u> 40
		<u 40/admin?token=t,
		<u 40/chat?token=handshake,
		u> 42["welcome"]
		u> 40/admin,
		<c 40/admin,{"sid":"/admin#826WQQhquHu2oiePAAAA"}
		u> 420["ask"]
		u> 44/chat,"no"
		<c 44/chat,{"message":"no"}
		u> 42/admin,["end"]
		<c 42/admin,["end"]`)
	connects := w.log.of(engine.Connect)
	var names []string
	for _, e := range connects {
		names = append(names, e.in.Namespace+string(e.in.Auth))
	}
	if got := strings.Join(names, " "); got != `/admin{"token":"t"} /{"token":"t"} /chat{}` {
		t.Errorf("decided %s", got)
	}
	if in := connects[2].in; len(in.Session.Namespaces) != 0 {
		t.Errorf("the session is in %v", in.Session.Namespaces)
	}
}

// The main namespace, asked for after the server has entered it.
func TestLateMain(t *testing.T) {
	for say, want := range map[string]string{
		`40`:                `40{"sid":"826WQQhquHu2oiePAAAA"}`,
		`40{}`:              `40{"sid":"826WQQhquHu2oiePAAAA"}`,
		`40{"token":"t"}`:   `40{"sid":"826WQQhquHu2oiePAAAA"}`,
		`40{"token":"t2"}`:  `44{"message":"entered with another auth already","data":{"code":321,"decision_id":"ID"}}`,
		`42["not entered"]`: "end",
	} {
		w := newLate(t, nil, nil)
		w.write(w.client, `40/a,{"token":"t"}`)
		w.dialled()
		w.play(`
			u> 40
			<u 40/a?token=t,
			u> 40/a
			<c 40/a,{"sid":"/a#826WQQhquHu2oiePAAAA"}
			u> 42["to nobody"]
			u> 42/a,["x"]
			<c 42/a,["x"]`)
		w.play("c> " + say + "\n<c " + want)
		if strings.HasPrefix(want, "40") {
			w.play(`
				u> 42["news"]
				<c 42["news"]
				c> 41
				<u 41
				u> 42["late"]
				u> 42/a,["y"]
				<c 42/a,["y"]`)
		}
	}
	t.Run("somebody else", func(t *testing.T) {
		w := newLate(t, nil, func(o *gateway.Options) { o.Verifier = verifier{} })
		w.write(w.client, `40/a,{"token":"good"}`)
		w.dialled()
		w.play(`
			u> 40
			<u 40/a?token=good,
			c> 40
			<c 44{"message":"entered with another auth already","data":{"code":321,"decision_id":"ID"}}
			c> 40/b,{"k":"v"}
			<u 40/b?k=v&token=handshake,
			c> 40{"token":"good"}
			<c 40{"sid":"826WQQhquHu2oiePAAAA"}`)
	})
	t.Run("meanwhile", func(t *testing.T) { // before the server has answered
		w := newLate(t, nil, nil)
		w.write(w.client, `40/a,{"token":"t"}`)
		w.dialled()
		w.play(`
			c> 40{"token":"t"}
			c> 40/b,
			c> 40/c,{"x":[]}
			<c 44/c,{"message":"transform failed","data":{"code":105,"decision_id":"ID"}}
			u> 40
			<u 40/a?token=t,
			<u 40/b?token=handshake,
			<c 40{"sid":"826WQQhquHu2oiePAAAA"}`)
	})
}

func TestLateRefusals(t *testing.T) {
	t.Run("by policy", func(t *testing.T) {
		w := newLate(t, denyKind(engine.Connect), nil)
		w.play(`
			c> 40
			<c 44{"message":"not today","data":{"code":100,"decision_id":"ID"}}
			c> 40/a,
			<c 44/a,{"message":"not today","data":{"code":100,"decision_id":"ID"}}`)
		if len(w.reqs) > 0 {
			t.Error("the upstream was dialled")
		}
	})
	t.Run("the main namespace, by policy", func(t *testing.T) {
		w := newLate(t, func(in *engine.Input) engine.Verdict {
			if in.Kind == engine.Connect && in.Namespace == "/" {
				return engine.Denied(engine.CodePolicyDenied, "members only")
			}
			return allowAll(in)
		}, nil)
		w.play(`
			c> 40/a,
			<c 44/a,{"message":"members only","data":{"code":100,"decision_id":"ID"}}`)
		if len(w.reqs) > 0 {
			t.Error("the upstream was dialled")
		}
	})
	t.Run("by identity", func(t *testing.T) {
		w := newLate(t, nil, func(o *gateway.Options) { o.Verifier = verifier{} })
		w.play(`
			c> 40{"token":"bad"}
			<c 44{"message":"invalid token","data":{"code":201,"decision_id":"ID"}}`)
		if len(w.reqs) > 0 {
			t.Error("the upstream was dialled")
		}
	})
	t.Run("by the server", func(t *testing.T) {
		w := newLate(t, nil, nil)
		w.write(w.client, `40/a,`)
		w.dialled()
		w.play(`
			c> 40
			c> 40/c,{"x":[]}
			<c 44/c,{"message":"transform failed","data":{"code":105,"decision_id":"ID"}}
			u> 44{"code":7}
			<c 44/a,{"message":"refused by upstream","data":{"code":7}}
			<c 44{"message":"refused by upstream","data":{"code":7}}
			c> 40/a,
			<c end`)
	})
	t.Run("by the server's HTTP", func(t *testing.T) {
		w := newLate(t, nil, nil)
		w.refuses = true
		w.play(`
			c> 40{"token":"t"}
			<c 44{"message":"refused by upstream","data":{"code":501,"decision_id":"ID"}}`)
		<-w.reqs
		w.refuses = false
		w.write(w.client, `40{"token":"t2"}`) // another try
		if got := w.dialled(); got != "EIO=3&token=t2&transport=websocket&x=y" {
			t.Errorf("dialled with %s", got)
		}
		w.play("u> 40\n<c 40{\"sid\":\"826WQQhquHu2oiePAAAA\"}")
	})
}

// A transform of auth goes into what the server is dialled with, the main namespace's into the handshake.
func TestLateTransforms(t *testing.T) {
	w := newLate(t, func(in *engine.Input) engine.Verdict {
		v := allowAll(in)
		if in.Kind == engine.Connect {
			v.Auth = []byte(`{"user":"` + strings.Trim(in.Namespace, "/") + `u"}`)
		}
		return v
	}, nil)
	w.write(w.client, `40/a,{"token":"t"}`)
	if got := w.dialled(); got != "EIO=3&token=handshake&transport=websocket&user=u&x=y" {
		t.Errorf("dialled with %s", got)
	}
	w.play(`
		u> 40
		<u 40/a?user=au,`)
}

// An upstream that is not there ends the session: the client comes back, as it does after a 503.
func TestLateUpstreamDown(t *testing.T) {
	w := newWires(t, nil, func(o *gateway.Options) {
		o.UpstreamEIO = 3
		o.Upstream.Host = "127.0.0.1:1"
	})
	w.alone = true
	w.dial("EIO=4")
	w.play("c> 40\n<c end")
	if d := w.log.of(engine.Connect); len(d) != 2 || d[1].d.Code != engine.CodeUpstreamDown {
		t.Errorf("logged %+v", d)
	}
}

// A session that ends while its upstream is dialled leaves nothing behind, on either side.
func TestLateGone(t *testing.T) {
	w := newLate(t, nil, nil)
	w.write(w.client, "40")
	w.client.Close()
	select {
	case up := <-w.ups: // it was quicker
		w.up = up
		if got := w.read(up); got != "end" {
			t.Errorf("the upstream got %s", got)
		}
	case <-time.After(100 * time.Millisecond):
	}
}

// Polling clients hear of refusals and of the server as others do.
func TestLatePolling(t *testing.T) {
	w := newWires(t, nil, func(o *gateway.Options) { o.UpstreamEIO = 3 })
	get := func(query string) string {
		t.Helper()
		resp, err := http.Get(w.url + "/socket.io/?EIO=4&transport=polling" + query)
		if err != nil {
			t.Fatal(err)
		}
		return readAll(t, resp.Body)
	}
	sid := "&sid=" + sidOf.FindStringSubmatch(get(""))[1]
	resp, err := http.Post(w.url+"/socket.io/?EIO=4&transport=polling"+sid, "text/plain", strings.NewReader("40\x1e40/a,{\"k\":1}"))
	if err != nil || readAll(t, resp.Body) != "ok" {
		t.Fatal(resp, err)
	}
	w.dialled()
	w.play("u> 40\n<u 40/a?k=1,\nu> 40/a")
	got := get(sid)
	if !strings.Contains(got, "/a") {
		got += "\x1e" + get(sid)
	}
	if want := "40{\"sid\":\"" + upstreamSID + "\"}\x1e40/a,{\"sid\":\"/a#" + upstreamSID + "\"}"; got != want {
		t.Errorf("got %q", got)
	}
}
