package eioserver

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

// TestScripts plays testdata/*.txt. A line is a command; lines that begin with "< " are what it must print.
//
//	options WORD…                 before anything else: cors, fast (heartbeat), small (payload), wsonly…
//	GET|POST|… QUERY [| HEADER]… [= "BODY"]   a request; prints status, headers of interest, and body
//	NAME: GET …                   the same in the background; "NAME" alone waits for it and prints
//	ws NAME QUERY [| HEADER]…     opens a WebSocket; prints "open", or the refusal
//	NAME send "TEXT" | sendbin "TEXT" | raw HEX | read | drop
//	closed                        waits for the end of the newest session and prints its reason
//
// $P is EIO=4&transport=polling, $W the same for websocket, $3P and $3W those of revision 3, $S is &sid= of the newest session.
func TestScripts(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatal("no scripts", err)
	}
	for _, f := range files {
		t.Run(strings.TrimSuffix(filepath.Base(f), ".txt"), func(t *testing.T) {
			t.Parallel()
			text, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			play(t, string(text))
		})
	}
}

type player struct {
	*testing.T
	rig  *rig
	sid  string
	last *obedient
	jobs map[string]chan string
	ws   map[string]*websocket.Conn
}

func play(t *testing.T, text string) {
	p := &player{T: t, jobs: map[string]chan string{}, ws: map[string]*websocket.Conn{}}
	defer func() {
		for _, c := range p.ws {
			c.Close()
		}
	}()
	lines := strings.Split(text, "\n")
	for i := 0; i < len(lines); i++ {
		line, at := strings.TrimSpace(lines[i]), i+1
		if line == "" || line[0] == '#' {
			continue
		}
		var want []string
		for i+1 < len(lines) && strings.HasPrefix(lines[i+1], "< ") {
			i++
			want = append(want, lines[i][2:])
		}
		got := p.run(line)
		if w := strings.Join(want, "\n"); got != w {
			t.Fatalf("line %d: %s\ngot:\n%s\nwant:\n%s", at, line, got, w)
		}
	}
}

var options = map[string]func(*Options){
	"cors":   func(o *Options) { o.Origins = []string{"http://a.example", "http://b.example"} },
	"fast":   func(o *Options) { o.PingInterval, o.PingTimeout = 100*time.Millisecond, 400*time.Millisecond },
	"small":  func(o *Options) { o.MaxPayload = 100 },
	"wsonly": func(o *Options) { o.Transports = []string{"websocket"} },
	"eio3":   func(o *Options) { o.EIO3 = true },
	"hasty":  func(o *Options) { o.UpgradeTimeout = 50 * time.Millisecond },
}

func (p *player) run(line string) string {
	word, rest, _ := strings.Cut(line, " ")
	if word == "options" {
		p.rig = newRig(p, func(o *Options) {
			for _, w := range strings.Fields(rest) {
				options[w](o)
			}
		})
		return ""
	}
	if p.rig == nil {
		p.rig = newRig(p, nil)
	}
	if name, ok := strings.CutSuffix(word, ":"); ok {
		done := make(chan string, 1)
		p.jobs[name] = done
		r := p.request(rest)
		go func() { done <- do(r) }()
		return ""
	}
	if done := p.jobs[word]; done != nil {
		return p.await(done)
	}
	switch {
	case word == "ws":
		return p.dial(rest)
	case word == "closed":
		return p.last.reason(p).String()
	case word == "until":
		return p.until(rest)
	case p.ws[word] != nil:
		return p.socket(p.ws[word], rest)
	}
	return p.note(do(p.request(line)))
}

func (p *player) await(done chan string) string {
	select {
	case s := <-done:
		return p.note(s)
	case <-time.After(patience):
		p.Fatal("no answer")
		return ""
	}
}

// until waits for a state that no answer shows: a GET waits, a POST is at work.
func (p *player) until(what string) string {
	s := p.last.s
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(time.Millisecond) {
		s.mu.Lock()
		ok := s.poll != nil && (what == "polling" && s.poll.waiting != nil || what == "posting" && s.poll.posting)
		s.mu.Unlock()
		if ok {
			return ""
		}
	}
	return "never " + what
}

var sidText = regexp.MustCompile(`sid(\\?":\\?")([A-Za-z0-9_-]{20,})`)

// note remembers the sid of a handshake, and hides it.
func (p *player) note(out string) string {
	if m := sidText.FindStringSubmatch(out); m != nil {
		p.sid = m[2]
		p.last = p.rig.next(p)
	}
	return sidText.ReplaceAllString(out, "sid$1<sid>")
}

func (p *player) request(line string) *http.Request {
	line, quoted, hasBody := strings.Cut(line, " = ")
	parts := strings.Split(line, " | ")
	method, query, _ := strings.Cut(parts[0], " ")
	body := ""
	if hasBody {
		body = unquote(p, quoted)
	}
	r, err := http.NewRequest(method, p.rig.url+p.query(query), strings.NewReader(body))
	if err != nil {
		p.Fatal(err)
	}
	for _, h := range parts[1:] {
		k, v, _ := strings.Cut(h, ": ")
		r.Header.Add(k, v)
	}
	return r
}

func (p *player) query(q string) string {
	q = strings.NewReplacer("$P", "EIO=4&transport=polling", "$W", "EIO=4&transport=websocket",
		"$3P", "EIO=3&transport=polling", "$3W", "EIO=3&transport=websocket", "$S", "&sid="+p.sid).Replace(q)
	if strings.HasPrefix(q, "/") {
		return q
	}
	return "/socket.io/?" + q
}

func unquote(tb testing.TB, s string) string {
	if out, err := strconv.Unquote(s); err == nil {
		return out
	}
	if n, err := strconv.Atoi(s); err == nil {
		return "4" + strings.Repeat("x", n-1)
	}
	tb.Fatalf("bad string %s", s)
	return ""
}

var shown = []string{"Access-Control-Allow-Origin", "Access-Control-Allow-Credentials", "Access-Control-Allow-Methods",
	"Access-Control-Allow-Headers", "Vary", "Cache-Control", "Set-Cookie", "X-Xss-Protection"}

// do sends r on a connection of its own, and prints the answer.
func do(r *http.Request) string {
	tr := &http.Transport{DisableCompression: true}
	defer tr.CloseIdleConnections()
	resp, err := tr.RoundTrip(r)
	if err != nil {
		return "error " + err.Error()
	}
	defer resp.Body.Close()
	body, _ := io.ReadAll(resp.Body)
	return show(resp, body)
}

func show(resp *http.Response, body []byte) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d %s", resp.StatusCode, resp.Header.Get("Content-Type"))
	for _, k := range shown {
		for _, v := range resp.Header[http.CanonicalHeaderKey(k)] {
			fmt.Fprintf(&b, "\n%s: %s", k, v)
		}
	}
	if resp.Header.Get("Content-Type") == octets {
		fmt.Fprintf(&b, "\n%q", body)
	} else if len(body) > 0 {
		fmt.Fprintf(&b, "\n%s", strings.ReplaceAll(strings.TrimSuffix(string(body), "\n"), "\x1e", `\x1e`))
	}
	return b.String()
}

func (p *player) dial(line string) string {
	parts := strings.Split(line, " | ")
	name, query, _ := strings.Cut(parts[0], " ")
	header := http.Header{}
	for _, h := range parts[1:] {
		k, v, _ := strings.Cut(h, ": ")
		header.Add(k, v)
	}
	c, resp, err := websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(p.rig.url, "http")+p.query(query), header)
	if errors.Is(err, websocket.ErrBadHandshake) {
		body, _ := io.ReadAll(resp.Body)
		return show(resp, body)
	}
	if err != nil {
		return "error " + err.Error()
	}
	p.ws[name] = c
	return "open"
}

func (p *player) socket(c *websocket.Conn, line string) string {
	word, arg, _ := strings.Cut(line, " ")
	var err error
	switch word {
	case "send":
		err = c.WriteMessage(websocket.TextMessage, []byte(unquote(p, arg)))
	case "sendbin":
		err = c.WriteMessage(websocket.BinaryMessage, []byte(unquote(p, arg)))
	case "raw":
		b, bad := hex.DecodeString(strings.ReplaceAll(arg, " ", ""))
		if bad != nil {
			p.Fatal(bad)
		}
		_, err = c.NetConn().Write(b)
	case "drop":
		err = c.NetConn().Close()
	case "goodbye":
		err = c.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(1000, ""), time.Time{})
	case "read":
		return p.note(readFrame(c))
	default:
		return "what is " + word
	}
	if err != nil {
		return "error " + err.Error()
	}
	return ""
}

func readFrame(c *websocket.Conn) string {
	_ = c.SetReadDeadline(time.Now().Add(patience))
	op, b, err := c.ReadMessage()
	var closed *websocket.CloseError
	switch {
	case errors.As(err, &closed) && closed.Code == websocket.CloseAbnormalClosure:
		return "eof"
	case errors.As(err, &closed):
		return "close " + strconv.Itoa(closed.Code)
	case err != nil:
		return "error " + err.Error()
	case op == websocket.BinaryMessage:
		return fmt.Sprintf("binary %q", b)
	}
	return string(b)
}

// exchange writes raw bytes on a connection and reads one answer.
func exchange(r *bufio.Reader, w io.Writer, raw string) (string, error) {
	if _, err := io.WriteString(w, raw); err != nil {
		return "", err
	}
	resp, err := http.ReadResponse(r, nil)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	return show(resp, bytes.TrimSpace(body)), err
}
