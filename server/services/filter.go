package services

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"go.einride.tech/aip/filtering"
	expr "google.golang.org/genproto/googleapis/api/expr/v1alpha1"
	"google.golang.org/protobuf/reflect/protoreflect"

	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
	"github.com/acquis-eval/acquis/server/apierr"
)

// A filter decides which resources of a list are wanted: AIP-160 over the
// fields that the list names.
type filter struct {
	root  *expr.Expr
	types map[int64]*expr.Type // of each expression, by its id
}

// values are the fields of one resource, by name: a string, []string (any of
// several spellings), bool or time.Time. Enums go by their names.
type values map[string]any

// parseFilter checks a filter against the fields that a list offers.
func parseFilter(request filtering.Request, fields ...filtering.DeclarationOption) (filter, error) {
	if dots(request.GetFilter()) > maxDots {
		return filter{}, badFilter(fmt.Sprintf("has more than %d dots outside of quotes", maxDots))
	}
	options := append([]filtering.DeclarationOption{
		filtering.DeclareStandardFunctions(),
		filtering.DeclareIdent("true", filtering.TypeBool),
		filtering.DeclareIdent("false", filtering.TypeBool),
	}, fields...)
	declarations, err := filtering.NewDeclarations(options...)
	if err != nil {
		return filter{}, err
	}
	parsed, err := filtering.ParseFilter(request, declarations)
	if err != nil {
		return filter{}, badFilter(err.Error())
	}
	f := filter{root: parsed.CheckedExpr.GetExpr(), types: parsed.CheckedExpr.GetTypeMap()}
	if f.root == nil {
		return f, nil
	}
	if _, err := f.eval(f.root, nil); err != nil {
		return filter{}, badFilter(err.Error())
	}
	return f, nil
}

// maxDots bounds a chain such as a.b.c, which the library reads in time and memory
// that grow with its square: 1,000 characters of it took 47 MB.
const maxDots = 30

// dots counts those that stand outside of quotes.
func dots(text string) (n int) {
	var quote rune
	escaped := false
	for _, r := range text {
		switch {
		case escaped:
			escaped = false
		case quote != 0 && r == '\\':
			escaped = true
		case r == quote:
			quote = 0
		case quote == 0 && (r == '"' || r == '\''):
			quote = r
		case quote == 0 && r == '.':
			n++
		}
	}
	return n
}

func badFilter(why string) error {
	why = strings.ReplaceAll(why, "check call expr: ", "") // the library's own path to the spot
	return apierr.Invalid(acquispb.ErrorReason_FILTER_INVALID, apierr.Field("filter", why))
}

func stringField(name string) filtering.DeclarationOption {
	return filtering.DeclareIdent(name, filtering.TypeString)
}

func enumField(name string, enum protoreflect.EnumType) filtering.DeclarationOption {
	return filtering.DeclareEnumIdent(name, enum)
}

// matches tells whether the filter wants a resource with these values.
func (f filter) matches(v values) (bool, error) {
	if f.root == nil {
		return true, nil
	}
	result, err := f.eval(f.root, v)
	if err != nil {
		return false, err
	}
	return result == true, nil
}

// equals returns the value that the filter demands of a field, where it is one
// comparison or a conjunction that holds one: lists use it to read an index.
func (f filter) equals(field string) (string, bool) {
	return demanded(f.root, field)
}

func demanded(e *expr.Expr, field string) (string, bool) {
	call := e.GetCallExpr()
	if call == nil || len(call.GetArgs()) != 2 {
		return "", false
	}
	left, right := call.GetArgs()[0], call.GetArgs()[1]
	switch call.GetFunction() {
	case filtering.FunctionAnd, filtering.FunctionFuzzyAnd:
		if value, ok := demanded(left, field); ok {
			return value, true
		}
		return demanded(right, field)
	case filtering.FunctionEquals:
		if left.GetIdentExpr().GetName() == field && right.GetConstExpr() != nil {
			return right.GetConstExpr().GetStringValue(), true
		}
	}
	return "", false
}

// eval computes an expression. Without values it only checks that it can be
// computed: every identifier then stands for nothing, or for some time.
func (f filter) eval(e *expr.Expr, v values) (any, error) {
	switch {
	case e.GetConstExpr() != nil:
		return constant(e.GetConstExpr())
	case e.GetIdentExpr() != nil:
		name := e.GetIdentExpr().GetName()
		if value, ok := v[name]; ok {
			return value, nil
		}
		if f.types[e.GetId()].GetWellKnown() == expr.Type_TIMESTAMP {
			return time.Time{}, nil
		}
		if name == "true" || name == "false" {
			return name == "true", nil
		}
		return name, nil // the name of an enum's value
	case e.GetCallExpr() != nil:
		return f.call(e.GetCallExpr(), v)
	}
	return nil, fmt.Errorf("this form of filter is not supported")
}

func constant(c *expr.Constant) (any, error) {
	switch kind := c.GetConstantKind().(type) {
	case *expr.Constant_StringValue:
		return kind.StringValue, nil
	case *expr.Constant_BoolValue:
		return kind.BoolValue, nil
	}
	return nil, fmt.Errorf("this form of value is not supported")
}

func (f filter) call(call *expr.Expr_Call, v values) (any, error) {
	args := make([]any, len(call.GetArgs()))
	for i, arg := range call.GetArgs() {
		var err error
		if args[i], err = f.eval(arg, v); err != nil {
			return nil, err
		}
	}
	switch function := call.GetFunction(); function {
	case filtering.FunctionNot:
		return args[0] != true, nil
	case filtering.FunctionAnd, filtering.FunctionFuzzyAnd:
		return args[0] == true && args[1] == true, nil
	case filtering.FunctionOr:
		return args[0] == true || args[1] == true, nil
	case filtering.FunctionTimestamp:
		return timeOf(args[0])
	default:
		return compare(function, args)
	}
}

func compare(function string, args []any) (any, error) {
	if len(args) != 2 {
		return nil, fmt.Errorf("the function %q is not supported", function)
	}
	switch function {
	case filtering.FunctionEquals:
		return equal(args[0], args[1])
	case filtering.FunctionNotEquals:
		same, err := equal(args[0], args[1])
		return !same, err
	}
	order, err := orderOf(args[0], args[1])
	if err != nil {
		return nil, err
	}
	switch function {
	case filtering.FunctionLessThan:
		return order < 0, nil
	case filtering.FunctionLessEquals:
		return order <= 0, nil
	case filtering.FunctionGreaterThan:
		return order > 0, nil
	case filtering.FunctionGreaterEquals:
		return order >= 0, nil
	}
	return nil, fmt.Errorf("the operator %q is not supported", function)
}

func equal(left, right any) (bool, error) {
	if _, several := right.([]string); several {
		left, right = right, left
	}
	switch left := left.(type) {
	case []string:
		return slices.Contains(left, fmt.Sprint(right)), nil
	case time.Time:
		right, err := timeOf(right)
		return left.Equal(right), err
	default:
		return fmt.Sprint(left) == fmt.Sprint(right), nil
	}
}

// orderOf compares two times. The library takes strings too, which have no order here.
func orderOf(left, right any) (int, error) {
	at, ok := left.(time.Time)
	if !ok {
		return 0, fmt.Errorf("only times can be compared by <, <=, > and >=")
	}
	than, err := timeOf(right)
	return at.Compare(than), err
}

// timeOf is a time, or the one that a string spells.
func timeOf(value any) (time.Time, error) {
	if at, ok := value.(time.Time); ok {
		return at, nil
	}
	return time.Parse(time.RFC3339Nano, fmt.Sprint(value))
}
