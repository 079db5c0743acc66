// Package contract reads what the proto files say of each RPC and each message, so
// that no second list can disagree with them: roles and REST paths ([Read]), how
// much a request may hold ([Request]), the rules of fields ([Validator]), which
// lists may not hold something twice.
//
// # How much a request may hold
//
// The proto file gives each list, string and bytes field a limit (buf.validate).
// A [Shape] holds those of a message and checks raw bytes against them, as protobuf
// ([Shape.CheckWire]) or as JSON ([Shape.CheckJSON]), before anything is decoded:
// an item takes 2 bytes on the wire and a hundred in memory, so that 16 MiB of
// empty items would become more than a gigabyte. A walk goes along the descriptor,
// stops at the first limit that is broken, names the field as JSON does, and
// allocates nothing unless it does so.
//
// A [Request] adds how many bytes an RPC reads at all: what the limits of its
// fields add up to, or what the method states as max_request_bytes.
//
// These checks come first and are coarse: texts are measured, not read. What a
// field may say is checked once it is decoded, by validation, which also counts
// the characters of texts that are within 4 bytes for each.
//
// # What can never happen
//
//   - An RPC that declares no role is callable: none admits nobody.
//   - A request field without a limit: the shapes are read at the start, and
//     reading them fails.
//   - Bytes that pass take much more memory than a request that is within every
//     limit: lists, lists within lists, single fields that stand twice, packed
//     lists and fields that nobody knows are counted or refused.
//   - What a caller wrote is repeated to them at length: faults show a clipped part.
package contract
