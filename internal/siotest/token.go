package siotest

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
)

// Token signs claims, a JSON object, as a JWT with HS256 (RFC 7515). secret and claims are taken as they are.
func Token(secret, claims string) string {
	text := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"HS256","typ":"JWT"}`)) + "." +
		base64.RawURLEncoding.EncodeToString([]byte(claims))
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(text))
	return text + "." + base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}
