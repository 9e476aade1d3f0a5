// Package policies holds the first-party Rego and the JSON Schema of the input document.
package policies

import (
	"embed"
	"io/fs"
)

//go:embed baseline.rego
var files embed.FS

//go:embed lib/rbac.rego lib/rooms.rego lib/tenants.rego lib/owners.rego lib/grants.rego
//go:embed lib/moderation.rego lib/redaction.rego lib/network.rego lib/quota.rego
var lib embed.FS

// Schema is the JSON Schema of the input document (the input contract), which policies are type-checked
// against.
//
//go:embed schema/input.json
var Schema []byte

// Baseline gives the policy that decides where none is configured: it allows all that passed the limits
// and the canonical form, and so authorizes nothing.
func Baseline() fs.FS { return files }

// Library gives the modules that policies may use as data.siogw.lib.NAME, one file NAME.rego each.
func Library() fs.FS {
	sub, err := fs.Sub(lib, "lib")
	if err != nil { // the name is constant
		panic(err)
	}
	return sub
}
