// Package policies holds the first-party Rego and the JSON Schema of the input document.
package policies

import (
	"embed"
	"io/fs"
)

//go:embed baseline.rego
var files embed.FS

// Schema is the JSON Schema of the input document (the input contract), which policies are type-checked
// against.
//
//go:embed schema/input.json
var Schema []byte

// Baseline gives the policy that decides where none is configured: it allows all that passed the limits
// and the canonical form, and so authorizes nothing.
func Baseline() fs.FS { return files }
