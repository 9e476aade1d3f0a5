package app

import "testing"

func TestTidyIsDue(t *testing.T) {
	var tidy tidier
	total := uint64(0)
	for i, look := range []struct {
		more, heap uint64
		want       bool
	}{
		{64 << 20, 32 << 20, false}, {tidyQuiet, 32 << 20, false}, {tidyQuiet, 32 << 20, true}, // a burst, then quiet
		{0, 32 << 20, false}, {0, 32 << 20, false}, {0, 32 << 20, false}, // once
		{tidyQuiet + 1, 32 << 20, false}, {tidyLeast, 32 << 20, false}, {tidyQuiet + 1, 32 << 20, false}, // work
		{0, 32 << 20, false}, {0, 32 << 20, true},
		{tidyLeast, 1 << 30, false}, {0, 1 << 30, false}, {0, 1 << 30, false}, // little, of much
		{240 << 20, 1 << 30, false}, {0, 1 << 30, false}, {0, 1 << 30, true},
	} {
		total += look.more
		if got := tidy.due(total, look.heap); got != look.want {
			t.Errorf("look %d: %v", i, got)
		}
	}
}
