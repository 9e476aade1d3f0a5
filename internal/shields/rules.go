package shields

import (
	"bytes"
	"strings"

	"github.com/siogw/siogw/engine"
	"github.com/siogw/siogw/internal/strictjson"
)

// errorEvent: an EventEmitter throws when nobody listens to its event "error".
func errorEvent(in *engine.Input) bool { return in.Event == "error" && fromClient(in) }

// fromClient reports whether in is an event of a client, also one that is mapped to a room.
func fromClient(in *engine.Input) bool {
	return in.Direction == engine.In && (in.Kind == engine.Event || in.Kind == engine.Join || in.Kind == engine.Leave)
}

// createFile is the event that opens an upload of socket.io-file (index.js); its first argument describes the file.
const createFile = "socket.io-file::createFile"

// upload gives the description of a file that is to be created; ok is false for any other packet.
func upload(in *engine.Input) (file []byte, ok bool) {
	if in.Event != createFile || !fromClient(in) {
		return nil, false
	}
	file, _, _ = strictjson.SplitFirst(in.Args)
	return file, true
}

// uploadPath: the name goes to path.join as it is, and uploadTo looks a folder up in an object.
func uploadPath(in *engine.Input) bool {
	file, ok := upload(in)
	if !ok {
		return false
	}
	name, named := strictjson.Member(file, "name")
	to, elsewhere := strictjson.Member(file, "uploadTo")
	return !named || !plainName(name) || elsewhere && string(to) != `""` && (!plainName(to) || reachesPrototype(strictjson.String(to)))
}

// plainName reports whether raw is a string that names a file in a folder, on any system.
func plainName(raw []byte) bool {
	if strictjson.KindOf(raw) != strictjson.Text {
		return false
	}
	name := strictjson.String(raw)
	if strings.Trim(name, ". ") == "" || len(name) > 255 {
		return false
	}
	return !strings.ContainsFunc(name, func(c rune) bool { return c == '/' || c == '\\' || c == ':' || c < 0x20 || c == 0x7f })
}

// active are extensions that a server, a browser or a shell runs.
var active = func() map[string]bool {
	m := map[string]bool{}
	for ext := range strings.FieldsSeq(`js mjs cjs jsx ts tsx node wasm php php3 php4 php5 php7 php8 phps pht phtml phar
		asp aspx asa ashx asmx ascx cer cfm cfml jsp jspx jsw jsv jspf war jar cgi fcgi pl pm py pyc pyw rb rhtml sh bash zsh ksh
		bat cmd com exe dll so dylib scr msi ps1 psm1 vbs vbe wsf hta htm html xhtml xht shtml shtm stm svg svgz xml xsl
		xslt swf htaccess htpasswd config env`) {
		m[ext] = true
	}
	return m
}()

// uploadType looks at every part of the name: some servers run shell.php.png by its inner extension.
func uploadType(in *engine.Input) bool {
	file, ok := upload(in)
	if !ok {
		return false
	}
	raw, _ := strictjson.Member(file, "name")
	if strictjson.KindOf(raw) != strictjson.Text {
		return false // for uploadPath
	}
	_, rest, _ := strings.Cut(strings.ToLower(strictjson.String(raw)), ".")
	for part := range strings.SplitSeq(rest, ".") {
		part, _, _ = strings.Cut(part, ":") // shell.js::$DATA
		if active[strings.Trim(part, " /\x00")] {
			return true
		}
	}
	return false
}

// adminNamespace is that of @socket.io/admin-ui, in its default place.
func adminNamespace(in *engine.Input) bool {
	return in.Kind == engine.Connect && in.Direction == engine.In && in.Namespace == "/admin" &&
		(in.Identity == nil || !in.Identity.Authenticated)
}

// prototypeNames are the properties that every JavaScript object has.
var prototypeNames = [][]byte{
	[]byte("__proto__"), []byte("constructor"), []byte("hasOwnProperty"), []byte("isPrototypeOf"),
	[]byte("propertyIsEnumerable"), []byte("toLocaleString"), []byte("toString"), []byte("valueOf"),
	[]byte("__defineGetter__"), []byte("__defineSetter__"), []byte("__lookupGetter__"), []byte("__lookupSetter__"),
}

func reachesPrototype(name string) bool {
	for _, p := range prototypeNames {
		if bytes.Equal(p, []byte(name)) {
			return true
		}
	}
	return false
}
