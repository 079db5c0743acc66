package transport

import (
	"net/url"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"github.com/grpc-ecosystem/grpc-gateway/v2/utilities"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/acquis-eval/acquis/server/apierr"
	"github.com/acquis-eval/acquis/server/contract"
)

// strictQuery refuses unknown query parameters. The library would ignore them,
// for instance a filter with a typo.
type strictQuery struct{ lenient runtime.DefaultQueryParser }

// Parse implements runtime.QueryParameterParser.
func (q strictQuery) Parse(message proto.Message, values url.Values, filter *utilities.DoubleArray) error {
	for key, given := range values {
		path := strings.Split(key, ".")
		if !hasField(message.ProtoReflect().Descriptor(), path) || filter.HasCommonPrefix(protoPath(message, path)) {
			return queryError{key, "is not a parameter of this call"}
		}
		if len(given) > 1 {
			return queryError{key, "is given more than once"}
		}
		if !utf8.ValidString(given[0]) {
			return queryError{key, "is not UTF-8"}
		}
	}
	if err := q.lenient.Parse(message, values, filter); err != nil {
		return queryError{"", "has a parameter with an invalid value"}
	}
	return nil
}

// queryError is distinguished from errors of the body by its prefix, because
// the generated code keeps only the text.
type queryError struct{ key, rule string }

const queryPrefix = "query parameter "

func (e queryError) Error() string {
	return queryPrefix + strconv.Quote(apierr.Clip(e.key, apierr.MaxFieldText)) + " " + e.rule
}

func hasField(message protoreflect.MessageDescriptor, path []string) bool {
	field := contract.Field(message, path[0])
	switch {
	case field == nil:
		return false
	case len(path) == 1:
		return true
	}
	return field.Message() != nil && hasField(field.Message(), path[1:])
}

// protoPath is a path in proto names, as in the generated filters.
func protoPath(message proto.Message, path []string) []string {
	descriptor := message.ProtoReflect().Descriptor()
	names := make([]string, 0, len(path))
	for _, name := range path {
		field := contract.Field(descriptor, name)
		names = append(names, string(field.Name()))
		descriptor = field.Message()
	}
	return names
}
