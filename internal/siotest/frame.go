package siotest

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/gorilla/websocket"
)

// Frame is one WebSocket message as it travelled: an Engine.IO packet.
type Frame struct {
	Binary bool
	Data   string
}

// String gives the text of a frame, or "binary:" and its bytes in hexadecimal.
func (f Frame) String() string {
	if f.Binary {
		return fmt.Sprintf("binary:%x", f.Data)
	}
	return f.Data
}

// Message is one Socket.IO packet, taken apart.
type Message struct {
	Type      byte   // '0' to '6'
	Count     int    // attachments announced
	Namespace string // "/" for the main one
	ID        string // ack id as written, "" for none
	Data      string // JSON text, "" for none
}

// ParseMessage takes apart a frame "4…". It is lenient: ok is false only for what is no Socket.IO packet.
func ParseMessage(f Frame) (m Message, ok bool) {
	if f.Binary || len(f.Data) < 2 || f.Data[0] != '4' || f.Data[1] < '0' || f.Data[1] > '6' {
		return m, false
	}
	m.Type, m.Namespace = f.Data[1], "/"
	rest := f.Data[2:]
	if m.Type >= '5' {
		count, after, found := strings.Cut(rest, "-")
		n, err := strconv.Atoi(count)
		if !found || err != nil {
			return m, false
		}
		m.Count, rest = n, after
	}
	if strings.HasPrefix(rest, "/") {
		m.Namespace, rest, _ = strings.Cut(rest, ",")
	}
	digits := strings.IndexFunc(rest, func(r rune) bool { return r < '0' || r > '9' })
	if digits < 0 {
		digits = len(rest)
	}
	m.ID, m.Data = rest[:digits], rest[digits:]
	return m, true
}

// Answer gives the header of m's acknowledgement with the JSON array data: "431[…]", "46…" where data
// holds as many placeholders as m announced.
func (m Message) Answer(data string) string {
	kind := "43"
	if m.Count > 0 {
		kind = fmt.Sprintf("46%d-", m.Count)
	}
	return kind + m.prefix() + m.ID + data
}

func (m Message) prefix() string {
	if m.Namespace == "/" {
		return ""
	}
	return m.Namespace + ","
}

// write sends one frame; the caller serialises.
func write(ws *websocket.Conn, f Frame) error {
	kind := websocket.TextMessage
	if f.Binary {
		kind = websocket.BinaryMessage
	}
	return ws.WriteMessage(kind, []byte(f.Data))
}

// read gets one frame.
func read(ws *websocket.Conn) (Frame, error) {
	kind, data, err := ws.ReadMessage()
	return Frame{Binary: kind == websocket.BinaryMessage, Data: string(data)}, err
}
