package wsconn

import (
	"testing"

	"github.com/gorilla/websocket"

	"github.com/siogw/siogw/engineio"
)

func TestForms(t *testing.T) {
	text := engineio.Packet{Type: engineio.Message, Data: []byte("hi")}
	bin := engineio.Packet{Type: engineio.Message, Binary: true, Data: []byte{1, 2}}
	for _, c := range []struct {
		form Form
		p    engineio.Packet
		op   int
		want string
	}{
		{Revision4, text, websocket.TextMessage, "4hi"},
		{Revision3, text, websocket.TextMessage, "4hi"},
		{Base64, text, websocket.TextMessage, "4hi"},
		{Revision4, bin, websocket.BinaryMessage, "\x01\x02"},
		{Revision3, bin, websocket.BinaryMessage, "\x04\x01\x02"},
		{Base64, bin, websocket.TextMessage, "b4AQI="},
	} {
		op, msg, _ := c.form.encode(c.p)
		if op != c.op || string(msg) != c.want {
			t.Errorf("form %d, binary %v: got %d %q", c.form, c.p.Binary, op, msg)
		}
	}
}
