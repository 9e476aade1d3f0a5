// Package advisories sends what sets each published attack off to a vulnerable server, to see the effect, and then
// through siogw to the same server, to see that there is none.
package advisories

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/siogw/siogw/internal/proctest"
	"github.com/siogw/siogw/internal/shields"
)

func TestMain(m *testing.M) {
	code := m.Run()
	proctest.Clean()
	os.Exit(code)
}

// attack is an advisory with a version that it is true of, and the effect that must be seen there.
type attack struct {
	id  string // of the shield whose trigger is played
	on  versions
	eio string // the revision that is spoken; "" is 4
	// enforced switches the shield on, which is one to opt in to.
	enforced bool

	crash      string // the server ends, and says something like this
	saw        string // the server notes this of itself
	answer     string // the answer is like this
	unanswered bool   // there is no answer
}

const outOfMemory = "heap out of memory|heap limit"

// v4 is the newest server, on whose engine an old ws may be put.
const v4 = "4.8.4"

var attacks = []attack{
	{id: "CVE-2020-28481", on: versions{SocketIO: "2.5.1"}, eio: "3", answer: `(?i)access-control-allow-origin: https://evil\.example`},
	{id: "CVE-2024-38355", on: versions{SocketIO: "4.6.1"}, crash: "ERR_UNHANDLED_ERROR"},
	{id: "CVE-2024-38355", on: versions{SocketIO: "3.0.0"}, crash: "ERR_UNHANDLED_ERROR"},
	{id: "CVE-2020-36049", on: versions{SocketIO: "2.4.1", Parser: "3.3.1"}, eio: "3", crash: outOfMemory},
	{id: "CVE-2022-2421", on: versions{SocketIO: "4.6.1", Parser: "4.2.0"}, saw: "function"},
	{id: "CVE-2022-2421", on: versions{SocketIO: "4.6.1", Parser: "4.0.4"}, saw: "function"},
	{id: "CVE-2022-2421", on: versions{SocketIO: "2.4.1", Parser: "3.4.1"}, eio: "3", saw: "function"},
	{id: "CVE-2023-32695", on: versions{SocketIO: v4, Parser: "4.2.2"}, crash: "TypeError"},
	{id: "CVE-2026-33151", on: versions{SocketIO: v4, Parser: "4.2.5"}, saw: "memory"},
	{id: "CVE-2026-69185", on: versions{SocketIO: v4, Parser: "4.2.6"}, saw: "memory"},
	{id: "prototype-pollution", on: versions{SocketIO: v4}, saw: "polluted"},
	{id: "deep-nesting", on: versions{SocketIO: v4}, crash: "RangeError"},

	{id: "CVE-2020-36048", on: versions{SocketIO: "2.4.1", EngineIO: "3.5.0"}, eio: "3", crash: outOfMemory},
	{id: "CVE-2022-21676", on: versions{SocketIO: v4, EngineIO: "6.1.0"}, crash: "RangeError"},
	{id: "CVE-2022-41940", on: versions{SocketIO: v4, EngineIO: "6.2.0"}, crash: "ECONNRESET"},
	{id: "engineio-upgrade-reset", on: versions{SocketIO: v4, EngineIO: "6.6.11"}, crash: "ECONNRESET"},
	{id: "engineio-upgrade-reset", on: versions{SocketIO: "2.4.1", EngineIO: "3.6.2"}, eio: "3", crash: "ECONNRESET"},
	{id: "CVE-2023-31125", on: versions{SocketIO: v4, EngineIO: "6.4.1"}, crash: "not a constructor"},
	{id: "CVE-2023-31125", on: versions{SocketIO: v4, EngineIO: "5.2.0"}, crash: "not a constructor"},
	{id: "CVE-2026-59725", on: versions{SocketIO: v4, EngineIO: "6.6.6"}, unanswered: true},
	{id: "CVE-2026-102599", on: versions{SocketIO: v4, EngineIO: "6.6.9"}, crash: "refresh"},

	{id: "CVE-2016-10542", on: versions{SocketIO: v4, EngineIO: "4.0.0", WS: "1.0.1"}, saw: "memory"},
	{id: "GHSA-5v72-xg48-5rpm", on: versions{SocketIO: v4, EngineIO: "4.0.0", WS: "3.3.0"}, crash: "TypeError"},
	{id: "CVE-2021-32640", on: versions{SocketIO: v4, EngineIO: "5.2.0", WS: "7.4.5"}, saw: "busy"},
	{id: "CVE-2024-37890", on: versions{SocketIO: v4, WS: "8.16.0"}, crash: "toLowerCase"},
	{id: "CVE-2024-37890", on: versions{SocketIO: v4, EngineIO: "5.2.0", WS: "7.5.9"}, crash: "toLowerCase"},
	{id: "CVE-2026-48779", on: versions{SocketIO: v4, WS: "8.20.0"}, crash: outOfMemory},
	{id: "CVE-2026-62389", on: versions{SocketIO: v4, WS: "8.21.0"}, crash: outOfMemory},
	{id: "ws-ping-flood", on: versions{SocketIO: v4, WS: "8.22.0"}, crash: outOfMemory},

	{id: "CVE-2020-15779", on: versions{SocketIO: v4, File: true}, saw: "escaped"},
	{id: "CVE-2020-24807", on: versions{SocketIO: v4, File: true}, saw: "script"},
	{id: "admin-ui", on: versions{SocketIO: v4, AdminUI: true}, enforced: true, saw: "steered"},
	{id: "CVE-2019-13611", on: versions{SocketIO: v4}, answer: "^HTTP/1.1 101 "},
}

func (a *attack) name() string {
	var parts []string
	for _, v := range []string{a.on.SocketIO, a.on.EngineIO, a.on.Parser, a.on.WS} {
		if v != "" {
			parts = append(parts, v)
		}
	}
	return a.id + "/" + strings.Join(parts, "+")
}

func (a *attack) revision() string {
	if a.eio == "" {
		return "4"
	}
	return a.eio
}

// play attacks host from 127.0.0.1.
func (a *attack) play(t *testing.T, host string) *player {
	t.Helper()
	p := &player{host: host, local: "127.0.0.1", eio: a.revision()}
	t.Cleanup(p.close)
	err := p.play(shields.Find(a.id).Trigger())
	if errors.Is(err, errScript) {
		t.Error(err)
	}
	t.Logf("the attack ended: %v", err)
	return p
}

// TestDirect sees each effect on a server without the gateway: the other tests can fail.
func TestDirect(t *testing.T) {
	require(t)
	for _, a := range attacks {
		t.Run(a.name(), func(t *testing.T) {
			t.Parallel()
			server, host := a.on.serve(t)
			p := a.play(t, host)
			switch {
			case a.crash != "":
				if !server.ended() || !regexp.MustCompile(a.crash).MatchString(server.said()) {
					t.Errorf("the server did not end with %q: %s", a.crash, server.said())
				}
			case a.saw != "":
				if server.waitLine(fmt.Sprintf(`{"saw":%q}`, a.saw)) == "" {
					t.Errorf("the server saw nothing of %q: %s", a.saw, server.said())
				}
			case a.answer != "":
				if !regexp.MustCompile(a.answer).MatchString(p.answer) {
					t.Errorf("the answer is not like %q: %s", a.answer, p.answer)
				}
			case !p.unanswered:
				t.Errorf("there was an answer: %s", p.answer)
			}
		})
	}
}

// TestThroughGateway sends the same through siogw: the server lives on without the effect, another client is served
// all the while, and the shield has counted.
func TestThroughGateway(t *testing.T) {
	require(t)
	for _, a := range attacks {
		t.Run(a.name(), func(t *testing.T) {
			t.Parallel()
			server, upstream := a.on.serve(t)
			more := ""
			if a.enforced {
				more = "shields: { overrides: { " + a.id + ": enforce } }"
			}
			g := startGateway(t, upstream, a.revision(), more)
			friend := meet(t, g.host, a.revision())
			over := make(chan *player)
			go func() { over <- a.play(t, g.host) }()
			p := friend.during(t, over)
			if err := meet(t, g.host, a.revision()).echo(); err != nil {
				t.Error(err)
			}
			seen, err := friend.ask(`["seen"]`)
			switch {
			case !server.alive() || !g.alive():
				t.Errorf("server alive: %v, gateway alive: %v\n%s%s", server.alive(), g.alive(), server.said(), g.said())
			case err != nil:
				t.Error(err)
			case a.saw != "" && strings.Contains(seen, `"`+a.saw+`"`):
				t.Errorf("the server saw %s", seen)
			case a.answer != "" && regexp.MustCompile(a.answer).MatchString(p.answer):
				t.Errorf("the answer: %s", p.answer)
			case a.unanswered && p.unanswered:
				t.Error("no answer")
			}
			g.counted(t, a.id)
			if peak := g.peak(t); peak > maxGateway {
				t.Errorf("the gateway took %d MB", peak>>20)
			}
		})
	}
}

// maxGateway is what the gateway may take at its peak, in bytes of memory, while it is attacked. It begins with 50 MB.
const maxGateway = 256 << 20

// TestCounts plays every trigger in front of a server that none harms: each shield that counts has counted.
func TestCounts(t *testing.T) {
	require(t)
	_, upstream := versions{SocketIO: v4}.serve(t)
	g := startGateway(t, upstream, "4", "limits: { connections: { rate_per_ip: 0 } }\nshields: { overrides: { admin-ui: enforce } }")
	for _, s := range shields.All() {
		t.Run(s.ID, func(t *testing.T) {
			(&attack{id: s.ID}).play(t, g.host)
			g.counted(t, s.ID)
		})
	}
	if err := meet(t, g.host, "4").echo(); err != nil {
		t.Error(err)
	}
}

// counted waits until the shield's counter has moved, where it has one.
func (g *siogw) counted(t *testing.T, id string) {
	t.Helper()
	if as := shields.Find(id).CountedAs; as == "-" {
		return
	} else if as != "" {
		id = as
	}
	for late := time.Now().Add(answerWait); ; time.Sleep(10 * time.Millisecond) {
		list := g.list(t)
		i := slices.IndexFunc(list, func(s shields.Status) bool { return s.ID == id })
		if *list[i].Count > 0 {
			return
		}
		if time.Now().After(late) {
			t.Errorf("%s counted nothing", id)
			return
		}
	}
}

// list asks the gateway what siogw shields list asks.
func (g *siogw) list(t *testing.T) (list []shields.Status) {
	t.Helper()
	resp, err := http.Get("http://" + g.admin + "/shields")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if err := json.NewDecoder(resp.Body).Decode(&list); err != nil {
		t.Fatal(err)
	}
	return list
}
