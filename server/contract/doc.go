// Package contract reads what the proto files say of each RPC and each message, so
// that no second list can disagree with them: roles and REST paths ([Read]), the
// rules of fields ([Validator]), which lists may not hold something twice.
//
// An RPC that declares no role admits nobody.
package contract
