package socketio

import (
	"errors"
	"strconv"
	"strings"
	"testing"

	"github.com/siogw/siogw/internal/strictjson"
)

func TestQueryAuth(t *testing.T) {
	for query, want := range map[string]string{
		"":                        `{}`,
		"token=t2":                `{"token":"t2"}`,
		"b=2&a=1":                 `{"a":"1","b":"2"}`,
		"a=%20b+c&d=e/f?g":        `{"a":" b c","d":"e/f?g"}`,
		"a&b=":                    `{"a":"","b":""}`,
		"&&a=1&":                  `{"a":"1"}`,
		"=x":                      `{"":"x"}`,
		"a=%22%5C%0a%C3%A9":       `{"a":"\"\\\né"}`,
		strings.Repeat("a", 5000): `{"` + strings.Repeat("a", 5000) + `":""}`,
	} {
		if got, err := QueryAuth(query); err != nil || string(got) != want {
			t.Errorf("%q: %s, %v", query, got, err)
		}
	}
	for _, query := range []string{"a=1&a=2", "a=1&%61=1", "a=%zz", "a=%", "a=1;b=2", "a=%ff", "%ff=a", "a=%ed%a0%80", "__proto__=x", "%5f_proto__=x"} {
		var e *Error
		if got, err := QueryAuth(query); !errors.As(err, &e) || e.Code != Malformed {
			t.Errorf("%q: %s, %v", query, got, err)
		}
	}
}

func TestQueryKeys(t *testing.T) {
	var keys []string
	for i := range maxQueryKeys + 1 {
		keys = append(keys, strconv.Itoa(i)+"=")
	}
	if _, err := QueryAuth(strings.Join(keys[1:], "&")); err != nil {
		t.Error(err)
	}
	var e *Error
	if _, err := QueryAuth(strings.Join(keys, "&")); !errors.As(err, &e) || e.Code != TooLarge {
		t.Error(err)
	}
}

func TestAuthQuery(t *testing.T) {
	for auth, want := range map[string]string{
		`{}`:                       "",
		`{"token":"t 2","a":"&="}`: "a=%26%3D&token=t+2",
		`{"n":1.50,"b":true}`:      "b=true&n=1.50",
		`{"é":",#"}`:               "%C3%A9=%2C%23",
		`{"a":null,"b":1}`:         "b=1",
		`{"a":"` + strings.Repeat("x", DefaultLimits.Query-2) + `"}`: "a=" + strings.Repeat("x", DefaultLimits.Query-2),
	} {
		if got, err := AuthQuery([]byte(auth)); err != nil || got != want {
			t.Errorf("%s: %q, %v", auth, got, err)
		}
	}
	for _, auth := range []string{`{"a":{}}`, `{"a":["x"]}`, `{"a":"` + strings.Repeat("x", DefaultLimits.Query-1) + `"}`} {
		if got, err := AuthQuery([]byte(auth)); err == nil {
			t.Errorf("%s: %q", auth, got)
		}
	}
}

// FuzzQuery: what passes is an object of strings, and survives the way back.
func FuzzQuery(f *testing.F) {
	for _, q := range []string{"", "a=1&b=2", "a=1&a=2", "%61=%62", "a=%ff", "=&=", "a;b", "+=+"} {
		f.Add(q)
	}
	f.Fuzz(func(t *testing.T, query string) {
		auth, err := QueryAuth(query)
		if err != nil {
			return
		}
		if strictjson.Scan(auth, strictjson.Limits{}) != nil {
			t.Fatalf("%q gives %s", query, auth)
		}
		back, err := AuthQuery(auth)
		if err != nil {
			return // longer once escaped
		}
		if again, err := QueryAuth(back); err != nil || string(again) != string(auth) {
			t.Errorf("%q gives %s, %q, %s, %v", query, auth, back, again, err)
		}
		r := Decoder{Revision: V4}
		if p, err := r.Text([]byte("0/a?" + back + ",")); back != "" && (err != nil || p.Query != back) {
			t.Errorf("%q is no query of a CONNECT: %v", back, err)
		}
	})
}
