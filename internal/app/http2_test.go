package app

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"testing"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"

	"github.com/siogw/siogw/internal/siotest"
)

// TestExtendedConnect: WebSockets over HTTP/2 (RFC 8441) are not announced, one that comes all the same is
// refused, and the connection's polls go on.
func TestExtendedConnect(t *testing.T) {
	cert, key := certificate(t, time.Now().Add(time.Hour))
	dir := folder(t, map[string]string{"c.pem": cert, "k.pem": key})
	s := serve(t, dir, least+"listen: 127.0.0.1:0\ntls: { cert_file: c.pem, key_file: k.pem }\n")
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM([]byte(cert))
	conn, err := tls.Dial("tcp", s.clients, &tls.Config{RootCAs: roots, NextProtos: []string{"h2"}})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(siotest.Wait))
	if _, err := conn.Write([]byte(http2.ClientPreface)); err != nil {
		t.Fatal(err)
	}
	f := http2.NewFramer(conn, conn)
	if err := f.WriteSettings(); err != nil {
		t.Fatal(err)
	}
	ask := func(stream uint32, fields ...string) {
		t.Helper()
		var block bytes.Buffer
		enc := hpack.NewEncoder(&block)
		for i := 0; i < len(fields); i += 2 {
			if err := enc.WriteField(hpack.HeaderField{Name: fields[i], Value: fields[i+1]}); err != nil {
				t.Fatal(err)
			}
		}
		err := f.WriteHeaders(http2.HeadersFrameParam{StreamID: stream, BlockFragment: block.Bytes(), EndStream: fields[1] == "GET", EndHeaders: true})
		if err != nil {
			t.Fatal(err)
		}
	}
	ask(1, ":method", "CONNECT", ":protocol", "websocket", ":scheme", "https", ":authority", "127.0.0.1",
		":path", "/socket.io/?EIO=4&transport=websocket", "sec-websocket-version", "13")
	refused, settings := false, false
	for !refused || !settings {
		frame, err := f.ReadFrame()
		if err != nil {
			t.Fatalf("refused %v, settings %v: %v", refused, settings, err)
		}
		switch frame := frame.(type) {
		case *http2.SettingsFrame:
			settings = settings || !frame.IsAck()
			if on, ok := frame.Value(http2.SettingEnableConnectProtocol); ok && on != 0 {
				t.Error("extended CONNECT is announced")
			}
		case *http2.RSTStreamFrame:
			refused = frame.StreamID == 1
		case *http2.GoAwayFrame:
			t.Fatalf("the whole connection is refused: %v", frame.ErrCode)
		}
	}
	ask(3, ":method", "GET", ":scheme", "https", ":authority", "127.0.0.1", ":path", "/socket.io/?EIO=4")
	for {
		frame, err := f.ReadFrame()
		if err != nil {
			t.Fatal(err)
		}
		if h, ok := frame.(*http2.HeadersFrame); ok && h.StreamID == 3 {
			fields, err := hpack.NewDecoder(4096, nil).DecodeFull(h.HeaderBlockFragment())
			if err != nil || len(fields) == 0 || fields[0].Value != "400" {
				t.Errorf("%v %v", fields, err)
			}
			return
		}
	}
}
