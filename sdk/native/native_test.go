package native

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
)

func TestJSON(t *testing.T) {
	gone := map[int]*[]byte{0: nil, 1: {}}
	*gone[1] = []byte("hi")
	score := 2.5
	for want, v := range map[string]Verdict{
		``:                                     Allow(),
		`{"effect":"abstain"}`:                 Abstain(),
		`{"effect":"deny","error":"it broke"}`: Fail(errors.New("it broke")),
		`{"effect":"deny","code":"spam","reason":"no"}`:                       Deny("spam", "no"),
		`{"effect":"allow","attachments":{"0":null,"1":"aGk="}}`:              {Effect: "allow", Attachments: gone},
		`{"effect":"allow","strings":{"3":"x"},"labels":{"k":1},"score":2.5}`: {Effect: "allow", Strings: map[int]string{3: "x"}, Labels: map[string]any{"k": 1}, Score: &score},
		`{"effect":"allow","args":[1],"auth":{"a":2}}`:                        {Effect: "allow", Args: []byte("[1]"), Auth: []byte(`{"a":2}`)},
		`{"effect":"allow","patch":[]}`:                                       {Effect: "allow", Patch: []byte("[]")},
		`{"effect":""}`:                                                       {},
	} {
		if got := string(v.JSON()); got != want {
			t.Errorf("%+v: %s, want %s", v, got, want)
		}
	}
	for _, v := range []Verdict{{Effect: "allow", Args: json.RawMessage("[")}, {Effect: "allow", Labels: map[string]any{"f": func() {}}}} {
		if got := string(v.JSON()); !strings.HasPrefix(got, `{"effect":"deny","error":"json: `) {
			t.Errorf("%+v: %s", v, got)
		}
	}
}

func TestPanic(t *testing.T) {
	v := safely(context.Background(), Func(func(context.Context, []byte) Verdict { panic("boom") }), nil)
	if v.Error != "panic: boom" {
		t.Errorf("%+v", v)
	}
}
