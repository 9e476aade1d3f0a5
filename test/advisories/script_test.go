package advisories

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// player plays a trigger. README.md lists the steps.
type player struct {
	host, local, eio string

	header     string // of the next request
	sid        string
	conns      []*conn
	answer     string // to the last request
	unanswered bool   // there was none
}

// play runs the steps. A step that fails does not end it: mostly the other side had enough of that connection. The
// error has all of them.
func (p *player) play(script string) error {
	var failed error
	lines := strings.Split(strings.TrimSpace(script), "\n")
	for i, line := range lines {
		if n, ok := strings.CutPrefix(line, "times "); ok {
			rest := strings.Join(lines[i+1:], "\n")
			count, err := strconv.Atoi(n)
			for range count {
				err = errors.Join(err, p.play(rest))
			}
			return errors.Join(failed, err)
		}
		if line == "" || line[0] == '#' {
			continue
		}
		if err := p.step(line); err != nil {
			failed = errors.Join(failed, fmt.Errorf("%.60s: %w", line, err))
		}
	}
	return failed
}

// errScript is a mistake in a script.
var errScript = errors.New("bad script")

func (p *player) step(line string) error {
	verb, rest, _ := strings.Cut(line, " ")
	switch verb {
	case "header":
		p.header += p.text(rest) + "\r\n"
		return nil
	case "get", "post", "polling", "request":
		return p.http(verb, rest)
	case "tcp", "websocket", "upgrade":
		return p.open(verb, p.text(rest))
	case "wait":
		d, err := time.ParseDuration(rest)
		time.Sleep(d)
		return err
	case "repeat":
		return p.repeat(rest)
	}
	return p.onConn(verb, rest)
}

// onConn is a step on the connection that was opened last.
func (p *player) onConn(verb, rest string) error {
	if len(p.conns) == 0 {
		return fmt.Errorf("%w: %s without a connection", errScript, verb)
	}
	c := p.conns[len(p.conns)-1]
	switch verb {
	case "connect":
		return c.connect(p.eio)
	case "read":
		_, err := c.next("")
		return err
	case "eof":
		c.SetReadDeadline(time.Now().Add(answerWait))
		head, err := io.ReadAll(io.LimitReader(c.r, 64<<10))
		p.answer = string(head)
		return err
	case "head":
		var err error
		p.answer, err = c.answer("GET")
		return err
	case "reset":
		return c.reset()
	case "deaf":
		c.deaf.Store(true)
		return nil
	}
	b, err := p.bytes(verb, rest)
	if err != nil {
		return err
	}
	return c.write(b)
}

// bytes gives what a sending step sends.
func (p *player) bytes(verb, rest string) ([]byte, error) {
	switch verb {
	case "raw":
		return []byte(p.text(rest)), nil
	case "text":
		return frame(0x81, p.text(rest)), nil
	case "binary":
		if p.eio == "3" { // its binary frames begin with the packet type
			rest = `\x04` + rest
		}
		return frame(0x82, p.text(rest)), nil
	case "frame":
		first, payload, _ := strings.Cut(rest, " ")
		b, err := hex.DecodeString(first)
		if err != nil || len(b) != 1 {
			return nil, fmt.Errorf("%w: frame %s", errScript, first)
		}
		return frame(b[0], p.text(payload)), nil
	}
	return nil, fmt.Errorf("%w: no step %s", errScript, verb)
}

// repeat takes a step many times; what is small is put together, so that it arrives at line rate.
func (p *player) repeat(rest string) error {
	count, step, _ := strings.Cut(rest, " ")
	n, err := strconv.Atoi(count)
	if err != nil {
		return fmt.Errorf("%w: repeat %s", errScript, count)
	}
	verb, data, _ := strings.Cut(step, " ")
	if verb == "request" {
		for range n {
			err = errors.Join(err, p.step(step))
		}
		return err
	}
	one, err := p.bytes(verb, data)
	if err != nil {
		return err
	}
	c, batch := p.conns[len(p.conns)-1], max(1, min(n, (1<<20)/len(one)))
	block := bytes.Repeat(one, batch)
	for ; n > 0; n -= batch {
		if err := c.write(block[:len(one)*min(n, batch)]); err != nil {
			return err
		}
	}
	return nil
}

// open opens a connection, with a WebSocket on it but for tcp.
func (p *player) open(verb, query string) error {
	c, err := dial(p.host, p.local)
	if err != nil {
		return err
	}
	p.conns = append(p.conns, c)
	header := p.header
	p.header = ""
	if verb == "tcp" {
		return nil
	}
	if query == "" {
		query = "EIO=" + p.eio + "&transport=websocket"
	}
	if p.answer, err = c.upgrade(query, header); err != nil || verb == "upgrade" {
		return err
	}
	_, err = c.next("0{")
	return err
}

var sidOf = regexp.MustCompile(`"sid":"([^"]+)"`)

// http makes one request on a connection of its own. request does not wait for its answer.
func (p *player) http(verb, rest string) error {
	c, err := dial(p.host, p.local)
	if err != nil {
		return err
	}
	p.conns = append(p.conns, c)
	var request string
	switch verb {
	case "request": // all but the method
		return c.write([]byte("GET " + p.text(rest)))
	case "post":
		kind, data, _ := strings.Cut(rest, " ")
		data = p.text(data)
		request = fmt.Sprintf("POST /socket.io/?EIO=%s&transport=polling&sid=%s HTTP/1.1\r\nHost: %s\r\nContent-Type: %s\r\nContent-Length: %d\r\n%s\r\n%s",
			p.eio, p.sid, p.host, kind, len(data), p.header, data)
	case "polling":
		rest = "/socket.io/?" + rest
		fallthrough
	default:
		request = fmt.Sprintf("GET %s HTTP/1.1\r\nHost: %s\r\n%s\r\n", p.text(rest), p.host, p.header)
	}
	p.header = ""
	sent := c.write([]byte(request)) // an answer may come before all was sent
	if p.answer, err = c.answer(strings.ToUpper(verb[:3])); err != nil {
		p.unanswered = true
		return errors.Join(err, sent)
	}
	if m := sidOf.FindStringSubmatch(p.answer); m != nil && verb == "polling" {
		p.sid = m[1]
	}
	return nil
}

var (
	escape = regexp.MustCompile(`\\r|\\n|\\x[0-9a-f]{2}`)
	many   = regexp.MustCompile(`(?s)\{\{(.+?)\*(\d+)\}\}`)
)

// text fills in a step's data: \r, \n, \xHH, {HOST}, {EIO}, {SID}, and {{X*N}} for N times X.
func (p *player) text(s string) string {
	s = strings.NewReplacer("{HOST}", p.host, "{EIO}", p.eio, "{SID}", p.sid).Replace(s)
	s = escape.ReplaceAllStringFunc(s, func(e string) string {
		switch e {
		case `\r`:
			return "\r"
		case `\n`:
			return "\n"
		}
		b, _ := hex.DecodeString(e[2:])
		return string(b)
	})
	return many.ReplaceAllStringFunc(s, func(m string) string {
		parts := many.FindStringSubmatch(m)
		n, _ := strconv.Atoi(parts[2])
		return strings.Repeat(parts[1], n)
	})
}

func (p *player) close() {
	for _, c := range p.conns {
		c.Close()
	}
}
