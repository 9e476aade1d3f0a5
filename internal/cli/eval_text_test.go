package cli

import (
	"strings"
	"testing"
	"unicode/utf8"
)

// TestWrap: no line is longer than the terminal, and what is no terminal has one line.
func TestWrap(t *testing.T) {
	text := strings.Repeat("ein wörtchen ", 40)
	for _, width := range []int{0, 40, 41} {
		s := screen{width: width}
		s.line(2, text)
		s.field("asked", text)
		lines := strings.Split(strings.TrimSuffix(s.b.String(), "\n"), "\n")
		if width == 0 && len(lines) != 2 {
			t.Errorf("%q", lines)
		}
		for _, l := range lines {
			if n := utf8.RuneCountInString(l); width > 0 && n > width {
				t.Errorf("width %d: %d in %q", width, n, l)
			}
		}
		if got := strings.Join(strings.Fields(s.b.String()), " "); got != strings.TrimSpace(text)+" asked "+strings.TrimSpace(text) {
			t.Errorf("width %d: %q", width, got)
		}
	}
}

// TestColour: only where there is a terminal.
func TestColour(t *testing.T) {
	if s := newScreen(&strings.Builder{}); s.colour || s.width != 0 {
		t.Error("a buffer is no terminal")
	}
	for effect, want := range map[string]string{"allow": "\x1b[1;32mALLOW\x1b[0m\n", "deny": "\x1b[1;31mDENY\x1b[0m\n"} {
		s := screen{colour: true}
		if s.effect(effect); s.b.String() != want {
			t.Errorf("%q", s.b.String())
		}
	}
}
