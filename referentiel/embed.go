package referentiel

import (
	"embed"
	"fmt"
	"io"
	"io/fs"
	"os"

	storepb "github.com/acquis-eval/acquis/gen/acquis/store/v1"
)

// The embedded référentiels. Nothing writes to it.
//
//go:embed data/*.yaml
var data embed.FS

// Embedded reads the embedded référentiels, by file name. An error means that
// the binary was built from an invalid file; a test prevents it.
func Embedded() ([]*storepb.Referentiel, error) {
	files, err := fs.Glob(data, "data/*.yaml")
	if err != nil {
		return nil, fmt.Errorf("embedded référentiels: %w", err)
	}
	all := make([]*storepb.Referentiel, 0, len(files))
	for _, file := range files {
		content, err := data.ReadFile(file)
		if err != nil {
			return nil, fmt.Errorf("embedded référentiel: %w", err)
		}
		r, err := Parse(file, content)
		if err != nil {
			return nil, err
		}
		all = append(all, r)
	}
	return all, nil
}

// Load reads and checks a référentiel from a file. Errors in its content are
// returned as [Problems]. What it replaces is compared with the embedded revisions.
func Load(file string) (*storepb.Referentiel, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	content, err := io.ReadAll(io.LimitReader(f, MaxFile+1))
	if err != nil {
		return nil, err
	}
	embedded, err := Embedded()
	if err != nil {
		return nil, err
	}
	return parse(file, content, func(r *storepb.Referentiel) []Problem {
		problems, _ := CheckReplaced(r, func(id string) (Published, error) { return Published{Revisions: among(embedded, id)}, nil })
		return append(Check(r), problems...)
	})
}

// among returns the revisions of one référentiel among contents.
func among(contents []*storepb.Referentiel, id string) (revisions []*storepb.ReferentielRevision) {
	for _, content := range contents {
		if content.GetId() == id {
			revisions = append(revisions, &storepb.ReferentielRevision{Id: ID(content), Content: content})
		}
	}
	return revisions
}

// Schema is the JSON Schema (2020-12) of the files of référentiels, for editors. It
// refuses nothing that [Check] accepts; the reverse is beyond a schema, as are codes
// that are taken or positions. A test writes it from the descriptors and their limits.
//
//go:embed data/referentiel.schema.json
var schema string

// Schema returns it.
func Schema() string { return schema }
