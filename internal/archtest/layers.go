// Package archtest holds the repository to its layout: which package may import which, where a heavy
// dependency lives, and how long a file and a function may be. See RATIONALE.md.
package archtest

// module is the module's path.
const module = "github.com/siogw/siogw"

// pkg says what is allowed to one package. Test files are held to the same, with `tests` in addition.
type pkg struct {
	layer int      // it may import packages of lower layers only
	heavy []string // heavy dependencies that it may import
	tests []string // heavy dependencies that its tests may import
	above bool     // its tests may import packages of any layer
}

// heavy names the dependencies that have one home, by import path prefix.
var heavy = map[string]string{
	"wazero":    "github.com/tetratelabs/wazero",
	"opa":       "github.com/open-policy-agent/opa",
	"go-plugin": "github.com/hashicorp/go-plugin",
	"gorilla":   "github.com/gorilla/websocket",
	"jwx":       "github.com/lestrrat-go/jwx",
	"jsonpatch": "github.com/evanphx/json-patch",
	"cobra":     "github.com/spf13/cobra",
	"metrics":   "github.com/prometheus/client_golang",
	"yaml":      "go.yaml.in/yaml",
	"schema":    "github.com/santhosh-tekuri/jsonschema",
	"acme":      "golang.org/x/crypto/acme",
	"proxy":     "github.com/pires/go-proxyproto",
}

// packages is every package of the module, below its path. A package that is not here fails the test:
// say where it belongs.
var packages = map[string]pkg{
	// Vocabulary and codecs: the standard library and each other.
	"internal/strictjson": {layer: 0},
	"internal/kv":         {layer: 0},
	"internal/memo":       {layer: 0},
	"internal/turn":       {layer: 0},
	"internal/ticket":     {layer: 0},
	"internal/backoff":    {layer: 0},
	"internal/alarm":      {layer: 0},
	"internal/clock":      {layer: 0},
	"internal/socket":     {layer: 0},
	"hostabi/meter":       {layer: 0, tests: []string{"wazero"}},
	"plugins/native/wire": {layer: 0},
	"policies":            {layer: 0, tests: []string{"opa"}},
	"engine":              {layer: 1},
	"engineio":            {layer: 1},
	"socketio":            {layer: 1},

	// Built on the vocabulary.
	"internal/compare":         {layer: 2},
	"internal/inputjson":       {layer: 2},
	"internal/rooms":           {layer: 2},
	"internal/shields":         {layer: 2},
	"internal/jsonpatch":       {layer: 2, heavy: []string{"jsonpatch"}},
	"engineio/internal/evloop": {layer: 0},
	"engineio/internal/wsconn": {layer: 2, heavy: []string{"gorilla"}},
	"hostabi":                  {layer: 2, heavy: []string{"wazero"}},
	"plugins/std":              {layer: 2},

	// Transports and adapters.
	"engineio/eioserver":    {layer: 3, heavy: []string{"gorilla"}},
	"engineio/eioclient":    {layer: 3, heavy: []string{"gorilla"}},
	"plugins/rego":          {layer: 3, heavy: []string{"opa"}},
	"plugins/rego/closures": {layer: 2, heavy: []string{"opa"}},
	"plugins/wasm":          {layer: 3, tests: []string{"wazero"}},
	"plugins/js":            {layer: 3, above: true},
	"sdk/native":            {layer: 1, heavy: []string{"go-plugin"}},
	"plugins/contract":      {layer: 3, heavy: []string{"schema", "yaml"}},

	// The enforcement point and what serves it.
	"plugins/rego/manage":  {layer: 4, heavy: []string{"opa", "metrics"}},
	"plugins/native":       {layer: 4, heavy: []string{"go-plugin"}},
	"hostabi/tck":          {layer: 4, above: true},
	"internal/pluginkit":   {layer: 5, heavy: []string{"yaml"}},
	"gateway":              {layer: 4, tests: []string{"gorilla"}},
	"internal/config":      {layer: 5, heavy: []string{"yaml"}},
	"internal/identity":    {layer: 5, heavy: []string{"jwx"}},
	"internal/decisionlog": {layer: 5},
	"internal/watch":       {layer: 0},
	"internal/listen":      {layer: 5, heavy: []string{"acme", "proxy"}},

	// The program.
	"internal/app":      {layer: 6, heavy: []string{"metrics"}},
	"internal/demo":     {layer: 7, heavy: []string{"jwx"}},
	"internal/scenario": {layer: 7, heavy: []string{"yaml"}},
	"internal/replay":   {layer: 7},
	"internal/cli":      {layer: 8, heavy: []string{"cobra", "metrics"}},
	"cmd/siogw":         {layer: 9},

	// Tests and their tools.
	"internal/siotest":    {layer: 0, heavy: []string{"gorilla"}},
	"internal/wasmtest":   {layer: 0},
	"internal/bundletest": {layer: 0, heavy: []string{"opa"}},
	"internal/proctest":   {layer: 0},
	"internal/archtest":   {layer: 0},
	"test/interop":        {layer: 9, tests: []string{"yaml"}, above: true},
	"test/advisories":     {layer: 9, above: true},
	"test/abuse":          {layer: 9, above: true},
	"test/sdk":            {layer: 9, above: true},
	"test/bench":          {layer: 9, heavy: []string{"gorilla"}, above: true},
}

// testTools may be imported by the tests of every layer, and by no package that ships but these.
var testTools = map[string][]string{"internal/siotest": {"test/bench"}, "internal/wasmtest": nil, "internal/bundletest": nil, "internal/proctest": nil}
