package services

import (
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"google.golang.org/genproto/googleapis/type/date"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/fieldmaskpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	storepb "github.com/acquis-eval/acquis/gen/acquis/store/v1"
	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
	"github.com/acquis-eval/acquis/server/apierr"
	"github.com/acquis-eval/acquis/server/contract"
	"github.com/acquis-eval/acquis/store"
)

// A versioned record is one of a resource with an etag.
type versioned interface {
	GetUid() uint64
	GetVersion() uint64
	GetUpdateTime() *timestamppb.Timestamp
}

// etag is the etag of a resource: a digest of which it is, its version and when it
// got that version. So it is accepted for no other resource, and for no other state
// of the same one after an older backup was restored.
func etag(record versioned) string {
	digest := store.Fingerprint("etag", strconv.FormatUint(record.GetUid(), 10), strconv.FormatUint(record.GetVersion(), 10),
		strconv.FormatInt(record.GetUpdateTime().AsTime().UnixMicro(), 10))
	return hex.EncodeToString(digest[:16])
}

// checkEtag refuses an etag that is not the current one.
func checkEtag(given string, record versioned, required bool) error {
	switch {
	case given == "" && required:
		return apierr.Invalid(acquispb.ErrorReason_ETAG_MISSING, apierr.Field("etag", "is required: read the resource and send the etag that it has, so that no change of others is lost; over REST also as If-Match"))
	case given == "" || given == etag(record):
		return nil
	}
	return apierr.New(codes.Aborted, acquispb.ErrorReason_ETAG_STALE, "the resource has changed since this etag; read it again")
}

// updatedPaths lists the fields that an update changes, in one spelling and order:
// those of the mask, or, if there is none, those that the request holds. Parts of a
// message may be named (birth_place.city), parts of a list may not.
func updatedPaths(rpc *contract.RPC, resource proto.Message, mask *fieldmaskpb.FieldMask) ([]string, error) {
	message := resource.ProtoReflect()
	if len(mask.GetPaths()) == 0 {
		var held []string
		for _, field := range rpc.Updatable {
			if message.Has(message.Descriptor().Fields().ByName(protoreflect.Name(field))) {
				held = append(held, field)
			}
		}
		slices.Sort(held)
		return held, nil
	}
	if slices.Equal(mask.GetPaths(), []string{"*"}) {
		return slices.Sorted(slices.Values(rpc.Updatable)), nil
	}
	normal := new(fieldmaskpb.FieldMask)
	for _, given := range mask.GetPaths() {
		path, rule := protoPath(message.Descriptor(), given)
		first, _, _ := strings.Cut(path, ".")
		switch {
		case rule != "":
			return nil, apierr.InvalidField("updateMask", rule)
		case !slices.Contains(rpc.Updatable, first):
			return nil, apierr.InvalidField("updateMask", fmt.Sprintf("names %q, which an update cannot change", given))
		}
		normal.Paths = append(normal.Paths, path)
	}
	normal.Normalize() // each once, and not with a part of itself
	return normal.GetPaths(), nil
}

// protoPath spells a path as the proto files do, or says what is wrong with it.
func protoPath(message protoreflect.MessageDescriptor, given string) (path, rule string) {
	if given == "*" {
		return "", `names "*", which must be the only path`
	}
	var names []string
	for part := range strings.SplitSeq(given, ".") {
		if message == nil {
			return "", fmt.Sprintf("names %q, a part of a field that is replaced as a whole", given)
		}
		field := contract.Field(message, part)
		if field == nil {
			return "", fmt.Sprintf("names %q, which %s does not have", given, strings.ToLower(string(message.Name())))
		}
		names = append(names, string(field.Name()))
		if message = field.Message(); field.IsList() {
			message = nil
		}
	}
	return strings.Join(names, "."), ""
}

// isPartOf tells whether a path names the field or a part of it.
func isPartOf(field string) func(path string) bool {
	return func(path string) bool {
		first, _, _ := strings.Cut(path, ".")
		return first == field
	}
}

// copyPaths sets fields of one message to what they are in another.
func copyPaths(into, from proto.Message, paths []string) {
	for _, path := range paths {
		copyPath(into.ProtoReflect(), from.ProtoReflect(), path)
	}
}

func copyPath(into, from protoreflect.Message, path string) {
	name, below, nested := strings.Cut(path, ".")
	field := into.Descriptor().Fields().ByName(protoreflect.Name(name))
	switch {
	case nested && (into.Has(field) || from.Has(field)):
		copyPath(into.Mutable(field).Message(), from.Get(field).Message(), below)
	case nested: // neither has it
	case from.Has(field):
		into.Set(field, from.Get(field))
	default:
		into.Clear(field)
	}
}

// keepsRest refuses an update that holds another value than the stored one for a
// field that no update changes: its caller means a change that would not happen. The
// same value is accepted, since clients send back what they read.
func keepsRest(rpc *contract.RPC, given, stored proto.Message, at string) error {
	var wrong []apierr.Violation
	now := stored.ProtoReflect()
	given.ProtoReflect().Range(func(field protoreflect.FieldDescriptor, value protoreflect.Value) bool {
		free := field.Name() == "etag" || slices.Contains(rpc.Updatable, string(field.Name()))
		if !free && !value.Equal(now.Get(field)) {
			wrong = append(wrong, apierr.Field(at+"."+field.JSONName(), "cannot be changed by an update: leave it out or send back what you read"))
		}
		return true
	})
	if wrong == nil {
		return nil
	}
	slices.SortFunc(wrong, func(a, b apierr.Violation) int { return strings.Compare(a.Field, b.Field) })
	return apierr.Invalid(acquispb.ErrorReason_INVALID_FIELD, wrong...)
}

func dateOf(d *date.Date) *storepb.Date {
	if d == nil {
		return nil
	}
	return &storepb.Date{Year: d.GetYear(), Month: d.GetMonth(), Day: d.GetDay()}
}

func dateFrom(d *storepb.Date) *date.Date {
	if d == nil {
		return nil
	}
	return &date.Date{Year: d.GetYear(), Month: d.GetMonth(), Day: d.GetDay()}
}
