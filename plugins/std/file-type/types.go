package main

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// Types that are not in the registry of media types, or that need a name of their own.
const (
	polyglot = "application/x-polyglot" // of two types at once, one of which runs
	unknown  = "application/octet-stream"
	text     = "text/plain"
	markup   = "text/html"
	script   = "text/x-script"
	svg      = "image/svg+xml"
	xml      = "text/xml"
	empty    = "application/x-empty"
)

// magic is what a type has at a place: most begin with it.
type magic struct {
	kind  string
	at    int
	bytes string
}

var magics = []magic{
	{"image/png", 0, "\x89PNG\r\n\x1a\n"}, {"image/jpeg", 0, "\xff\xd8\xff"}, {"image/gif", 0, "GIF87a"}, {"image/gif", 0, "GIF89a"},
	{"image/bmp", 0, "BM"}, {"image/x-icon", 0, "\x00\x00\x01\x00"}, {"image/tiff", 0, "II*\x00"}, {"image/tiff", 0, "MM\x00*"}, {"image/jxl", 0, "\xff\x0a"}, {"image/jp2", 4, "jP  \r\n\x87\n"},
	{"image/vnd.adobe.photoshop", 0, "8BPS"},
	{"audio/ogg", 0, "OggS"}, {"audio/flac", 0, "fLaC"}, {"audio/mpeg", 0, "ID3"}, {"audio/mpeg", 0, "\xff\xfb"}, {"audio/mpeg", 0, "\xff\xf3"}, {"audio/aac", 0, "\xff\xf1"}, {"audio/midi", 0, "MThd"},
	{"video/webm", 0, "\x1a\x45\xdf\xa3"}, {"video/mpeg", 0, "\x00\x00\x01\xba"}, {"video/x-flv", 0, "FLV\x01"},
	{"application/pdf", 0, "%PDF-"}, {"application/rtf", 0, "{\\rtf"}, {"application/x-ole", 0, "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"},
	{"application/zip", 0, "PK\x03\x04"}, {"application/zip", 0, "PK\x05\x06"}, {"application/gzip", 0, "\x1f\x8b"}, {"application/x-7z-compressed", 0, "7z\xbc\xaf\x27\x1c"}, {"application/vnd.rar", 0, "Rar!\x1a\x07"},
	{"application/x-xz", 0, "\xfd7zXZ\x00"}, {"application/x-bzip2", 0, "BZh"}, {"application/zstd", 0, "\x28\xb5\x2f\xfd"}, {"application/x-tar", 257, "ustar"}, {"application/vnd.ms-cab-compressed", 0, "MSCF"},
	{"application/x-sqlite3", 0, "SQLite format 3\x00"}, {"font/woff2", 0, "wOF2"}, {"font/woff", 0, "wOFF"},
	{"application/x-executable", 0, "\x7fELF"}, {"application/x-msdownload", 0, "MZ"}, {"application/x-mach-binary", 0, "\xfe\xed\xfa\xce"}, {"application/x-mach-binary", 0, "\xfe\xed\xfa\xcf"},
	{"application/x-mach-binary", 0, "\xce\xfa\xed\xfe"}, {"application/x-mach-binary", 0, "\xcf\xfa\xed\xfe"}, {"application/java-vm", 0, "\xca\xfe\xba\xbe"}, {"application/vnd.android.dex", 0, "dex\n03"},
	{"application/wasm", 0, "\x00asm"}, {"application/x-shockwave-flash", 0, "FWS"}, {"application/x-shockwave-flash", 0, "CWS"}, {"application/x-shockwave-flash", 0, "ZWS"}, {"application/x-ms-shortcut", 0, "L\x00\x00\x00\x01\x14\x02\x00"},
	{script, 0, "#!"},
}

// dangerous are types that run, or that a browser runs script in.
var dangerous = map[string]bool{"application/x-executable": true, "application/x-msdownload": true, "application/x-mach-binary": true, "application/java-vm": true,
	"application/vnd.android.dex": true, "application/wasm": true, "application/x-shockwave-flash": true, "application/x-ms-shortcut": true, "application/java-archive": true,
	"application/vnd.android.package-archive": true, script: true, markup: true, svg: true, xml: true, polyglot: true, "application/x-ole": true, "application/vnd.ms-cab-compressed": true}

// types gives all types that there are, sorted.
func types() []string {
	all := []string{polyglot, unknown, text, markup, svg, xml, empty, "image/webp", "audio/wav", "video/x-msvideo", "video/mp4", "image/avif", "image/heic", "audio/mp4",
		"application/java-archive", "application/vnd.android.package-archive", "application/vnd.openxmlformats-officedocument", "application/vnd.oasis.opendocument", "application/epub+zip"}
	for _, m := range magics {
		all = append(all, m.kind)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// typeOf tells what an attachment is by its first bytes.
func typeOf(b []byte, size int) string {
	if size == 0 {
		return empty
	}
	s := string(b)
	kind := byMagic(s)
	if kind == "" {
		return textual(s, size)
	}
	if kind == "application/zip" {
		kind = zipped(s)
	}
	if !dangerous[kind] && (active(strings.ToLower(s)) || foreign(s, kind)) {
		return polyglot
	}
	return kind
}

func byMagic(s string) string {
	for _, m := range magics {
		if len(s) >= m.at+len(m.bytes) && s[m.at:m.at+len(m.bytes)] == m.bytes {
			return m.kind
		}
	}
	if len(s) < 12 {
		return ""
	}
	switch {
	case s[:4] == "RIFF" && s[8:12] == "WEBP":
		return "image/webp"
	case s[:4] == "RIFF" && s[8:12] == "WAVE":
		return "audio/wav"
	case s[:4] == "RIFF" && s[8:12] == "AVI ":
		return "video/x-msvideo"
	case s[4:8] == "ftyp":
		return brand(s[8:12])
	}
	return ""
}

// brand is that of an ISO base media file (ISO/IEC 14496-12).
func brand(b string) string {
	switch b {
	case "avif", "avis":
		return "image/avif"
	case "heic", "heix", "hevc", "mif1", "msf1":
		return "image/heic"
	case "M4A ", "M4B ":
		return "audio/mp4"
	}
	return "video/mp4"
}

// zipped tells by the names of the first files what a ZIP archive is for.
func zipped(s string) string {
	for _, z := range [...]struct{ name, kind string }{{"AndroidManifest.xml", "application/vnd.android.package-archive"}, {"classes.dex", "application/vnd.android.package-archive"},
		{"META-INF/MANIFEST.MF", "application/java-archive"}, {"[Content_Types].xml", "application/vnd.openxmlformats-officedocument"},
		{"mimetypeapplication/vnd.oasis.opendocument", "application/vnd.oasis.opendocument"}, {"mimetypeapplication/epub+zip", "application/epub+zip"}} {
		if strings.Contains(s, z.name) {
			return z.kind
		}
	}
	return "application/zip"
}

// actives are what makes a browser or a server run what it is given as something else.
var actives = []string{"<script", "<html", "<!doctype html", "<svg", "<iframe", "<body", "<?php", "<%@", "javascript:"}

func active(low string) bool {
	return slices.ContainsFunc(actives, func(a string) bool { return strings.Contains(low, a) })
}

// foreign finds a PDF, whose header may stand anywhere in the first KiB, and an archive, in something else.
func foreign(s, kind string) bool {
	return kind != "application/pdf" && strings.Contains(s[:min(len(s), 1024)], "%PDF-") && strings.HasPrefix(kind, "image/") ||
		strings.HasPrefix(kind, "image/") && strings.Contains(s, "PK\x03\x04")
}

// textual tells what has no magic: markup, a script, text, or bytes.
func textual(s string, size int) string {
	if strings.HasPrefix(s, "\xff\xfe") || strings.HasPrefix(s, "\xfe\xff") {
		s = strings.ReplaceAll(s[2:], "\x00", "") // UTF-16, as far as it matters
	}
	low := strings.ToLower(strings.TrimLeft(strings.TrimPrefix(s, "\ufeff"), " \t\r\n\f"))
	switch {
	case strings.HasPrefix(low, "<svg"), strings.HasPrefix(low, "<?xml") && strings.Contains(low, "<svg"), strings.HasPrefix(low, "<!doctype svg"):
		return svg
	case strings.HasPrefix(low, "<?php"), strings.HasPrefix(low, "@echo off"), strings.HasPrefix(low, "#!"):
		return script
	case strings.HasPrefix(low, "<?xml"):
		return xml
	case active(low), strings.HasPrefix(low, "<!--"), strings.HasPrefix(low, "<!doctype"):
		return markup
	case plain(s, size):
		return text
	}
	return unknown
}

// plain reports UTF-8 without control characters; the last character shown may be cut.
func plain(s string, size int) bool {
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError && n == 1 && (len(s) == size || len(s)-i >= utf8.UTFMax) {
			return false
		}
		if r < ' ' && r != '\t' && r != '\n' && r != '\r' && r != '\f' || r == 0x7f {
			return false
		}
		i += n
	}
	return true
}
