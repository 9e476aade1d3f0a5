package wasm_test

import (
	"context"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"

	"github.com/siogw/siogw/engine"
	"github.com/siogw/siogw/plugins/wasm"
)

func binary2(first string) *engine.Input {
	in := message(`[{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]`)
	in.Attachments = []engine.Attachment{{Data: []byte(first)}, {}}
	return in
}

// TestAttachmentsView compares byte for byte with the example of ABI.md, section 4.
func TestAttachmentsView(t *testing.T) {
	want, err := hex.DecodeString(strings.ReplaceAll("02000000 46000000 04000000 89504e47 00000000 00000000", " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	m := answering(string(want))
	m.Funcs[1].Locals = "i"
	m.Funcs[1].Code = fmt.Sprintf(`local.get 1 i32.const %d i32.eq i32.eqz if - unreachable end
		loop - local.get 0 local.get 2 i32.add i32.load8_u 0 local.get 2 i32.load8_u 8 i32.eq i32.eqz if - unreachable end
		local.get 2 i32.const 1 i32.add local.tee 2 i32.const %d i32.lt_u br_if 0 end i64.const 0`, len(want), len(want))
	p, err := load(t, m, wasm.Options{Manifest: []byte(`{"abi":1,"view":"attachments","prefix":4}`)})
	if err != nil {
		t.Fatal(err)
	}
	png := "\x89PNG" + strings.Repeat("x", 66)
	for text, same := range map[string]bool{png: true, png + "y": false, "\x88PNG" + png[4:]: false} {
		if v := p.Decide(context.Background(), binary2(text)); (v.Err == nil) != same {
			t.Errorf("%q: %v", text, v.Err)
		}
	}
}

func TestPrefix(t *testing.T) {
	for manifest, ok := range map[string]bool{`{"abi":1,"view":"attachments"}`: true, `{"abi":1,"view":"attachments","prefix":65536}`: true,
		`{"abi":1,"view":"attachments","prefix":65537}`: false, `{"abi":1,"view":"attachments","prefix":-1}`: false, `{"abi":1,"view":"strings","prefix":4}`: false} {
		if _, err := wasm.ParseManifest([]byte(manifest)); (err == nil) != ok {
			t.Errorf("%s: %v", manifest, err)
		}
	}
}

func TestReplaceAttachments(t *testing.T) {
	for verdict, want := range map[string]string{
		`{"effect":"allow","attachments":{}}`:                                                           "old,",
		`{"effect":"allow","attachments":{"1":"aGk="}}`:                                                 "old,hi",
		`{"effect":"allow","attachments":{"0":"","1":"/+8="}}`:                                          ",\xff\xef",
		`{"effect":"allow","attachments":{"0":"aGk="},"args":["x"]}`:                                    `hi, ["x"]`,
		`{"effect":"allow","attachments":{"2":""}}`:                                                     "error",
		`{"effect":"allow","attachments":{"-1":""}}`:                                                    "error",
		`{"effect":"allow","attachments":{"00":""}}`:                                                    "error",
		`{"effect":"allow","attachments":{"0":null}}`:                                                   `, [null,{"_placeholder":true,"num":1}]`,
		`{"effect":"allow","attachments":{"1":null,"0":"aGk="}}`:                                        `hi, [{"_placeholder":true,"num":0},null]`,
		`{"effect":"allow","attachments":{"0":null},"args":["x"]}`:                                      `, ["x"]`,
		`{"effect":"allow","attachments":{"0":null},"args":[{"_placeholder":1}]}`:                       "error",
		`{"effect":"allow","attachments":{"2":null}}`:                                                   "error",
		`{"effect":"allow","attachments":{"0":7}}`:                                                      "error",
		`{"effect":"allow","attachments":{"1":null},"patch":[{"op":"add","path":"/args/-","value":1}]}`: `old, [{"_placeholder":true,"num":0},null,1]`,
		`{"effect":"allow","attachments":{"0":"aGk"}}`:                                                  "error",
		`{"effect":"allow","attachments":{"0":"aGl="}}`:                                                 "error",
		`{"effect":"allow","attachments":["aGk="]}`:                                                     "error",
		`{"effect":"deny","attachments":{}}`:                                                            "error",
	} {
		v := decide(t, verdict, binary2("old"))
		got := "error"
		if v.Err == nil {
			got = string(v.Attachments[0].Data) + "," + string(v.Attachments[1].Data)
			if v.Args != nil {
				got += " " + string(v.Args)
			}
		}
		if got != want {
			t.Errorf("%s: %q %v, want %q", verdict, got, v.Err, want)
		}
	}
}
