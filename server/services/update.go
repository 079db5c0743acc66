package services

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"google.golang.org/genproto/googleapis/type/date"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	storepb "github.com/acquis-eval/acquis/gen/acquis/store/v1"
	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
	"github.com/acquis-eval/acquis/server/apierr"
	"github.com/acquis-eval/acquis/server/contract"
)

// etag is the etag of a version of a resource.
func etag(version uint64) string { return strconv.FormatUint(version, 10) }

// checkEtag refuses an etag that is not the current one.
func checkEtag(given string, version uint64, required bool) error {
	switch {
	case given == "" && required:
		return apierr.Invalid(acquispb.ErrorReason_ETAG_MISSING, apierr.Field("etag", "is required: it says which version the update changes"))
	case given == "" || given == etag(version):
		return nil
	}
	return apierr.New(codes.Aborted, acquispb.ErrorReason_ETAG_STALE, "the resource has changed since this etag; read it again")
}

// updatedFields lists the fields that an update changes: those of the mask, or,
// if there is none, those that the request holds. A field changes as a
// whole, so that only the first part of a path counts. Name and etag say what
// is changed, and output-only fields are ignored: clients send back what they
// read.
func (c *core) updatedFields(req, resource proto.Message, mask *fieldmaskpb.FieldMask, at string) ([]string, error) {
	allowed := c.contract.Of(req).Updatable
	message := resource.ProtoReflect()
	var fields []string
	for _, path := range mask.GetPaths() {
		first, _, _ := strings.Cut(path, ".")
		if first == "*" {
			return allowed, nil
		}
		known := contract.Field(message.Descriptor(), first)
		if known == nil {
			return nil, apierr.InvalidField("updateMask", fmt.Sprintf("names %q, which %s does not have", first, at))
		}
		field := string(known.Name())
		if slices.Contains(allowed, field) && !slices.Contains(fields, field) {
			fields = append(fields, field)
		}
	}
	if len(mask.GetPaths()) > 0 {
		return fields, nil
	}
	for _, field := range allowed {
		if message.Has(message.Descriptor().Fields().ByName(protoreflect.Name(field))) {
			fields = append(fields, field)
		}
	}
	return fields, nil
}

// copyFields sets fields of one message to what they are in another.
func copyFields(into, from proto.Message, fields []string) {
	target, origin := into.ProtoReflect(), from.ProtoReflect()
	for _, name := range fields {
		field := target.Descriptor().Fields().ByName(protoreflect.Name(name))
		if origin.Has(field) {
			target.Set(field, origin.Get(field))
		} else {
			target.Clear(field)
		}
	}
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
