package config

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/siogw/siogw/engine"
)

const up = "upstream: { url: 'http://127.0.0.1:3000' }\n" // one line, so that the mistake is on line 2

func TestDefaultsFileIsDefault(t *testing.T) {
	got, err := Parse("x", "", []byte(Defaults))
	errs, ok := err.(Errors)
	if !ok || len(errs) != 1 || errs[0].Key != "upstream.url" {
		t.Fatalf("want only upstream.url missing, got %v", err)
	}
	got.places = nil
	want := Default()
	normalise(got)
	normalise(want)
	if !reflect.DeepEqual(got, want) {
		t.Errorf("defaults.yaml differs from Default():\n%+v\n%+v", got, want)
	}
	for _, key := range keys() {
		last := key[strings.LastIndexByte(key, '.')+1:]
		if !strings.Contains(Defaults, last+":") {
			t.Errorf("defaults.yaml does not show %s", key)
		}
	}
}

// normalise makes nil and empty lists the same.
func normalise(c *Config) {
	var walk func(v reflect.Value)
	walk = func(v reflect.Value) {
		switch v.Kind() {
		case reflect.Struct:
			for i := range v.NumField() {
				if v.Type().Field(i).IsExported() {
					walk(v.Field(i))
				}
			}
		case reflect.Slice, reflect.Map:
			if v.Len() == 0 && v.CanSet() {
				v.SetZero()
			}
		}
	}
	walk(reflect.ValueOf(c).Elem())
}

// The whole contract: every section, as an operator writes it.
const contract = `listen: 127.0.0.1:8080
path: /socket.io/
upstream: { url: http://127.0.0.1:3000, eio: 4, passthrough: true }   # other paths go through as plain HTTP
admin: { listen: 127.0.0.1:9090 }                                       # health, metrics, console, API
tls: { cert_file: "", key_file: "" }
trusted_proxies: []
origins: []                       # exact; empty means same host
transports: [polling, websocket]
eio3: false
heartbeat: { interval: 25s, timeout: 20s }
limits: { payload: 1MiB, depth: 32, attachments: 16, namespaces: 16, connections: { total: 10000, per_ip: 100, rate_per_ip: 20/s }, events: { per_session: 100/s, per_event: { message: 10/s } } }
identity: { jwt: { from: [auth.token, header.authorization, cookie.session], secret_file: "", jwks: "", issuer: "", audience: "", algorithms: [RS256] }, roles_claim: roles, required: false }
rooms: { join: [{ namespace: /chat, event: join, room: /args/0 }], leave: [{ namespace: /chat, event: leave, room: /args/0 }], target: [{ namespace: /chat, event: message, room: /args/0/room }] }
contract: { files: [asyncapi.yaml], unknown_events: deny }
policy: { paths: [policies/], mode: enforce }
plugins:
  - { name: sanitize, source: std:html-sanitizer, match: { kinds: [event], namespaces: [/chat], events: [message] }, config: {}, memory: 16MiB, timeout: 5ms, on_error: deny, mode: enforce, phase: after_policy }
deny: { ack: true, event: siogw:denied, max_per_minute: 60 }
decision_log: { output: stdout, mask: [auth, args] }   # stdout, stderr, none, or a file
store: memory                     # or redis://…
`

func TestContract(t *testing.T) {
	c, err := Parse("siogw.yaml", "/etc/siogw", []byte(contract))
	if err != nil {
		t.Fatal(err)
	}
	if c.Limits.Events.PerEvent["message"] != (Rate{10, time.Second}) || c.Policy.Paths[0] != "/etc/siogw/policies" ||
		c.Plugins[0].Match.Kinds[0] != Kind(engine.Event) || c.Plugins[0].Memory != 16<<20 ||
		c.Rooms.Target[0] != (RoomRule{"/chat", "message", "/args/0/room"}) {
		t.Errorf("read as %+v", c)
	}
}

func TestErrors(t *testing.T) {
	const jwt = "identity: { jwt: { secret: 0123456789abcdef0123456789abcdef }, "
	tests := []struct{ name, yaml, want string }{
		{"unknown key", "polcy: {}", "2:1: polcy: unknown key, did you mean policy?"},
		{"unknown key below", "limits:\n  payload: 1KiB\n  atachments: 3", "4:3: limits.atachments: unknown key, did you mean limits.attachments?"},
		{"key of another section", "issuer: me", "2:1: issuer: unknown key, did you mean identity.jwt.issuer?"},
		{"key of another section, in one", "decision_log: { path: a }", "2:17: decision_log.path: unknown key; there are output, mask, and elsewhere path"},
		{"nothing near", "tls: { zzzzzzzzzz: 1 }", "2:8: tls.zzzzzzzzzz: unknown key; there are cert_file, key_file, client_ca_file, client_auth, min_version, http2, reload, auto"},
		{"plugin key", "plugins:\n  - name: a\n    source: std:b\n    on_eror: deny", "5:5: plugins.0.on_eror: unknown key, did you mean plugins.0.on_error?"},
		{"twice", "eio3: false\neio3: false", "3:1: eio3: given twice, first on line 2"},
		{"twice below", "limits: { depth: 1, depth: 2 }", "2:21: limits.depth: given twice, first on line 2"},
		{"string for section", "limits: 3", `2:9: limits: want a section (key: value), found the number 3`},
		{"number for string", "store: 3", `2:8: store: want a string, found the number 3: put it in quotes`},
		{"bool for string", "store: true", `2:8: store: want a string, found true: put it in quotes`},
		{"list for string", "store: [a]", `2:8: store: want a string, found a list`},
		{"string for list", "origins: https://a", `2:10: origins: want a list, found "https://a"`},
		{"list for map", "limits: { events: { per_event: [] } }", `2:32: limits.events.per_event: want a mapping (name: value), found a list`},
		{"bool", "eio3: yes", `2:7: eio3: want true or false, found "yes"`},
		{"quoted bool", "eio3: 'true'", `2:7: eio3: want true or false, found "true"`},
		{"number", "limits: { depth: many }", `2:18: limits.depth: want a whole number, found "many"`},
		{"fraction", "limits: { depth: 1.5 }", `2:18: limits.depth: want a whole number, found "1.5"`},
		{"too small", "limits: { depth: 0 }", `2:18: limits.depth: want at least 1, found "0"`},
		{"too large", "limits: { depth: 513 }", `2:18: limits.depth: want at most 512, found "513"`},
		{"negative", "deny: { max_per_minute: -1 }", `2:25: deny.max_per_minute: want at least 0, found "-1"`},
		{"duration", "heartbeat: { interval: 25 }", `2:24: heartbeat.interval: want a duration such as 30s, found "25"`},
		{"negative duration", "heartbeat: { interval: -1s }", `2:24: heartbeat.interval: want a duration such as 30s, found "-1s"`},
		{"short duration", "heartbeat: { interval: 999ms }", `2:24: heartbeat.interval: want at least 1s, found "999ms"`},
		{"long duration", "heartbeat: { interval: 601s }", `2:24: heartbeat.interval: want at most 10m, found "601s"`},
		{"byte rate", "limits: { traffic: { bytes: 5/s/s } }", `2:29: limits.traffic.bytes: want a rate such as 4MiB/s, or 0 for no limit, found "5/s/s"`},
		{"a small send buffer", "limits: { send_buffer: 255KiB }", `2:24: limits.send_buffer: want at least 256KiB, or 0 for room for the largest packet`},
		{"little memory", "limits: { memory: 1MiB }", `2:19: limits.memory: want at least 16MiB, or 0 for no limit`},
		{"prefix", "limits: { connections: { ipv6_prefix: 0 } }", `2:39: limits.connections.ipv6_prefix: want at least 16, found "0"`},
		{"codes", "responses: [{ action: ban, codes: [500-400] }]", `2:36: responses.0.codes.0: want a code such as 403, or a range such as 300-399, found "500-400"`},
		{"no action", "responses: [{ count: 2 }]", `2:13: responses.0.action: required: log, drop, error, throttle, mute, disconnect_retry, disconnect or ban`},
		{"action", "responses: [{ action: kick }]", `2:23: responses.0.action: want log or drop or error or throttle or mute or disconnect_retry or disconnect or ban, found "kick"`},
		{"bind", "session: { bind: ip }", `2:18: session.bind: want address or cookie or none, found "ip"`},
		{"size", "limits: { payload: 1 megabyte }", `2:20: limits.payload: want a size such as 64KiB, found "1 megabyte"`},
		{"small size", "limits: { payload: 1023 }", `2:20: limits.payload: want at least 1KiB, found "1023"`},
		{"cookie", "session: { cookie: a b }", `2:20: session.cookie: want the name of a cookie such as io, found "a b"`},
		{"rate", "limits: { connections: { rate_per_ip: fast } }", `2:39: limits.connections.rate_per_ip: want a rate such as 20/s, 100/m or 5/10s, or 0 for no limit, found "fast"`},
		{"rate in map", "limits: { events: { per_event: { a: 0/s } } }", `2:37: limits.events.per_event.a: want a rate such as 20/s, 100/m or 5/10s, or 0 for no limit, found "0/s"`},
		{"network", "trusted_proxies: [10.0.0.0/8, 10.0.0.0/33]", `2:31: trusted_proxies.1: want a network such as 10.0.0.0/8, an address, or unix, found "10.0.0.0/33"`},
		{"origin with path", "origins: [https://a.example/]", `2:11: origins.0: want an exact origin such as https://app.example.com, without a path, found "https://a.example/"`},
		{"wildcard", `origins: ["https://*.example"]`, `2:11: origins.0: origins are exact, there are no wildcards, found "https://*.example"`},
		{"enum", "transports: [tcp]", `2:14: transports.0: want polling or websocket, found "tcp"`},
		{"tagged enum", "log: { level: loud }", `2:15: log.level: want debug or info or warn or error, found "loud"`},
		{"mode", "policy: { mode: on }", `2:17: policy.mode: want enforce or monitor or off, found "on"`},
		{"algorithm none", "identity: { jwt: { algorithms: [none] } }", `2:33: identity.jwt.algorithms.0: want ` + strings.Join(algorithms, " or ") + `, found "none"`},
		{"token source", "identity: { jwt: { from: [body.token] } }", `2:27: identity.jwt.from.0: want auth.MEMBER, header.NAME, cookie.NAME or query.NAME, found "body.token"`},
		{"pointer", "rooms: { join: [{ event: join, room: args.0 }] }", `2:38: rooms.join.0.room: want a JSON pointer that begins with /args/, found "args.0"`},
		{"rooms that never match", "rooms: { join: [{ event: 'a*' }, { event: 'a{b}', room: '{b}' }] }", `2:34: rooms.join.1: can never match: rooms.join.0 comes before it and takes the same events`},
		{"a variable that is not there", "rooms: { left: [{ event: a, room: '{b}' }] }", `2:35: rooms.left.0.room: neither the namespace nor the event has a variable {b}, found "{b}"`},
		{"an event of the protocol", "rooms: { join: [{ event: disconnect }] }", `2:26: rooms.join.0.event: can never match: "disconnect" is the protocol's own and no event`},
		{"an event that is refused", "rooms: { join: [{ event: abcd }] }\nlimits: { event_name: 3 }", `2:26: rooms.join.0.event: can never match: longer than limits.event_name, 3`},
		{"a namespace that is refused", "rooms: { join: [{ event: a, namespace: /abc }] }\nlimits: { namespace_name: 3 }", `2:40: rooms.join.0.namespace: can never match: longer than limits.namespace_name, 3`},
		{"members of nothing", "rooms: { emits: members }", `2:17: rooms.emits: members needs rooms.target, which tells what emits are about`},
		{"answers", "rooms: { refused_ack: [{ at: /auth }] }", `2:30: rooms.refused_ack.0.at: want a JSON pointer that begins with /args/, found "/auth"`},
		{"event missing", "rooms: { leave: [{ room: /args/0 }] }", `2:18: rooms.leave.0.event: required`},
		{"namespace", "rooms: { target: [{ event: e, namespace: chat }] }", `2:42: rooms.target.0.namespace: want a namespace, which begins with a slash, found "chat"`},
		{"mask", "decision_log: { mask: [/session] }", `2:24: decision_log.mask.0: want auth, args, or a JSON pointer below /auth or /args, found "/session"`},
		{"kind", "plugins: [{ name: a, source: std:b, match: { kinds: [disconnect] } }]", `2:54: plugins.0.match.kinds.0: want handshake, connect, join, leave, event, ack or emit, found "disconnect"`},
		{"direction", "plugins: [{ name: a, source: std:b, match: { directions: [up] } }]", `2:59: plugins.0.match.directions.0: want in or out, found "up"`},
		{"plugin without name", "plugins: [{ source: std:b }]", `2:11: plugins.0.name: required`},
		{"plugin without source", "plugins: [{ name: a }]", `2:11: plugins.0.source: required: std:NAME, the path of a .wasm or .js file, or native:PATH`},
		{"plugin source", "plugins: [{ name: a, source: /x/a.py }]", `2:30: plugins.0.source: want std:NAME, the path of a .wasm or .js file, or native:PATH, found "/x/a.py"`},
		{"plugin name", "plugins: [{ name: 'a b', source: std:b }]", `2:19: plugins.0.name: want letters, digits, - and _, at most 64, found "a b"`},
		{"reserved name", "plugins: [{ name: policy, source: std:b }]", `2:19: plugins.0.name: "policy" is reserved`},
		{"name twice", "plugins: [{ name: a, source: std:b }, { name: a, source: std:b }]", `2:47: plugins.1.name: "a" is the name of plugins.0 too`},
		{"checksum", "plugins: [{ name: a, source: std:b, sha256: abcd }]", `2:45: plugins.0.sha256: want the 64 hex digits of a SHA-256, found "abcd"`},
		{"empty entry", "policy: { paths: [a, ] }\norigins:\n  -", `4:4: origins.0: an empty entry`},
		{"listen", "listen: localhost", `2:9: listen: want host:port or unix:/path, found "localhost"`},
		{"port", "listen: 127.0.0.1:70000", `2:9: listen: want host:port or unix:/path, found "127.0.0.1:70000"`},
		{"admin", "admin: { listen: '127.0.0.1:8080' }", `2:18: admin.listen: the same address as listen`},
		{"path", "path: socket.io", `2:7: path: want a folder that begins and ends with a slash, found "socket.io"`},
		{"root", "path: /", `2:7: path: want a folder that begins and ends with a slash, found "/"`},
		{"half of TLS", "tls: { cert_file: a.pem }", `2:6: tls: want both of cert_file and key_file, or neither`},
		{"no transports", "transports: []", `2:13: transports: want polling, websocket or both`},
		{"two keys", "identity: { jwt: { secret: s, public_key_file: k } }", `2:18: identity.jwt: want one of secret, public_key_file, jwks and discovery`},
		{"required without key", "identity: { required: true }", `2:23: identity.required: needs identity.jwt.secret, secret_file, public_key_file, jwks or discovery`},
		{"issuer without key", "identity: { jwt: { issuer: me } }", `2:28: identity.jwt.issuer: needs identity.jwt.secret, secret_file, public_key_file, jwks or discovery`},
		{"audience without key", "identity: { jwt: { audience: me } }", `2:30: identity.jwt.audience: needs identity.jwt.secret, secret_file, public_key_file, jwks or discovery`},
		{"nowhere to look", "identity: { jwt: { secret: s, from: [] } }", `2:37: identity.jwt.from: want at least one place of a token`},
		{"secret file missing", "identity: { jwt: { secret_file: /nowhere/s } }", `2:33: identity.jwt.secret_file: open /nowhere/s: no such file or directory`},
		{"two secrets", "identity: { jwt: { secret: s, secret_file: /nowhere/s } }", `2:44: identity.jwt.secret_file: identity.jwt.secret is set too: choose one`},
		{"store", "store: disk", `2:8: store: want memory, found "disk"`},
		{"reference", "store: ${NOT_SET}", `2:8: store: the environment has no ${NOT_SET} (write $${ for a literal ${)`},
		{"bad reference", "store: '${}'", `2:8: store: the environment has no ${ (write $${ for a literal ${)`},
		{"merge key", "limits: { <<: { depth: 3 } }", `2:11: limits: merge keys (<<) are not supported`},
		{"not JSON", "plugins: [{ name: a, source: std:b, config: { a: .inf } }]", `2:50: plugins.0.config.a: no JSON has .inf`},
		{"twice in free part", "plugins: [{ name: a, source: std:b, config: { a: 1, a: 2 } }]", `2:53: plugins.0.config.a: given twice, first on line 2`},
		{"second document", "---\nlisten: a", `2:1: a second document; the configuration is one`},
		{"parser", "parser: cbor", `2:9: parser: want json or msgpack, found "cbor"`},
		{"unknown events", "contract: { unknown_events: maybe }", `2:29: contract.unknown_events: want deny or allow, found "maybe"`},
		{"two issuers of a name", "identity: { issuers: [{ issuer: a, secret: s }, { issuer: a, secret: t }] }", `2:59: identity.issuers.1.issuer: the same as that of identity.issuers.0`},
		{"issuer without name", "identity: { issuers: [{ secret: s }] }", `2:23: identity.issuers.0.issuer: required: the iss of a token chooses`},
		{"issuer without keys", "identity: { issuers: [{ issuer: a }] }", `2:23: identity.issuers.0: want one of secret, secret_file, public_key_file, jwks and discovery`},
		{"places of one issuer", "identity: { issuers: [{ issuer: a, secret: s, from: [auth.t] }] }", `2:53: identity.issuers.0.from: want it in identity.jwt.from, for all issuers`},
		{"one and several", "identity: { jwt: { secret: s }, issuers: [{ issuer: a, secret: s }] }", `2:18: identity.jwt: identity.issuers is set too: want the keys in one of them`},
		{"issuers nowhere to look", "identity: { jwt: { from: [] }, issuers: [{ issuer: a, secret: s }] }", `2:26: identity.jwt.from: want at least one place of a token`},
		{"secret file of an issuer", "identity: { issuers: [{ issuer: a, secret_file: /nowhere/s }] }", `2:49: identity.issuers.0.secret_file: open /nowhere/s: no such file or directory`},
		{"claim without a name", "identity: { jwt: { secret: s, claims: [{ equals: 1 }] } }", `2:40: identity.jwt.claims.0.claim: required`},
		{"escape", `identity: { roles_claim: 'a\b' }`, `2:26: identity.roles_claim: want a path such as realm_access.roles, with \. for a dot in a name, found "a\\b"`},
		{"max age without key", "identity: { jwt: { max_age: 1h } }", `2:29: identity.jwt.max_age: needs identity.jwt.secret, secret_file, public_key_file, jwks or discovery`},
		{"certificate of nobody", "identity: { certificate: dns }", `2:26: identity.certificate: needs tls.client_ca_file: without it clients are asked for no certificate`},
		{"part of a certificate", "tls: { cert_file: c, key_file: k, client_ca_file: a }\nidentity: { certificate: ip }", `3:26: identity.certificate: want none or subject or common_name or dns or email or uri, found "ip"`},
		{"expiry", "identity: { on_expiry: kill }", `2:24: identity.on_expiry: want leave or close or ignore, found "kill"`},
		{"refresh is deny", "identity: { refresh_event: 'siogw:denied' }", `2:28: identity.refresh_event: is deny.event too`},
		{"told how", "identity: { upstream: { auth: tell } }", `2:31: identity.upstream.auth: want pass or strip or exchange, found "tell"`},
		{"nobody to tell of", "identity: { upstream: { auth: exchange } }", `2:31: identity.upstream.auth: there is nobody to tell of: needs identity.jwt, issuers, certificate or tickets`},
		{"keys that sign nothing", "identity: { upstream: { keys: [k] } }", `2:31: identity.upstream.keys: needs identity.upstream.auth: exchange`},
		{"no field", jwt + "upstream: { auth: exchange, field: '' } }", `2:99: identity.upstream.field: want the name of a member of the CONNECT payload`},
		{"no header", jwt + "upstream: { header: 'a b' } }", `2:84: identity.upstream.header: want the name of a header, or none`},
		{"header of the handshake", jwt + "upstream: { header: Cookie } }", `2:84: identity.upstream.header: Cookie is the handshake's own`},
		{"told by the refresh", jwt + "upstream: { auth: exchange, event: 'siogw:refresh' } }", `2:99: identity.upstream.event: is identity.refresh_event or deny.event too`},
		{"keys in Engine.IO", jwt + "upstream: { auth: exchange, jwks_path: /socket.io/keys } }", `2:103: identity.upstream.jwks_path: is where Engine.IO answers (path)`},
		{"keys at no path", jwt + "upstream: { auth: exchange, jwks_path: keys } }", `2:103: identity.upstream.jwks_path: want a path such as /.well-known/jwks.json`},
		{"short lifetime", jwt + "upstream: { lifetime: 9s } }", `2:86: identity.upstream.lifetime: want at least 10s, found "9s"`},
		{"long lifetime", jwt + "upstream: { lifetime: 2h } }", `2:86: identity.upstream.lifetime: want at most 1h, found "2h"`},
		{"weak ticket secret", "identity: { tickets: { secret: 0123456789abcdef0123456789abcde } }", `2:32: identity.tickets.secret: want at least 32 bytes: who finds it can be anybody`},
		{"tickets from nowhere", "identity: { tickets: { secret: 0123456789abcdef0123456789abcdef, from: [] } }", `2:72: identity.tickets.from: want at least one place of a ticket`},
		{"tickets without a place", "admin: { listen: '' }\nidentity: { tickets: { secret: 0123456789abcdef0123456789abcdef } }", `3:22: identity.tickets: needs admin.listen, where tickets are given`},
		{"ticket ttl", "identity: { tickets: { ttl: 11m } }", `2:29: identity.tickets.ttl: want at most 10m, found "11m"`},
		{"stale", "identity: { fetch: { stale: 1s } }", `2:29: identity.fetch.stale: want at least 1m, found "1s"`},
		{"not yet: store", "store: redis://:pw@h", "2:8: store: redis is not supported yet: each gateway counts and remembers by itself (store: memory); a list that " +
			"several gateways share, such as of revoked tokens, is a native plugin: see examples/revocation"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Parse("siogw.yaml", "/etc/siogw", []byte(up+tt.yaml+"\n"))
			if err == nil {
				t.Fatal("accepted")
			}
			if want := "siogw.yaml:" + tt.want; err.Error() != want {
				t.Errorf("got  %s\nwant %s", err, want)
			}
		})
	}
}

func TestMsgpackNeedsRevision4(t *testing.T) {
	for _, yaml := range []string{"upstream: { url: http://h, eio: 3 }", "upstream: { url: http://h }\neio3: true"} {
		_, err := Parse("f", "", []byte("parser: msgpack\n"+yaml))
		if want := "f:1:9: parser: msgpack needs Engine.IO 4 on both sides"; err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", yaml, err, want)
		}
	}
}

func TestUpstreamErrors(t *testing.T) {
	tests := []struct{ yaml, want string }{
		{"", "upstream.url: required: the address of the Socket.IO server, such as http://127.0.0.1:3000"},
		{"upstream: { url: '127.0.0.1:3000' }", `1:18: upstream.url: want an http or https URL, found "127.0.0.1:3000"`},
		{"upstream: { url: 'ftp://h' }", `1:18: upstream.url: want an http or https URL, found "ftp://h"`},
		{"upstream: { url: 'http://u:p@h' }", `1:18: upstream.url: want a URL without user, query and fragment`},
		{"upstream: { url: 'http://h?x' }", `1:18: upstream.url: want a URL without user, query and fragment, found "http://h?x"`},
		{"upstream: { url: 'http://h', eio: 5 }", `1:35: upstream.eio: want at most 4, found "5"`},
	}
	for _, tt := range tests {
		_, err := Parse("f", "", []byte(tt.yaml))
		want := "f:" + tt.want
		if tt.yaml == "" {
			want = "f: " + tt.want
		}
		if err == nil || err.Error() != want {
			t.Errorf("%s:\ngot  %v\nwant %s", tt.yaml, err, want)
		}
	}
}

func TestSyntaxErrorsNameTheLine(t *testing.T) {
	for _, tt := range []struct {
		yaml string
		line int
	}{
		{"a: b: c", 1},
		{"listen: x\n\tpath: y", 1},
		{"listen: x\npath: 'y\n", 2},
		{"listen: x\nplugins: [a\n", 2},
		{"listen: *nowhere", 1},
		{"a: 1\nb: 2\nc: {x: 1\nd: 3\n", 3},
		{"a: 1\nb:\n  - x\n  y: 1\n", 3},
		{"a: 1\nb: [x, y]]\n", 1},
		{"a: 1\n\nb: \"x\\q\"\n", 3},
		{"a: 1\nb: @x\n", 2},
	} {
		_, err := Parse("f", "", []byte(tt.yaml))
		errs, _ := err.(Errors)
		if len(errs) == 0 || !strings.HasPrefix(errs[0].Message, "not YAML, in what begins here: ") {
			t.Errorf("%q: %v", tt.yaml, err)
		} else if errs[0].Line != tt.line {
			t.Errorf("%q: line %d, want %d: %v", tt.yaml, errs[0].Line, tt.line, err)
		}
	}
}

func TestAllErrorsAreTold(t *testing.T) {
	_, err := Parse("f", "", []byte("eio3: maybe\nplugins: [{}]\nlistn: x\ntls: 3\n"))
	want := `f: upstream.url: required: the address of the Socket.IO server, such as http://127.0.0.1:3000
f:1:7: eio3: want true or false, found "maybe"
f:2:11: plugins.0.name: required
f:2:11: plugins.0.source: required: std:NAME, the path of a .wasm or .js file, or native:PATH
f:3:1: listn: unknown key, did you mean listen?
f:4:6: tls: want a section (key: value), found the number 3`
	if err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
}

func TestAliasesMultiplyNothing(t *testing.T) {
	var b strings.Builder
	b.WriteString(up + "plugins:\n- name: a\n  source: std:b\n  config:\n    a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n")
	for i := 1; i < 12; i++ {
		fmt.Fprintf(&b, "    a%d: &a%d [%s]\n", i, i, strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*a%d,", i-1), 10), ","))
	}
	if _, err := Parse("f", "", []byte(b.String())); err == nil || !strings.Contains(err.Error(), "too many values") {
		t.Errorf("got %v", err)
	}
}

func TestSecretsAreNotPrinted(t *testing.T) {
	c, err := Parse("f", "", []byte(up+"identity: { jwt: { secret: hunter2hunter2hunter2hunter2hunter2 } }"))
	if err != nil {
		t.Fatal(err)
	}
	for _, format := range []string{"%v", "%+v", "%#v", "%s"} {
		if out := fmt.Sprintf(format, *c); strings.Contains(out, "hunter2") {
			t.Errorf("%s prints the secret", format)
		}
	}
}

func TestFiles(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "secret", "line one\n\n")
	write(t, dir, "siogw.yaml", up+"identity: { jwt: { secret_file: secret } }\ndecision_log: { output: log/d.jsonl }\n")
	c, err := Load(filepath.Join(dir, "siogw.yaml"), nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	if c.Identity.JWT.Secret != "line one\n" { // one newline is trimmed, no more
		t.Errorf("secret %q", string(c.Identity.JWT.Secret))
	}
	if want := filepath.Join(dir, "log/d.jsonl"); string(c.DecisionLog.Output) != want {
		t.Errorf("output %s, want %s", c.DecisionLog.Output, want)
	}
	_, err = Load(filepath.Join(dir, "none.yaml"), nil, nil)
	if want := filepath.Join(dir, "none.yaml") + ": no such file or directory"; err == nil || !strings.HasPrefix(err.Error(), want) {
		t.Errorf("got %v, want %s", err, want)
	}
	write(t, dir, "large.yaml", strings.Repeat("#", maxFile+1))
	if _, err = Load(filepath.Join(dir, "large.yaml"), nil, nil); err == nil || !strings.Contains(err.Error(), "larger than") {
		t.Errorf("got %v", err)
	}
}

func write(t *testing.T, dir, name, content string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(contract))
	f.Add([]byte(Defaults))
	f.Add([]byte("a: &a [*a]"))
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := Parse("f", "/", data)
		if c == nil {
			t.Fatal("no configuration")
		}
		if errs, ok := err.(Errors); err != nil && (!ok || len(errs) == 0) {
			t.Fatalf("%T %v", err, err)
		}
	})
}
