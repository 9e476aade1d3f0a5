package engineio

import (
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"
)

const reference = `{"sid":"lv_VI97HAXpY6yYWAAAC","upgrades":["websocket"],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000}`

func TestHandshake(t *testing.T) {
	h := Handshake{SID: "lv_VI97HAXpY6yYWAAAC", Upgrades: []string{"websocket"}, PingInterval: 25 * time.Second, PingTimeout: 20 * time.Second, MaxPayload: 1000000}
	if got := string(AppendHandshake([]byte("0"), h)); got != "0"+reference {
		t.Error(got)
	}
	if got, err := DecodeHandshake([]byte(reference)); err != nil || !reflect.DeepEqual(got, h) {
		t.Errorf("%+v, %v", got, err)
	}
	h.Upgrades, h.MaxPayload = nil, 0
	old := `{"sid":"lv_VI97HAXpY6yYWAAAC","upgrades":[],"pingInterval":25000,"pingTimeout":20000}`
	if got := string(AppendHandshake(nil, h)); got != old {
		t.Error(got)
	}
	if got, err := DecodeHandshake([]byte(strings.Replace(old, "{", `{"new":{"a":[1]},`, 1))); err != nil || !reflect.DeepEqual(got, h) {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestHandshakeRefuses(t *testing.T) {
	with := func(old, new string) string { return strings.Replace(reference, old, new, 1) }
	for _, text := range []string{
		``, `[]`, `{}`, `null`, ` ` + reference, reference + ` `, with(`"sid"`, `"SID"`), with(`"upgrades":["websocket"],`, ``), with(`"pingInterval":25000,`, ``), with(`"pingTimeout":20000,`, ``),
		with(`"lv_VI97HAXpY6yYWAAAC"`, `""`), with(`"lv_VI97HAXpY6yYWAAAC"`, `7`), with(`lv_`, `lv `), with(`lv_`, `lv\n`), with(`lv_`, `é`), with(`lv_`, strings.Repeat("a", 260)),
		with(`["websocket"]`, `"websocket"`), with(`["websocket"]`, `[1]`), with(`["websocket"]`, `{}`), with(`25000`, `"25000"`), with(`25000`, `0`), with(`25000`, `-1`), with(`25000`, `2.5`),
		with(`25000`, `9999999999999`), with(`20000`, `null`), with(`1000000`, `0`), with(`1000000`, `-5`), with(`"upgrades"`, `"sid"`), with(`1000000}`, `1000000,"sid":"b"}`),
	} {
		var e *DecodeError
		if h, err := DecodeHandshake([]byte(text)); !errors.As(err, &e) || !errors.Is(err, ErrMalformed) {
			t.Errorf("%s: %+v, %v", text, h, err)
		}
	}
	for n := range len(reference) {
		if _, err := DecodeHandshake([]byte(reference[:n])); err == nil {
			t.Errorf("%s", reference[:n])
		}
	}
}

func TestErrorBody(t *testing.T) {
	for want, e := range map[string]*Error{
		`{"code":0,"message":"Transport unknown"}`:            {Code: UnknownTransport},
		`{"code":4,"message":"a \"reason\""}`:                 {Code: Forbidden, Message: `a "reason"`},
		`{"code":5,"message":"Unsupported protocol version"}`: {Code: UnsupportedRevision, Cause: errors.New("secret")},
	} {
		if got := string(ErrorBody(e)); got != want {
			t.Error(got)
		}
	}
}

func TestJSONP(t *testing.T) {
	for _, c := range [][3]string{
		{"121", `0{"sid":"x"}`, `___eio[121]("0{\"sid\":\"x\"}");`},
		{"0];alert(1);//", "4a\u2028b\u2029c", `___eio[01]("4a\u2028b\u2029c");`},
		{"", "4\n\\\x1e", `___eio[]("4\n\\\u001e");`},
		{strings.Repeat("9", 50), "", "___eio[" + strings.Repeat("9", 20) + `]("");`},
	} {
		if got := string(AppendJSONP(nil, c[0], []byte(c[1]))); got != c[2] {
			t.Errorf("%q, want %q", got, c[2])
		}
	}
	for body, want := range map[string]string{
		`d=42%5B%22x%22%5D`: `42["x"]`, `d=a+b`: `a b`, `d=4a%1E4b`: "4a\x1e4b", `d=`: ``,
		`d=4%5Cn`: "4\n", `d=4%5C%5Cn`: `4\n`, `d=4%5C%5C%5Cn`: `4\\n`, `d=4%5C`: `4\`, `d=%5Cx`: `\x`,
	} {
		if got, err := DecodeJSONP([]byte(body)); err != nil || string(got) != want {
			t.Errorf("%s: %q, %v", body, got, err)
		}
	}
	for _, body := range []string{``, `x=1`, `d=1&d=2`, `d=1&x=2`, `d=%zz`, `d=1;e=2`, `42["x"]`} {
		if got, err := DecodeJSONP([]byte(body)); err == nil {
			t.Errorf("%s: %q", body, got)
		}
	}
}
