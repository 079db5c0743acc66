// Package contract reads what the proto files declare about each RPC and
// message, so that there is no second list that could differ: roles and REST
// paths ([Read]), the size of requests ([Request]), the rules of fields
// ([Validator]), which lists have unique items.
//
// # How much a request may hold
//
// The proto file gives each list, string and bytes field a limit
// (buf.validate). A [Shape] has the limits of a message and checks raw bytes
// against them, as protobuf ([Shape.CheckWire]) or as JSON ([Shape.CheckJSON]),
// before anything is decoded: an item takes 2 bytes on the wire and a hundred
// in memory, so 16 MiB of empty items would become more than a gigabyte. A walk
// follows the descriptor, stops at the first limit that is exceeded, names the
// field as JSON does, and allocates only in that case.
//
// A [Request] also has the maximum size of the request: the sum of the limits
// of its fields, or max_request_bytes of the method.
//
// These checks come first and are coarse: texts are measured, not read. The
// content of fields is checked after decoding, by validation, which also counts
// characters exactly.
//
// # What can never happen
//
//   - An RPC without roles can be called.
//   - A request field without a limit: the shapes are read at the start, and
//     reading them fails.
//   - Accepted bytes need much more memory than a request within every limit: lists,
//     nested lists, duplicate fields, packed lists and unknown fields are counted or
//     refused.
//   - An error repeats long input: faults show a clipped part.
package contract
