package referentiel

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	storepb "github.com/acquis-eval/acquis/gen/acquis/store/v1"
	"go.yaml.in/yaml/v4"
)

// MaxFile is the size of the largest file that is read, in bytes.
const MaxFile = 4 << 20

// Parse reads a référentiel from the content of a YAML file and checks it. It
// returns all errors at once as [Problems]: those of the file, and what [Check]
// finds in the rest. Only a simple part of YAML is supported: keys of the
// format, texts, numbers, lists; no anchors, no second document.
func Parse(file string, data []byte) (*storepb.Referentiel, error) {
	return parse(file, data, Check)
}

func parse(file string, data []byte, check func(*storepb.Referentiel) []Problem) (*storepb.Referentiel, error) {
	root, problem := document(data)
	if problem != nil {
		problem.File = file
		return nil, Problems{*problem}
	}
	r := new(storepb.Referentiel)
	d := &decoder{lines: map[string]int{"": root.Line}}
	d.message(root, r.ProtoReflect(), "")
	problems := slices.Concat(d.problems, d.locate(check(r)))
	if len(problems) == 0 {
		return r, nil
	}
	slices.SortStableFunc(problems, func(a, b Problem) int { return cmp.Compare(a.Line, b.Line) })
	for i := range problems {
		problems[i].File = file
	}
	return nil, Problems(problems)
}

// document reads the one document of a file.
func document(data []byte) (*yaml.Node, *Problem) {
	if len(data) > MaxFile {
		return nil, &Problem{Message: fmt.Sprintf("is larger than %d MiB", MaxFile>>20)}
	}
	if problem := encoding(data); problem != nil {
		return nil, problem
	}
	loader, err := yaml.NewLoader(bytes.NewReader(data))
	if err != nil {
		return nil, syntax(err)
	}
	var doc, second yaml.Node
	switch err := loader.Load(&doc); {
	case errors.Is(err, io.EOF):
		return nil, &Problem{Line: 1, Message: "is empty"}
	case err != nil:
		return nil, syntax(err)
	}
	switch err := loader.Load(&second); {
	case err == nil:
		return nil, &Problem{Line: second.Line, Message: "must be one document: remove everything after ---"}
	case !errors.Is(err, io.EOF):
		return nil, syntax(err)
	}
	if doc.Kind != yaml.DocumentNode || len(doc.Content) != 1 {
		return nil, &Problem{Line: 1, Message: "is empty"}
	}
	return doc.Content[0], nil
}

// encoding refuses what is not UTF-8, before the library calls it no YAML: editors on
// older machines save accents otherwise.
func encoding(data []byte) *Problem {
	at := 0
	for line := range bytes.Lines(data) {
		if at++; !utf8.Valid(line) {
			return &Problem{Line: at, Message: "is not UTF-8: save the file as UTF-8"}
		}
	}
	return nil
}

// notYAML begins what is said of such a file; the library's reason follows, which often
// names what is only a consequence.
const notYAML = "is not YAML; look at indentation, colons, quotes and brackets here and on the line before: "

// syntax is the error of the YAML library about a file that is not YAML.
func syntax(err error) *Problem {
	if load, ok := errors.AsType[*yaml.LoadError](err); ok {
		return &Problem{Line: max(load.Mark.Line, 1), Message: notYAML + load.Message}
	}
	return &Problem{Line: 1, Message: notYAML + err.Error()}
}

// locate adds lines to the checker's problems, and leaves out those about a
// field that the decoder already reported: it is empty only because its value
// could not be read.
func (d *decoder) locate(found []Problem) []Problem {
	located := make([]Problem, 0, len(found))
	for _, p := range found {
		if !slices.ContainsFunc(d.unread, func(field string) bool { return within(p.Field, field) }) {
			p.Line = d.line(p.Field)
			located = append(located, p)
		}
	}
	return located
}

// within tells whether a field is another one or inside it.
func within(field, outer string) bool {
	rest, ok := strings.CutPrefix(field, outer)
	return ok && (outer == "" || rest == "" || rest[0] == '.' || rest[0] == '[')
}

// line is the line of a field or, if it is missing, of the group that should
// have it.
func (d *decoder) line(field string) int {
	for {
		if line, ok := d.lines[field]; ok {
			return line
		}
		field = field[:max(strings.LastIndexAny(field, ".["), 0)]
	}
}
