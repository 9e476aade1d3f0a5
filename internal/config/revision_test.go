package config

import (
	"strings"
	"testing"
)

func TestRevisions(t *testing.T) {
	for yaml, want := range map[string]string{
		"upstream: { url: 'http://h', eio: 3 }":                              "",
		"eio3: true\nupstream: { url: 'http://h', eio: 3 }":                  "",
		"eio3: true\nupstream: { url: 'http://h', translate: true }":         "",
		"eio3: true\nupstream: { url: 'http://h', eio: 3, translate: true }": "f:2:49: upstream.translate: an Engine.IO 3 server needs no translation",
		"upstream: { url: 'http://h', translate: true }":                     "f:1:41: upstream.translate: there is nothing to translate: set eio3 as well",
		"eio3: true\nupstream: { url: 'http://h' }":                          "",
	} {
		c, err := Parse("f", "", []byte(yaml+"\n"))
		switch {
		case want == "" && err != nil:
			t.Errorf("%s: %v", yaml, err)
		case want == "" && c.EIO3 != strings.Contains(yaml, "eio3: true"):
			t.Errorf("%s: eio3 is lost", yaml)
		case want != "" && (err == nil || !strings.Contains(err.Error(), want)):
			t.Errorf("%s: got %v, want %s", yaml, err, want)
		}
	}
}
