package referentiel

import _ "embed"

// Schema is the JSON Schema (2020-12) of the files of référentiels, for editors. It
// refuses nothing that [Check] accepts; the reverse is beyond a schema, as are codes
// that are taken or positions. A test writes it from the descriptors and their limits.
//
//go:embed data/referentiel.schema.json
var schema string

// Schema returns it.
func Schema() string { return schema }
