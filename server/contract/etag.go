package contract

import (
	"slices"
	"strings"

	"google.golang.org/genproto/googleapis/api/annotations"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// An etagPath leads to the etag in a request: its own, or that of the resource
// that an update changes.
type etagPath []protoreflect.FieldDescriptor

func newEtagPath(request protoreflect.MessageDescriptor) etagPath {
	if own := request.Fields().ByName("etag"); own != nil {
		return etagPath{own}
	}
	if request.Fields().ByName("update_mask") == nil {
		return nil
	}
	resource := resourceField(request)
	return etagPath{resource, resource.Message().Fields().ByName("etag")}
}

// TakesEtag tells whether a request says which version of a resource it is about.
func (r *RPC) TakesEtag() bool { return len(r.etag) > 0 }

// Seen is the field of a request that says which version of something else its
// caller has seen, such as gridEtag; empty if there is none.
func (r *RPC) Seen() string { return r.seen }

func seen(request protoreflect.MessageDescriptor) string {
	for _, field := range fieldsWhere(request, func(f protoreflect.FieldDescriptor) bool {
		return strings.HasSuffix(string(f.Name()), "_etag")
	}) {
		return field.JSONName()
	}
	return ""
}

// SetEtag gives a request its etag, unless it has another one already.
func (r *RPC) SetEtag(request protoreflect.Message, etag string) (ok bool) {
	last := len(r.etag) - 1
	for _, field := range r.etag[:last] {
		request = request.Mutable(field).Message()
	}
	if given := request.Get(r.etag[last]).String(); given != "" {
		return given == etag
	}
	request.Set(r.etag[last], protoreflect.ValueOfString(etag))
	return true
}

// hasVersion tells whether a message is a resource with an etag that callers send
// back: such an etag stands for the whole of it.
func hasVersion(message protoreflect.MessageDescriptor) bool {
	field := message.Fields().ByName("etag")
	return field != nil && !slices.Contains(behaviorOf(field), annotations.FieldBehavior_OUTPUT_ONLY)
}
