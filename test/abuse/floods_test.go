//go:build linux

package abuse

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"time"
)

// flood is one way to abuse a gateway.
type flood struct {
	name   string
	limits string          // YAML beside the defaults; times are short, so that a test is
	want   []string        // labels of counters that must have counted
	run    func(*attacker) // returns when nothing is left to do
}

// each runs do n times, w at a time.
func each(n, w int, do func(i int)) {
	var wg sync.WaitGroup
	turns := make(chan int)
	for range w {
		wg.Go(func() {
			for i := range turns {
				do(i)
			}
		})
	}
	for i := range n {
		turns <- i
	}
	close(turns)
	wg.Wait()
}

// stay opens n connections and keeps them till the gateway has ended those that it let in.
func stay(n int, open func(a *attacker, i int) io.Reader) func(*attacker) {
	return func(a *attacker) {
		each(n, n, func(i int) {
			if r := open(a, i); r != nil {
				_, _ = io.Copy(io.Discard, r)
				a.ended.Add(1)
			}
		})
	}
}

// once is a WebSocket in the main namespace that sends the same again and again.
func once(b []byte, n int) func(*attacker) {
	return func(a *attacker) {
		if conn, ok := a.joined(); ok {
			repeat(conn, b, n)
		}
	}
}

const (
	free     = "connections: { per_ip: 1000, rate_per_ip: 0 }" // so that other limits are met
	placeOne = `451-["x",{"_placeholder":true,"num":0}]`
)

var floods = []flood{
	{"namespaces", "", []string{`code="408"`}, func(a *attacker) {
		if conn, ok := a.joined(); ok {
			for i := range 20_000 {
				if _, err := conn.Write(text(fmt.Sprintf("40/room-%d,", i))); err != nil {
					return
				}
			}
		}
	}},
	{"connect and disconnect", "", []string{`reason="protocol violation"`}, once(append(text("41"), text("40")...), 20_000)},
	{"sessions in number", "", []string{`code="402"`}, func(a *attacker) { each(400, 20, func(int) { a.joined() }) }},
	{"silent sessions", "limits: { sessions: { connect_time: 500ms }, " + free + " }", []string{`code="430"`, `reason="handshake timeout"`},
		stay(100, func(a *attacker, _ int) io.Reader {
			_, r, ok := a.socket("")
			if !ok {
				return nil
			}
			return r
		})},
	{"handshakes without a poll", "limits: { sessions: { poll_time: 500ms }, " + free + " }", []string{`code="431"`, `reason="never polled"`}, func(a *attacker) {
		each(200, 20, func(int) { a.poll() })
		time.Sleep(700 * time.Millisecond) // past poll_time
	}},
	{"unfinished attachments", "limits: { unfinished: { time: 500ms }, " + free + " }", []string{`code="317"`}, stay(100, func(a *attacker, _ int) io.Reader {
		conn, r, ok := a.socket("")
		if !ok {
			return nil
		}
		_, _ = conn.Write(append(text("40"), text(placeOne)...))
		return r
	})},
	{"attachments of all sessions", "limits: { unfinished: { bytes: 8MiB }, " + free + " }", []string{`code="318"`}, func(a *attacker) {
		two := `452-["x",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]`
		each(40, 10, func(int) {
			if conn, ok := a.joined(); ok {
				_, _ = conn.Write(append(text(two), frame(0x82, strings.Repeat("a", 900_000))...))
			}
		})
	}},
	{"slow headers", "limits: { http: { header_time: 500ms }, connections: { sockets_per_ip: 100 } }", []string{`requests_refused_total{code="401"}`, `requests_refused_total{code="447"}`}, stay(200, func(a *attacker, _ int) io.Reader {
		conn, r, err := a.dial()
		if err != nil {
			return nil
		}
		_, _ = io.WriteString(conn, "GET / HTTP/1.1\r\nA: b")
		return r
	})},
	{"slow bodies", "limits: { http: { body_time: 500ms }, " + free + " }", []string{`code="432"`, `reason="message too slow"`}, stay(50, func(a *attacker, _ int) io.Reader {
		sid := a.poll()
		conn, r, err := a.dial()
		if err != nil || sid == "" {
			return nil
		}
		_, _ = io.WriteString(conn, "POST "+polling+"&sid="+sid+" HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n4")
		return r
	})},
	{"slow frames", "limits: { http: { body_time: 500ms }, " + free + " }", []string{`code="432"`, `reason="message too slow"`}, stay(100, func(a *attacker, _ int) io.Reader {
		conn, r, ok := a.socket("")
		if !ok {
			return nil
		}
		_, _ = conn.Write([]byte{0x82, 0xfe, 0x03, 0xe8, 0, 0, 0, 0, 'x'})
		return r
	})},
	{"slow readers", "limits: { sessions: { write_time: 500ms }, events: { bytes: 0 }, " + free + " }", []string{`reason="slow reader"`}, func(a *attacker) {
		each(10, 10, func(int) {
			if conn, _, ok := a.socket(""); ok {
				_, _ = conn.Write(text("40"))
				repeat(conn, text(`421["echo","`+strings.Repeat("x", 900_000)+`"]`), 20)
			}
		})
	}},
	{"pings", "", []string{`code="414"`, `reason="too many control frames"`}, once(frame(0x89, strings.Repeat("p", 100)), 100_000)},
	{"tiny fragments", "", []string{`code="415"`, `reason="too many fragments"`}, func(a *attacker) {
		if conn, ok := a.joined(); ok {
			_, _ = conn.Write(frame(0x01, "4"))
			repeat(conn, frame(0x00, ""), 100_000)
		}
	}},
	{"events", "", []string{`code="403"`}, once(text(`42["x"]`), 100_000)},
	{"acks that nobody asked for", "", []string{`code="307"`, `code="404"`}, once(text(`431[]`), 100_000)},
	{"heartbeats", "", []string{`code="412"`, `reason="too many frames"`}, once(text("3"), 100_000)},
	{"one post of many packets", "", []string{`code="403"`}, func(a *attacker) {
		if sid := a.poll(); sid != "" {
			a.request("POST "+polling+"&sid="+sid+" HTTP/1.1\r\n", "40")
			a.request("GET "+polling+"&sid="+sid+" HTTP/1.1\r\n", "")
			a.request("POST "+polling+"&sid="+sid+" HTTP/1.1\r\n", strings.Repeat("42[\"x\"]\x1e", 100_000)+"3")
		}
	}},
	{"headers in number", "", []string{`requests_refused_total{code="441"}`}, func(a *attacker) {
		each(300, 10, func(int) { a.request("GET "+polling+" HTTP/1.1\r\n"+strings.Repeat("a:b\r\n", 2100), "") })
	}},
	{"long cookies", "", []string{`requests_refused_total{code="443"}`}, func(a *attacker) {
		each(300, 10, func(int) { a.request("GET "+polling+" HTTP/1.1\r\nCookie: a="+strings.Repeat("x", 17<<10)+"\r\n", "") })
	}},
	{"long addresses", "", []string{`requests_refused_total{code="442"}`}, func(a *attacker) {
		each(300, 10, func(int) { a.request("GET "+polling+"&x="+strings.Repeat("x", 9<<10)+" HTTP/1.1\r\n", "") })
	}},
	{"upgrade probes", "limits: { connections: { rate_per_ip: 0 } }", []string{`requests_refused_total{code="444"}`}, func(a *attacker) {
		sid := a.poll()
		each(100, 4, func(int) {
			if conn, _, ok := a.socket(sid); ok {
				_, _ = conn.Write(text("2probe"))
				conn.Close()
			}
		})
	}},
	{"deep nesting", "", []string{`code="302"`, `code="404"`}, once(text(`421["echo",`+strings.Repeat("[", 20_000)+strings.Repeat("]", 20_000)+`]`), 2_000)},
	{"long event names", "", []string{`code="313"`, `code="404"`}, once(text(`42["`+strings.Repeat("x", 900_000)+`"]`), 100)},
	{"coming back after each refusal", "responses: [{ codes: [300-499], count: 5, within: 1m, by: address, action: ban, for: 1h }]",
		[]string{`requests_refused_total{code="420"}`, `responses_total{action="ban"}`}, func(a *attacker) {
			each(1000, 4, func(int) {
				if conn, ok := a.joined(); ok {
					_, _ = conn.Write(text("4x"))
				}
			})
		}},
	{"memory", "limits: { memory: 32MiB, " + free + " }", []string{`reason="out of memory"`, `code="422"`}, func(a *attacker) {
		each(150, 10, func(int) {
			if conn, ok := a.joined(); ok {
				_, _ = conn.Write(frame(0x82, strings.Repeat("a", 990_000))[:900_000])
			}
		})
	}},
}
