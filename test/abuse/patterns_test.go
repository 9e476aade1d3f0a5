//go:build linux

package abuse

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// patterns are the ways in which Socket.IO servers are known to be abused, each with the test that fails when the
// gateway does not stop it: a flood, a set of bytes of this package, or package.Test, with a file of testdata after a
// slash where the test has many.
var patterns = []struct{ pattern, test string }{
	// Flooding and exhaustion.
	{"many namespaces on one connection", "flood: namespaces"},
	{"a loop of CONNECT and DISCONNECT", "flood: connect and disconnect"},
	{"very many sessions", "flood: sessions in number"},
	{"connections that never CONNECT", "flood: silent sessions"},
	{"polling sessions without a poll", "flood: handshakes without a poll"},
	{"a binary packet that is never complete", "flood: unfinished attachments"},
	{"the same on many connections", "flood: attachments of all sessions"},
	{"headers byte by byte", "flood: slow headers"},
	{"a body byte by byte", "flood: slow bodies"},
	{"a WebSocket frame byte by byte", "flood: slow frames"},
	{"a reader that does not read", "flood: slow readers"},
	{"a body of plain HTTP byte by byte", "gateway.TestSlowBodyOfPlainHTTP"},
	{"a body that nobody asked for, byte by byte", "gateway.TestSlowBodyOfNoRequest"},
	{"a reader of plain HTTP that does not read", "gateway.TestSlowReaderOfPlainHTTP"},
	{"pings without reading", "flood: pings"},
	{"tiny and empty fragments", "flood: tiny fragments"},
	{"events at line rate", "flood: events"},
	{"events at line rate, in one POST", "flood: one post of many packets"},
	{"pongs that nobody asked for", "flood: heartbeats"},
	{"pings of Engine.IO 3 at line rate", "engineio/eioserver.TestPongsAreBounded"},
	{"a deflate bomb", "engineio/internal/wsconn.TestDeflateBomb"},
	{"thousands of headers", "flood: headers in number"},
	{"long cookies", "flood: long cookies"},
	{"long addresses", "flood: long addresses"},
	{"upgrades that go nowhere", "flood: upgrade probes"},
	{"overlapping polls and posts", "engineio/eioserver.TestScripts/close.txt"},
	{"acks that nobody asked for, at line rate", "flood: acks that nobody asked for"},
	{"coming back after each refusal", "flood: coming back after each refusal"},
	{"memory of many sessions together", "flood: memory"},

	// Identity and cross-site.
	{"cross-site WebSocket hijacking", "bytes: websocket of another"},
	{"missing and null origins", "engineio/eioserver.TestOriginRequired"},
	{"a null origin by default", "bytes: null origin"},
	{"a stolen sid", "engineio/eioserver.TestStolenSID"},
	{"a guessed sid", "engineio/eioserver.TestStolenSID"},
	{"special names as a sid", "bytes: special sid"},
	{"a sid twice", "bytes: sid twice"},
	{"an upgrade with another revision", "engineio/eioserver.TestStolenSID"},
	{"JSONP by script inclusion", "bytes: script of another"},
	{"the admin namespace", "gateway.TestShieldStopsAConnect"},
	{"auth payloads of another type", "bytes: auth payloads"},
	{"forged proxy headers", "gateway.TestTrustedProxies"},

	// Payloads.
	{"deep nesting", "bytes: nesting"},
	{"deep nesting at line rate", "flood: deep nesting"},
	{"prototype keys", "bytes: prototype keys"},
	{"reserved events", "bytes: reserved events"},
	{"an event name that is no string", "bytes: event names"},
	{"a very long event name", "flood: long event names"},
	{"duplicate keys", "bytes: duplicate keys"},
	{"numbers that parsers read differently", "bytes: numbers"},
	{"ack ids of many digits", "bytes: ack ids"},
	{"invalid UTF-8 and lone surrogates", "bytes: invalid text"},
	{"white space and trailing bytes", "bytes: white space"},
	{"placeholders of another type", "bytes: placeholders"},
	{"a placeholder without binary", "bytes: no attachment"},
	{"attachment counts", "bytes: counts"},
	{"text instead of the attachment", "socketio.TestAttachmentsOutOfPlace"},
	{"a base64 attachment in a text frame", "engineio/eioserver.TestScripts/handshake.txt"},
	{"acks of ids never asked, or twice", "bytes: unasked acks"},
	{"packets that only servers send", "bytes: for servers"},
	{"packets that break off", "bytes: not finished"},

	// Ambiguity.
	{"namespace aliases", "bytes: namespaces"},
	{"a revision that servers read differently", "bytes: revision twice"},
	{"a transport twice", "bytes: transport twice"},
	{"paths that servers clean", "gateway.TestPassthroughGuardsEngineIO"},
	{"binary payloads of the wrong revision", "engineio/eioserver.TestScripts/close.txt"},
	{"an upgrade on another path", "bytes: foreign upgrade"},
	{"request smuggling", "bytes: two lengths"},
	{"WebSocket frames that are none", "bytes: unmasked"},
	{"foreign extensions", "engineio/internal/wsconn.TestOffered"},
}

// TestPatternsAreCovered: each pattern names a test that is there.
func TestPatternsAreCovered(t *testing.T) {
	own, err := os.ReadFile("bytes_test.go")
	if err != nil {
		t.Fatal(err)
	}
	used := map[string]bool{}
	for _, p := range patterns {
		kind, name, _ := strings.Cut(p.test, ": ")
		switch kind {
		case "flood":
			used[name] = true
			if !isFlood(name) {
				t.Errorf("%s: there is no flood %q", p.pattern, name)
			}
		case "bytes":
			if !strings.Contains(string(own), `"`+name+`": `) && !strings.Contains(string(own), `"`+name+`":`) {
				t.Errorf("%s: there are no bytes %q", p.pattern, name)
			}
		default:
			isTest(t, p.pattern, p.test)
		}
	}
	for _, f := range floods {
		if !used[f.name] {
			t.Errorf("no pattern names the flood %q", f.name)
		}
	}
}

func isFlood(name string) bool {
	for _, f := range floods {
		if f.name == name {
			return true
		}
	}
	return false
}

// isTest looks for dir.TestName, or dir.TestName/FILE with FILE in dir's testdata.
func isTest(t *testing.T, pattern, test string) {
	t.Helper()
	dir, name, _ := strings.Cut(test, ".")
	name, data, script := strings.Cut(name, "/")
	dir = filepath.Join("..", "..", dir)
	files, err := filepath.Glob(filepath.Join(dir, "*_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	found := false
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		found = found || strings.Contains(string(text), "func "+name+"(")
	}
	if !found {
		t.Errorf("%s: there is no %s", pattern, test)
	}
	if _, err := os.Stat(filepath.Join(dir, "testdata", data)); script && err != nil {
		t.Errorf("%s: %v", pattern, err)
	}
}
