package strictjson

import "iter"

// Strings gives every string value (not the keys) in data, raw with its quotes, in order of appearance.
func Strings(data []byte) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		for at := nextString(data, 0); at < len(data); {
			end := StringEnd(data, at)
			if !isKey(data, end) && !yield(data[at:end]) {
				return
			}
			at = nextString(data, end)
		}
	}
}

// ReplaceStrings appends data to dst with some string values replaced: repl gets each with its index
// among them, as Strings counts, and gives the new one, or false to leave it as it is written.
func ReplaceStrings(dst, data []byte, repl func(i int, s string) (string, bool)) []byte {
	done, i := 0, 0
	for at := nextString(data, 0); at < len(data); {
		end := StringEnd(data, at)
		if !isKey(data, end) {
			if s, ok := repl(i, String(data[at:end])); ok {
				dst = append(dst, data[done:at]...)
				dst = AppendQuote(dst, s)
				done = end
			}
			i++
		}
		at = nextString(data, end)
	}
	return append(dst, data[done:]...)
}

func nextString(data []byte, at int) int {
	for at < len(data) && data[at] != '"' {
		at++
	}
	return at
}

// isKey reports whether the string that ends at end is followed by a colon.
func isKey(data []byte, end int) bool {
	at := skipSpace(data, end)
	return at < len(data) && data[at] == ':'
}
