package demo

import (
	"strings"
	"testing"

	"github.com/siogw/siogw/engine"
	"github.com/siogw/siogw/internal/inputjson"
	"github.com/siogw/siogw/plugins/rego"
)

const (
	asGuest     = `"identity":{"authenticated":true,"sub":"mallory","roles":["guest"],"claims":{"name":"Mallory"},"expires_at":0}`
	asModerator = `"identity":{"authenticated":true,"sub":"ada","roles":["moderator"],"claims":{"name":"Ada"},"expires_at":0}`
	inGeneral   = `"session":{"rooms":["general"]}`
)

// The policy that the page shows, rule by rule.
func TestPolicy(t *testing.T) {
	file, err := writeFiles(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	policy, err := rego.Load(t.Context(), rego.Options{Paths: []string{strings.Replace(file, "siogw.yaml", "policy.rego", 1)}})
	if err != nil {
		t.Fatal(err)
	}
	message := `"kind":"event","direction":"in","namespace":"/chat","event":"message","room":"general","args":[{"from":"Mallory","text":"hi"}]`
	for _, c := range []struct{ name, input, code string }{
		{"handshake", `"kind":"handshake","direction":"in"`, ""},
		{"connect", `"kind":"connect","direction":"in","namespace":"/chat",` + asGuest, ""},
		{"connect without identity", `"kind":"connect","direction":"in","namespace":"/chat"`, "101"},
		{"connect elsewhere", `"kind":"connect","direction":"in","namespace":"/admin",` + asModerator, "101"},
		{"guest joins general", `"kind":"join","direction":"in","namespace":"/chat","room":"general",` + asGuest, ""},
		{"guest joins staff", `"kind":"join","direction":"in","namespace":"/chat","room":"staff",` + asGuest, `"room_forbidden"`},
		{"moderator joins staff", `"kind":"join","direction":"in","namespace":"/chat","room":"staff",` + asModerator, ""},
		{"moderator joins another", `"kind":"join","direction":"in","namespace":"/chat","room":"x",` + asModerator, `"room_forbidden"`},
		{"message", message + "," + inGeneral + "," + asGuest, ""},
		{"message to a room not joined", message + "," + asGuest, "101"},
		{"message as somebody else", message + "," + inGeneral + "," + asModerator, `"not_you"`},
		{"guest bans", `"kind":"event","direction":"in","namespace":"/chat","event":"admin:ban","args":[{}],` + asGuest, `"role_required"`},
		{"moderator bans", `"kind":"event","direction":"in","namespace":"/chat","event":"admin:ban","args":[{}],` + asModerator, ""},
		{"unknown event", `"kind":"event","direction":"in","namespace":"/chat","event":"shutdown","args":[],` + asModerator, "101"},
		{"reaction", `"kind":"event","direction":"in","namespace":"/chat","event":"reaction","args":["+"],` + asGuest, ""},
		{"emit", `"kind":"emit","direction":"out","namespace":"/chat","event":"message","args":[{}],` + asGuest, ""},
		{"answer", `"kind":"ack","direction":"out","namespace":"/chat","event":"join","args":[{}],` + asGuest, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			v := policy.Decide(t.Context(), read(t, c.input))
			if v.Err != nil || (v.Effect == engine.Allow) != (c.code == "") {
				t.Fatalf("%v, code %s, error %v; want code %q", v.Effect, v.Shown(), v.Err, c.code)
			}
			if c.code != "" && string(v.Shown()) != c.code {
				t.Errorf("code %s, want %s", v.Shown(), c.code)
			}
		})
	}
	v := policy.Decide(t.Context(), read(t, `"kind":"emit","direction":"out","namespace":"/chat","event":"debug","args":[`+
		`{"host":"chat-1","api_key":"k=sk_live_demo0123456789abcdef!","aws_key":"AKIADEMODEMODEMODEMO","n":1}],`+asGuest))
	want := `[{"host":"chat-1","api_key":"k=[redacted]!","aws_key":"[redacted]","n":1}]`
	if string(v.Args) != want {
		t.Errorf("args %s, want %s (%v)", v.Args, want, v.Err)
	}
}

func read(t *testing.T, fields string) *engine.Input {
	t.Helper()
	in, err := inputjson.ParseInput([]byte(`{"version":"siogw/v1",` + fields + `}`))
	if err != nil {
		t.Fatal(err)
	}
	return in
}
