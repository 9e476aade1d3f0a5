package strictjson

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"unicode/utf8"
)

// canon decodes with encoding/json, token by token, and reports what no other decoder would keep as it is:
// keys given twice or reaching a prototype.
func canon(t *testing.T, data []byte) (twice, proto bool) {
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	if err := walk(d, false, &twice, &proto); err != nil {
		t.Fatalf("%q: %v", data, err)
	}
	return twice, proto
}

func walk(d *json.Decoder, ctor bool, twice, proto *bool) error {
	tok, err := d.Token()
	if err != nil {
		return err
	}
	open, ok := tok.(json.Delim)
	if !ok {
		return nil
	}
	seen := map[string]bool{}
	for d.More() {
		under := false
		if open == '{' {
			k, err := d.Token()
			if err != nil {
				return err
			}
			key := k.(string)
			*twice = *twice || seen[key]
			*proto = *proto || key == "__proto__" || ctor && key == "prototype"
			seen[key] = true
			under = key == "constructor"
		}
		if err := walk(d, under, twice, proto); err != nil {
			return err
		}
	}
	_, err = d.Token()
	return err
}

// Scan accepts only what encoding/json accepts and reads as it is written; and of what encoding/json accepts it refuses
// only what has a reason.
func FuzzScan(f *testing.F) {
	for _, s := range append(accepted, refused...) {
		f.Add([]byte(s))
	}
	f.Add([]byte(objectOf(40, `"z":1`)))
	f.Fuzz(func(t *testing.T, data []byte) {
		err := Scan(data, Limits{Depth: 1000})
		if err == nil {
			checkAccepted(t, data)
			return
		}
		if !errors.Is(err, ErrSyntax) || !json.Valid(data) || !utf8.Valid(data) || bytes.Contains(data, []byte(`\u`)) ||
			len(bytes.TrimSpace(data)) != len(data) {
			return
		}
		var v any
		if json.Unmarshal(data, &v) != nil {
			return // a number that overflows
		}
		if twice, proto := canon(t, data); !twice && !proto {
			t.Fatalf("%q: %v", data, err)
		}
	})
}

func checkAccepted(t *testing.T, data []byte) {
	if !json.Valid(data) || !utf8.Valid(data) || len(bytes.TrimSpace(data)) != len(data) {
		t.Fatalf("%q accepted", data)
	}
	if twice, proto := canon(t, data); twice || proto {
		t.Fatalf("%q accepted", data)
	}
	for s := range Strings(data) {
		var want string
		if err := json.Unmarshal(s, &want); err != nil || String(s) != want || !Is(s, want) {
			t.Fatalf("%s: %q, want %q", s, String(s), want)
		}
		if String(AppendQuote(nil, want)) != want {
			t.Fatalf("%q does not survive quoting", want)
		}
	}
	checkParts(t, data)
	again := ReplaceStrings(nil, data, func(_ int, s string) (string, bool) { return s, true })
	if Scan(again, Limits{Depth: 1000}) != nil || !sameJSON(again, data) {
		t.Fatalf("%s became %s", data, again)
	}
}

// checkParts takes data apart and puts it together again.
func checkParts(t *testing.T, data []byte) {
	var b []byte
	switch KindOf(data) {
	case Array:
		for e := range Elements(data) {
			b = append(append(b, ','), e...)
		}
		b = append([]byte("["), append(bytes.TrimPrefix(b, []byte(",")), ']')...)
	case Object:
		for k, v := range Members(data) {
			b = append(append(append(append(b, ','), k...), ':'), v...)
			if has, err := ScanFor(data, Limits{Depth: 1000}, String(k)); has != (String(k) != "") || err != nil {
				t.Fatalf("%s has %s: %v, %v", data, k, has, err)
			}
		}
		b = append([]byte("{"), append(bytes.TrimPrefix(b, []byte(",")), '}')...)
	default:
		return
	}
	if !sameJSON(b, data) {
		t.Fatalf("%s became %s", data, b)
	}
}

func sameJSON(a, b []byte) bool {
	var x, y bytes.Buffer
	if json.Compact(&x, a) != nil || json.Compact(&y, b) != nil {
		return false
	}
	var v, w any
	da, db := json.NewDecoder(&x), json.NewDecoder(&y)
	da.UseNumber()
	db.UseNumber()
	if da.Decode(&v) != nil || db.Decode(&w) != nil {
		return false
	}
	ja, _ := json.Marshal(v)
	jb, _ := json.Marshal(w)
	return bytes.Equal(ja, jb)
}

// Whatever the bytes, the functions that read parts end and do not panic.
func FuzzParts(f *testing.F) {
	for _, s := range append(accepted, refused...) {
		f.Add([]byte(s), "/a/0")
	}
	f.Fuzz(func(t *testing.T, data []byte, ptr string) {
		n := 0
		for e := range Elements(data) {
			n += len(e)
		}
		for k, v := range Members(data) {
			n += len(k) + len(v)
		}
		for s := range Strings(data) {
			n += len(s)
			if string(AppendString(nil, s)) != String(s) {
				t.Fatalf("%q: two readings", s)
			}
		}
		if n > 2*len(data) {
			t.Fatalf("%q: parts of %d bytes", data, n)
		}
		Pointer(data, ptr)
		SplitFirst(data)
		if out := ReplaceStrings(nil, data, func(int, string) (string, bool) { return "", false }); !bytes.Equal(out, data) {
			t.Fatalf("%q became %q", data, out)
		}
	})
}

func FuzzAppendQuote(f *testing.F) {
	f.Add("a\"\\\n\x00é\u2028\xff")
	f.Fuzz(func(t *testing.T, s string) {
		raw := AppendQuote(nil, s)
		if err := Scan(raw, Limits{}); err != nil {
			t.Fatalf("%s: %v", raw, err)
		}
		if got := String(raw); got != strings.ToValidUTF8(s, "\ufffd") && utf8.ValidString(s) {
			t.Fatalf("%q became %q", s, got)
		}
	})
}
