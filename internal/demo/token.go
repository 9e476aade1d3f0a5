package demo

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"time"

	"github.com/lestrrat-go/jwx/v3/jwa"
	"github.com/lestrrat-go/jwx/v3/jwt"
)

// tokenLife is short: the page logs in anew at each connect.
const tokenLife = 5 * time.Minute

// users are those who may log in, with what their token says. There are no passwords: it is a demo.
var users = map[string]struct {
	name  string
	roles []string
}{
	"ada":     {"Ada", []string{"moderator"}},
	"mallory": {"Mallory", []string{"guest"}},
}

// issue signs a token (HS256) for a user; an unknown one is an error.
func issue(user string, secret []byte, now time.Time) (string, error) {
	u, ok := users[user]
	if !ok {
		return "", fmt.Errorf("no user %q", user)
	}
	token, err := jwt.NewBuilder().Issuer("demo-chat").Subject(user).IssuedAt(now).Expiration(now.Add(tokenLife)).
		Claim("name", u.name).Claim("roles", u.roles).Build()
	if err != nil {
		return "", err
	}
	signed, err := jwt.Sign(token, jwt.WithKey(jwa.HS256(), secret))
	return string(signed), err
}

// nameIn reads the name that a token claims without asking whether it is true, as the chat server does.
func nameIn(token string) string {
	parsed, err := jwt.ParseInsecure([]byte(token))
	if err != nil {
		return "nobody"
	}
	var name string
	if parsed.Get("name", &name) != nil {
		return "nobody"
	}
	return name
}

// randomText gives n random bytes in hexadecimal.
func randomText(n int) string {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails (package crypto/rand)
	return hex.EncodeToString(b)
}
