package main

import (
	"encoding/binary"
	"encoding/json"
	"strings"
	"testing"

	siogw "github.com/siogw/siogw/sdk/go"
)

func use(t testing.TB, config string) {
	t.Helper()
	if err := siogw.Configure([]byte(config)); err != nil {
		t.Fatal(err)
	}
}

const (
	png = "\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"
	jpg = "\xff\xd8\xff\xe0\x00\x10JFIF\x00"
)

// samples: what files of each type begin with, and whether they pass as the plugin comes.
var samples = []struct {
	data, kind string
	passes     bool
}{
	{"", empty, true}, {png, "image/png", true}, {jpg, "image/jpeg", true}, {"GIF89a\x01\x00", "image/gif", true}, {"RIFF\x10\x00\x00\x00WEBPVP8 ", "image/webp", true},
	{"BM\x46\x00", "image/bmp", true}, {"II*\x00\x08", "image/tiff", true}, {"\x00\x00\x00\x1cftypavif", "image/avif", true}, {"\x00\x00\x00\x18ftypheic", "image/heic", true},
	{"\x00\x00\x00\x18ftypisom", "video/mp4", true}, {"\x00\x00\x00\x18ftypM4A ", "audio/mp4", true}, {"RIFF\x10\x00\x00\x00WAVEfmt ", "audio/wav", true}, {"OggS\x00\x02", "audio/ogg", true},
	{"\x1a\x45\xdf\xa3\x01", "video/webm", true}, {"ID3\x04\x00", "audio/mpeg", true}, {"fLaC\x00", "audio/flac", true}, {"%PDF-1.7\n", "application/pdf", true},
	{"PK\x03\x04\x14\x00a.txt", "application/zip", true}, {"PK\x03\x04[Content_Types].xml", "application/vnd.openxmlformats-officedocument", true},
	{"\x1f\x8b\x08", "application/gzip", true}, {strings.Repeat("a", 257) + "ustar\x00", "application/x-tar", true}, {"wOF2\x00", "font/woff2", true},
	{"hello, wörld\n", text, true}, {"a < b && c > d", text, true}, {"{\"a\":1}", text, true}, {"\x01\x02\x03", unknown, true}, {"x", text, true}, {"caf\xe9", unknown, true},
	{jpg + "<x:xmpmeta xmlns:x=\"adobe:ns:meta/\">", "image/jpeg", true},

	{"\x7fELF\x02\x01", "application/x-executable", false}, {"MZ\x90\x00", "application/x-msdownload", false}, {"\xcf\xfa\xed\xfe\x07", "application/x-mach-binary", false},
	{"\xca\xfe\xba\xbe\x00", "application/java-vm", false}, {"dex\n035\x00", "application/vnd.android.dex", false}, {"\x00asm\x01", "application/wasm", false}, {"CWS\x0a", "application/x-shockwave-flash", false},
	{"L\x00\x00\x00\x01\x14\x02\x00", "application/x-ms-shortcut", false}, {"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "application/x-ole", false},
	{"PK\x03\x04META-INF/MANIFEST.MF", "application/java-archive", false}, {"PK\x03\x04AndroidManifest.xml", "application/vnd.android.package-archive", false},
	{"#!/bin/sh\nid", script, false}, {"\ufeff#!/bin/sh", script, false}, {"<?php system('id');", script, false}, {"@ECHO OFF\r\n", script, false},
	{"<html><b>", markup, false}, {" \n<!DOCTYPE html>", markup, false}, {"text <ScRiPt>alert(1)", markup, false}, {"<!-- x -->", markup, false}, {"\xff\xfe<\x00h\x00t\x00m\x00l\x00", markup, false},
	{"<svg onload=alert(1)>", svg, false}, {"<?xml version=\"1.0\"?><svg/>", svg, false}, {"<?xml version=\"1.0\"?><a/>", xml, false},
	{"GIF89a/*<script>alert(1)</script>", polyglot, false}, {png + "<?php system($_GET[0]);", polyglot, false}, {jpg + "%PDF-1.4", polyglot, false}, {jpg + "PK\x03\x04", polyglot, false},
	{"BM<html>", polyglot, false}, {"%PDF-1.4 <html>", polyglot, false},
}

func view(texts ...string) []byte {
	out := binary.LittleEndian.AppendUint32(nil, uint32(len(texts)))
	for _, s := range texts {
		shown := s[:min(len(s), 4096)]
		out = binary.LittleEndian.AppendUint32(out, uint32(len(s)))
		out = append(binary.LittleEndian.AppendUint32(out, uint32(len(shown))), shown...)
	}
	return out
}

func judged(t *testing.T, texts ...string) string {
	t.Helper()
	out, _, err := siogw.Run(view(texts...))
	if err != nil || out != nil && !json.Valid(out) {
		t.Fatalf("%q: %s %v", texts, out, err)
	}
	return string(out)
}

func TestTypes(t *testing.T) {
	use(t, "")
	right := 0
	for _, s := range samples {
		kind := typeOf([]byte(s.data), len(s.data))
		if kind != s.kind {
			t.Errorf("%q is %s, want %s", s.data, kind, s.kind)
			continue
		}
		right++
		if passes := strings.HasPrefix(judged(t, s.data), `{"effect":"allow"`); passes != s.passes {
			t.Errorf("%q (%s): passes %v", s.data, kind, passes)
		}
	}
	t.Logf("%d of %d are told", right, len(samples))
}

// TestCut: a prefix that ends within a character is text all the same, and a whole that does is not.
func TestCut(t *testing.T) {
	long := strings.Repeat("é", 3000)
	for size, want := range map[int]string{6001: text, 4096: unknown} {
		shown := ("x" + long)[:4096]
		if got := typeOf([]byte(shown), size); got != want {
			t.Errorf("%d bytes: %s, want %s", size, got, want)
		}
	}
}

func TestConfig(t *testing.T) {
	defer use(t, "")
	for _, c := range []struct {
		config string
		texts  []string
		want   string
	}{
		{"", nil, ""},
		{"", []string{png, "hi"}, `{"effect":"allow","labels":{"types":["image/png","text/plain"]}}`},
		{"", []string{png, "MZ"}, `{"effect":"deny","code":"file-type","reason":"attachment of a type that is not allowed","data":{"type":"application/x-msdownload","attachment":1}}`},
		{`{"action":"drop"}`, []string{"MZ", png, "#!x"}, `{"effect":"allow","labels":{"types":["application/x-msdownload","image/png","text/x-script"]},"attachments":{"0":"","2":""}}`},
		{`{"allow":["image/*"]}`, []string{"<svg>"}, `{"effect":"deny","code":"file-type","reason":"attachment of a type that is not allowed","data":{"type":"image/svg+xml","attachment":0}}`},
		{`{"allow":["image/*","image/svg+xml"]}`, []string{"<svg>"}, `{"effect":"allow","labels":{"types":["image/svg+xml"]}}`},
		{`{"allow":["image/png"],"action":"drop"}`, []string{jpg}, `{"effect":"allow","labels":{"types":["image/jpeg"]},"attachments":{"0":""}}`},
		{`{"max":5}`, []string{"12345"}, `{"effect":"allow","labels":{"types":["text/plain"]}}`},
		{`{"max":5}`, []string{"123456"}, `{"effect":"deny","code":"file-type","reason":"attachment is too large","data":{"type":"text/plain","attachment":0}}`},
	} {
		use(t, c.config)
		if got := judged(t, c.texts...); got != c.want {
			t.Errorf("%s %q:\n got %s\nwant %s", c.config, c.texts, got, c.want)
		}
	}
	for _, config := range []string{`{"max":0}`, `{"max":"5"}`, `{"allow":["image/pgn"]}`, `{"allow":["pictures/*"]}`, `{"allow":"image/png"}`, `{"action":"keep"}`, `{"deny":[]}`, `{`, `1`} {
		if siogw.Configure([]byte(config)) == nil {
			t.Errorf("%s is accepted", config)
		}
	}
}

func FuzzTypeOf(f *testing.F) {
	for _, s := range samples {
		f.Add([]byte(s.data))
	}
	known := types()
	f.Fuzz(func(t *testing.T, b []byte) {
		kind := typeOf(b, len(b))
		for _, k := range known {
			if k == kind {
				return
			}
		}
		t.Fatalf("%q is of type %q, which is none", b, kind)
	})
}
