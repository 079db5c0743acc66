package transport

import (
	"cmp"
	"maps"
	"net/url"
	"slices"
	"unicode/utf8"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"github.com/grpc-ecosystem/grpc-gateway/v2/utilities"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/dynamicpb"

	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
	"github.com/acquis-eval/acquis/server/apierr"
	"github.com/acquis-eval/acquis/server/contract"
)

// checkQuery refuses a query that the library would take otherwise than its
// sender meant: it would ignore unknown parameters, for instance a filter with a
// typo, use one of two values, and name no parameter with a wrong one.
func checkQuery(raw string, bound contract.Binding) error {
	switch {
	case raw == "":
		return nil
	case len(bound.Parameters) == 0:
		return badQuery(apierr.Field("query", "must be empty: this call takes no query parameters"))
	}
	values, err := url.ParseQuery(raw)
	if err != nil {
		return badQuery(apierr.Field("query", "must be name=value pairs joined by &, with escapes of two hexadecimal digits; a ; must be written %3B"))
	}
	var wrong []apierr.Violation
	given := make(map[protoreflect.Name]bool)
	for _, key := range slices.Sorted(maps.Keys(values)) {
		if rule := checkParameter(key, values[key], bound, given); rule != "" {
			wrong = append(wrong, apierr.Field(cmp.Or(key, "query"), rule))
		}
	}
	if len(wrong) > 0 {
		return badQuery(wrong...)
	}
	return nil
}

func badQuery(wrong ...apierr.Violation) error {
	return apierr.Invalid(acquispb.ErrorReason_UNKNOWN_PARAMETER, wrong...)
}

// checkParameter says what is wrong with a parameter, if anything. given has
// those that were met, since each has two names.
func checkParameter(key string, values []string, bound contract.Binding, given map[protoreflect.Name]bool) string {
	at := slices.IndexFunc(bound.Parameters, func(f protoreflect.FieldDescriptor) bool {
		return f.JSONName() == key || string(f.Name()) == key
	})
	if at < 0 {
		return "is not a parameter of this call"
	}
	field := bound.Parameters[at]
	switch {
	case given[field.Name()] || len(values) > 1:
		return "is given more than once"
	case !utf8.ValidString(values[0]):
		return "is not UTF-8"
	}
	given[field.Name()] = true
	alone := url.Values{key: values}
	empty := field.Message() != nil && values[0] == "" // a mask: the library would drop the one that the body implies
	if empty || runtime.PopulateQueryParameters(dynamicpb.NewMessage(field.ContainingMessage()), alone, utilities.NewDoubleArray(nil)) != nil {
		return "must be " + contract.Expected(field)
	}
	return ""
}
