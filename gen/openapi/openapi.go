// Package openapi embeds the OpenAPI description of the REST interface, which
// "make generate" writes from the proto files.
package openapi

import _ "embed"

// JSON is the OpenAPI 2.0 document.
//
//go:embed acquis.swagger.json
var JSON []byte
