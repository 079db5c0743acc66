package contract

import (
	"fmt"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
)

// MaxBytes is the size of the largest request of any RPC.
const MaxBytes = 8 << 20

// A Request has the size and shape of an RPC's request, from the proto files.
type Request struct {
	*Shape
	MaxWire int // most bytes as protobuf
	MaxJSON int // most bytes as JSON
}

// Requests has the requests of all RPCs by the name of their message, which is
// all that a codec knows.
type Requests map[protoreflect.FullName]*Request

// ReadRequests reads the requests of all services in the files.
func ReadRequests(files ...protoreflect.FileDescriptor) (Requests, error) {
	all := make(Requests)
	for _, file := range files {
		for i := range file.Services().Len() {
			methods := file.Services().Get(i).Methods()
			for j := range methods.Len() {
				if err := all.add(methods.Get(j)); err != nil {
					return nil, err
				}
			}
		}
	}
	return all, nil
}

// add reads one request. A message must be the request of only one method, so
// that its name determines the limit.
func (r Requests) add(method protoreflect.MethodDescriptor) error {
	name := method.Input().FullName()
	if _, taken := r[name]; taken {
		return fmt.Errorf("%s is the request of two methods", name)
	}
	shape, err := NewShape(method.Input())
	if err != nil {
		return err
	}
	request := &Request{Shape: shape, MaxWire: shape.size(wireSize), MaxJSON: shape.size(jsonSize)}
	stated, _ := proto.GetExtension(method.Options(), acquispb.E_MaxRequestBytes).(uint32)
	if stated > MaxBytes {
		return fmt.Errorf("%s: max_request_bytes is over %d", method.FullName(), MaxBytes)
	}
	if stated > 0 {
		request.MaxWire, request.MaxJSON = int(stated), int(stated)
	}
	r[name] = request
	return nil
}

// size adds up the limits of a message, up to [MaxBytes].
func (s *Shape) size(of func(f *field, content int) int) int {
	return s.top.size(of, make(map[*node]bool))
}

// size is the size of a message. Recursive ones have no limit of their own.
func (n *node) size(of func(f *field, content int) int, above map[*node]bool) int {
	if above[n] {
		return MaxBytes
	}
	above[n] = true
	defer delete(above, n)
	total := jsonSpace // the braces; on the wire some bytes too many
	for i := range n.fields {
		f, content := &n.fields[i], 0
		if f.inner != nil {
			content = f.inner.size(of, above)
		}
		if total += of(f, content); total >= MaxBytes {
			return MaxBytes
		}
	}
	return total
}

// wireSize is the size of a field as protobuf.
func wireSize(f *field, content int) int {
	const head = 7 // a tag and a length
	switch f.form {
	case message:
	case text, raw:
		content = f.bytes
	default:
		content = 10
	}
	return f.items * (head + content)
}

// jsonSpace is for punctuation and white space around a value.
const jsonSpace = 64

// jsonSize is the size of a field as JSON with every character escaped and some
// white space around each value.
func jsonSize(f *field, content int) int {
	const escaped = 12 // bytes of a character outside of the basic plane
	switch {
	case f.inner != nil && f.inner.text == 0:
	case f.form == text:
		content = escaped * f.letters
	default:
		content = f.letters
	}
	return jsonSpace + len(f.name) + f.items*(jsonSpace+content)
}
