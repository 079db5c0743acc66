package privacy

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"buf.build/gen/go/bufbuild/protovalidate/protocolbuffers/go/buf/validate"
	"google.golang.org/genproto/googleapis/api/annotations"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/acquis-eval/acquis/systemtest/world"
)

// A planter makes calls whose texts are marks: unique words, so that each output
// can be searched for them.
type planter struct {
	attested []string // codes
	*world.World
	calls     map[string]world.Door
	count     int
	planted   []mark          // in calls that were accepted
	tried     []mark          // a single string of a request; mostly refused
	fields    map[string]bool // "CreateCandidate candidate.birth_name": planted in a call that was accepted
	requests  []remembered
	answered  strings.Builder // errors, and headers of all answers
	malformed strings.Builder // errors that repeat what their own caller sent
}

// A mark is one planted word.
type mark struct{ word, rpc, field string }

// remembered is a request id that was used.
type remembered struct {
	rpc string
	key []byte // under which the store keeps it
}

var markForm = regexp.MustCompile(`Qz[0-9]{5}zQ`)

// word makes a new mark. It fits into every field: the shortest allows 9
// characters.
func (p *planter) word() string {
	p.count++
	return fmt.Sprintf("Qz%05dzQ", p.count)
}

// plant makes a call that must be accepted. Each * in its body becomes a mark,
// {id} a request id.
func (p *planter) plant(call world.Door, key, method, path, body string) map[string]any {
	p.T.Helper()
	for strings.Contains(body, "*") {
		body = strings.Replace(body, "*", p.word(), 1)
	}
	p.count++
	id := fmt.Sprintf("00000000-0000-4000-8000-%012d", p.count)
	path, body = strings.Replace(path, "{id}", id, 1), strings.Replace(body, "{id}", id, 1)
	a := call(key, method, path, body)
	if a.Code != "OK" {
		p.T.Fatalf("%s %s %s: %s", method, path, body, a.Raw)
	}
	p.answered.WriteString(a.Headers)
	r, request, err := world.Transcode(p.Routes, method, path, body)
	world.Must(p.T, err)
	p.requests = append(p.requests, remembered{rpc(r), fingerprint(key, "", strings.TrimPrefix(r.FullMethod, "/"), id)})
	eachString(request.ProtoReflect(), "", func(field, value string) {
		if markForm.MatchString(value) {
			p.fields[rpc(r)+" "+field] = true
			p.planted = append(p.planted, mark{value, rpc(r), field})
		}
	})
	return a.Body
}

// rpc is the name of the RPC: "CreateCandidate".
func rpc(r world.Route) string { return r.FullMethod[strings.LastIndex(r.FullMethod, "/")+1:] }

// eachString visits the strings of a message, and names them without indexes.
func eachString(m protoreflect.Message, prefix string, visit func(field, value string)) {
	m.Range(func(f protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		name := prefix + string(f.Name())
		values := []protoreflect.Value{v}
		if f.IsList() {
			values = nil
			for i := range v.List().Len() {
				values = append(values, v.List().Get(i))
			}
		}
		for _, value := range values {
			switch f.Kind() {
			case protoreflect.StringKind:
				visit(name, value.String())
			case protoreflect.MessageKind:
				eachString(value.Message(), name+".", visit)
			}
		}
		return true
	})
}

// A fieldPath leads from a request to a string.
type fieldPath []protoreflect.FieldDescriptor

func (path fieldPath) String() string {
	var names []string
	for _, f := range path {
		names = append(names, string(f.Name()))
	}
	return strings.Join(names, ".")
}

// stringFields lists the strings that callers can set.
func stringFields(d protoreflect.MessageDescriptor, above fieldPath) (all []fieldPath) {
	for i := range d.Fields().Len() {
		f := d.Fields().Get(i)
		behaviours, _ := proto.GetExtension(f.Options(), annotations.E_FieldBehavior).([]annotations.FieldBehavior)
		path := append(slices.Clip(above), f)
		switch {
		case slices.Contains(behaviours, annotations.FieldBehavior_OUTPUT_ONLY):
		case f.Kind() == protoreflect.StringKind:
			all = append(all, path)
		case f.Kind() == protoreflect.MessageKind && f.Message().ParentFile().Package() == "acquis.v1":
			all = append(all, stringFields(f.Message(), path)...)
		}
	}
	return all
}

// free tells whether a field is free text: its rule requires no form.
func (path fieldPath) free() bool {
	last := path[len(path)-1]
	rules, _ := proto.GetExtension(last.Options(), validate.E_Field).(*validate.FieldRules)
	text := rules.GetString()
	if last.IsList() {
		text = rules.GetRepeated().GetItems().GetString()
	}
	return text.GetPattern() == "" && !text.GetUuid()
}

// set puts a word at the end of the path, and returns the request.
func (path fieldPath) set(request proto.Message, word string) {
	message := request.ProtoReflect()
	for _, f := range path[:len(path)-1] {
		if f.IsList() {
			message = message.Mutable(f).List().AppendMutable().Message()
		} else {
			message = message.Mutable(f).Message()
		}
	}
	last, value := path[len(path)-1], protoreflect.ValueOfString(word)
	if last.IsList() {
		message.Mutable(last).List().Append(value)
	} else {
		message.Set(last, value)
	}
}

// plantEverywhere makes, for each string of each RPC, a call that contains only a
// mark there, even if the field requires another form. Most are refused.
func (p *planter) plantEverywhere(key string) (calls int) {
	target := strings.NewReplacer("(", "", ")", "", "[^/:]+", "none", "^", "", "$", "")
	for _, r := range p.Routes {
		for _, path := range stringFields(r.Input, nil) {
			word := p.word()
			p.tried = append(p.tried, mark{word, rpc(r), path.String()})
			request := world.NewMessage(r.Input)
			path.set(request, word)
			a, err := p.Invoke(p.T.Context(), key, r, request)
			world.Must(p.T, err)
			p.refused(path, a)
			at, body := target.Replace(r.Pattern.String()), ""
			at, body = restOf(r, at, path, request, word)
			p.refused(path, p.REST(key, r.Method, at, body))
			calls += 2
		}
	}
	return calls
}

// refused keeps an error. An error that names a missing resource, or an invalid
// part of a filter, repeats it to its own caller.
func (p *planter) refused(path fieldPath, a world.Answer) {
	p.answered.WriteString(a.Headers)
	last := path[len(path)-1].Name()
	if a.Code != "OK" && last != "name" && last != "filter" {
		p.answered.WriteString(a.Raw)
	}
}

// restOf writes a request of one field as a REST call.
func restOf(r world.Route, at string, path fieldPath, request proto.Message, word string) (target, body string) {
	field := path.String()
	if r.Method != "GET" {
		body = "{}"
	}
	json := func(m proto.Message) string {
		text, err := protojson.Marshal(m)
		if err != nil {
			panic(err) // a request with one string
		}
		return string(text)
	}
	switch {
	case slices.Contains(r.Fields, field):
		return strings.Replace(at, "none", word, 1), body
	case r.Body == "*":
		return at, json(request)
	case r.Body != "" && string(path[0].Name()) == r.Body:
		return at, json(request.ProtoReflect().Get(path[0]).Message().Interface())
	}
	return at + "?" + url.Values{path[0].JSONName(): {word}}.Encode(), body
}

// fingerprint is how the store names what it must find without keeping it: the
// hash of strings, each preceded by its length.
func fingerprint(parts ...string) []byte {
	hash := sha256.New()
	for _, part := range parts {
		hash.Write(binary.BigEndian.AppendUint64(nil, uint64(len(part))))
		hash.Write([]byte(part))
	}
	return hash.Sum(nil)
}
