package strictjson

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

var accepted = []string{
	`null`, `true`, `false`, `0`, `-0`, `-1`, `1.5`, `1e3`, `1E+3`, `1e-999`, `1.7976931348623157e308`,
	`9007199254740993`, `""`, `"a"`, `"é€😀"`, `"\u00e9\ud83d\ude00"`, `"\"\\\/\b\f\n\r\t\u0000"`, "\"\u2028\x7f\uffff\"",
	`[]`, `{}`, `[ ]`, "{\t\r\n }", `[1 , 2]`, `{"a" : 1 , "b":{"a":[]}}`, `[[],[[]],{}]`,
	`{"a":{"a":1},"b":{"a":1}}`, `{"":1}`, `[{"a":1},{"a":1}]`,
	`{"constructor":1,"prototype":2}`, `{"constructor":[{"prototype":1}]}`, `{"constructor":{"a":{"prototype":1}}}`,
	`{"__proto":1,"_proto__":2,"__proto___":3}`, `["__proto__"]`,
	`{"k1":1,"k2":2,"k3":3,"k4":4,"k5":5,"k6":6,"k7":7,"k8":8,"k9":9,"k10":10,"k11":11,"k12":12,"k13":13,"k14":14,"k15":15,"k16":16,"k17":17}`,
	`{"\u0061":1,"b":{"x":1,"y":2},"c":3}`,
}

var refused = []string{
	``, ` `, ` 1`, `1 `, "\ufeff1", `1 2`, `1,`, `tru`, `truE`, `nul`, `True`, `NaN`, `Infinity`, `undefined`,
	`+1`, `01`, `-`, `-01`, `1.`, `.5`, `1e`, `1e+`, `0x1`, `1_0`, `1e999`, `-1e999`, `1.8e308`,
	`"`, `"a`, `"\`, `"\x"`, `"\u12"`, `"\u123g"`, `"\U0041"`, `'a'`, "\"\n\"", "\"\x00\"", "\"\x1f\"",
	`"\ud800"`, `"\udc00"`, `"\ud800\ud800"`, `"\ud800x"`, `"\ud800\n"`, `"\ude00\ud83d"`,
	"\"\xff\"", "\"\xc0\x80\"", "\"\xed\xa0\x80\"", "\"\xf4\x90\x80\x80\"", "\"\xe2\x82\"", "\xff",
	`[`, `[1`, `[1,`, `[1,]`, `[,1]`, `[1 2]`, `[1}`, `]`, `[]]`,
	`{`, `{"a"`, `{"a":`, `{"a":1`, `{"a":1,`, `{"a":1,}`, `{,}`, `{a:1}`, `{1:1}`, `{"a" 1}`, `{"a",1}`, `{"a":1]`, `{}{}`,
	`{"a":1,"a":2}`, `{"a":1,"b":2,"a":3}`, `{"a":1,"\u0061":2}`, `{"\u0061":1,"a":2}`, `{"é":1,"\u00e9":2}`, `{"":1,"":2}`,
	`[{"x":{"y":1,"y":2}}]`, `{"a":{"b":1},"b":2,"a":3}`,
	`{"__proto__":1}`, `{"\u005f_proto__":1}`, `[{"a":{"__proto__":{}}}]`, `{"\u005f\u005f\u0070\u0072\u006f\u0074\u006f\u005f\u005f":1}`,
	`{"constructor":{"prototype":{}}}`, `{"constructor":{"a":1,"prototype":{}}}`, `{"c\u006fnstructor":{"prototyp\u0065":1}}`,
	`/**/1`, `[1]//`, "[1]\x00",
}

func TestScanAccepts(t *testing.T) {
	for _, s := range accepted {
		if err := Scan([]byte(s), Limits{}); err != nil {
			t.Errorf("%q: %v", s, err)
		}
	}
}

func TestScanRefuses(t *testing.T) {
	for _, s := range refused {
		err := Scan([]byte(s), Limits{})
		var e *Error
		if !errors.As(err, &e) || !errors.Is(err, ErrSyntax) {
			t.Errorf("%q: %v", s, err)
			continue
		}
		if e.Offset < 0 || e.Offset > len(s) || e.Msg == "" {
			t.Errorf("%q: offset %d, message %q", s, e.Offset, e.Msg)
		}
	}
}

func TestErrorSaysWhere(t *testing.T) {
	err := Scan([]byte(`{"a":1,"a":2}`), Limits{})
	if got := fmt.Sprint(err); got != "key given twice at byte 7" {
		t.Error(got)
	}
}

// objectOf gives an object of n different keys and then last.
func objectOf(n int, last string) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, `"key%d":%d,`, i, i)
	}
	return "{" + b.String() + last + "}"
}

func TestKeysOfLargeObjects(t *testing.T) {
	for _, n := range []int{1, 15, 16, 17, 18, 100, 20000} {
		if err := Scan([]byte(objectOf(n, `"last":{"key0":1,"key1":2}`)), Limits{}); err != nil {
			t.Errorf("%d: %v", n, err)
		}
		for _, twice := range []string{`"key0":0`, fmt.Sprintf(`"key%d":0`, n-1), `"\u006bey0":0`} {
			if err := Scan([]byte(objectOf(n, twice)), Limits{}); !errors.Is(err, ErrSyntax) {
				t.Errorf("%d keys and %s: %v", n, twice, err)
			}
		}
	}
}

// A large object within a large one must not lose the keys of the outer.
func TestNestedLargeObjects(t *testing.T) {
	inner := objectOf(30, `"z":1`)
	if err := Scan([]byte(objectOf(30, `"in":`+inner+`,"key3":1`)), Limits{}); !errors.Is(err, ErrSyntax) {
		t.Error(err)
	}
	if err := Scan([]byte(objectOf(3, `"in":`+inner+`,"key2":1`)), Limits{}); !errors.Is(err, ErrSyntax) {
		t.Error(err)
	}
	if err := Scan([]byte(objectOf(3, `"in":`+inner+`,"key3":1`)), Limits{}); err != nil {
		t.Error(err)
	}
}

func TestLimits(t *testing.T) {
	nested := func(n int) string { return strings.Repeat(`[`, n) + strings.Repeat(`]`, n) }
	objects := func(n int) string { return strings.Repeat(`{"a":`, n) + "1" + strings.Repeat(`}`, n) }
	for _, c := range []struct {
		name string
		in   string
		l    Limits
		want error
	}{
		{"depth at", nested(5), Limits{Depth: 5}, nil},
		{"depth over", nested(6), Limits{Depth: 5}, ErrDepth},
		{"object depth at", objects(5), Limits{Depth: 5}, nil},
		{"object depth over", objects(6), Limits{Depth: 5}, ErrDepth},
		{"default depth at", nested(32), Limits{}, nil},
		{"default depth over", nested(33), Limits{}, ErrDepth},
		{"very deep", strings.Repeat(`[`, 1<<20), Limits{}, ErrDepth},
		{"elements at", `[1,{"a":2,"b":[3]}]`, Limits{Elements: 5}, nil},
		{"elements over", `[1,{"a":2,"b":[3]}]`, Limits{Elements: 4}, ErrSize},
		{"default elements at", "[" + strings.Repeat("1,", 65535) + "1]", Limits{}, nil},
		{"default elements over", "[" + strings.Repeat("1,", 65536) + "1]", Limits{}, ErrSize},
		{"number at", `-1.5e3`, Limits{Number: 6}, nil},
		{"number over", `-1.5e30`, Limits{Number: 6}, ErrSize},
		{"digits at the double's end", strings.Repeat("9", 308), Limits{Number: 400}, nil},
		{"digits past the double", strings.Repeat("9", 310), Limits{Number: 400}, ErrSyntax},
	} {
		if err := Scan([]byte(c.in), c.l); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", c.name, err, c.want)
		}
	}
}

// Cut at any byte, a text that ends in a bracket or quote is none any more.
func TestTruncation(t *testing.T) {
	for _, s := range accepted {
		last := s[len(s)-1]
		if last != ']' && last != '}' && last != '"' {
			continue
		}
		for n := range len(s) {
			if Scan([]byte(s[:n]), Limits{}) == nil {
				t.Errorf("%q cut to %d bytes", s, n)
			}
		}
	}
}

const ordinary = `["message",{"room":"general","text":"hé, how are you?","n":[1,2.5,-3e2,true,null],"o":{"a":1,"b":""}}]`

func TestScanFor(t *testing.T) {
	for text, want := range map[string]bool{
		`{"k":1}`: true, `[[{"a":{"k":[]}}],2]`: true, `{"\u006b":1}`: true, objectOf(40, `"k":1`): true,
		`["k"]`: false, `{"a":"k"}`: false, `{"kk":1,"":2}`: false, `"k"`: false,
	} {
		if has, err := ScanFor([]byte(text), Limits{}, "k"); has != want || err != nil {
			t.Errorf("%s: %v, %v", text, has, err)
		}
	}
	if has, err := ScanFor([]byte(`{"":1}`), Limits{}, ""); has || err != nil {
		t.Error("the empty key is looked for")
	}
	if has, err := ScanFor([]byte(`{"k":1,"k":2}`), Limits{}, "k"); has || err == nil {
		t.Error("a text that is refused has a key")
	}
}

func TestScanDoesNotAllocate(t *testing.T) {
	data := []byte(ordinary)
	if n := testing.AllocsPerRun(100, func() { _ = Scan(data, Limits{}) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkScan(b *testing.B) {
	for _, c := range []struct{ name, in string }{
		{"ordinary", ordinary},
		{"keys16", objectOf(15, `"z":1`)},
		{"keys1000", objectOf(999, `"z":1`)},
		{"text64K", `"` + strings.Repeat("text ", 13000) + `"`},
	} {
		b.Run(c.name, func(b *testing.B) {
			data := []byte(c.in)
			b.SetBytes(int64(len(data)))
			b.ReportAllocs()
			for b.Loop() {
				if err := Scan(data, Limits{}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
