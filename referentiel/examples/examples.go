package examples

import (
	"cmp"
	"embed"
	"fmt"
	"slices"
	"strings"

	storepb "github.com/acquis-eval/acquis/gen/acquis/store/v1"
	"github.com/acquis-eval/acquis/referentiel"
)

// The files of the certifications. Nothing writes to it.
//
//go:embed *.yaml *.story.txt
var files embed.FS

const storySuffix = ".story.txt"

// Certification is one certification with its story.
type Certification struct {
	ID          string
	Referentiel string // id of the one that its sessions pin
	Cases       []Case
}

// IDs lists the certifications that have a story, in alphabetical order.
func IDs() []string {
	entries, err := files.ReadDir(".")
	if err != nil {
		panic(err) // the files are part of the program
	}
	var ids []string
	for _, entry := range entries {
		if id, ok := strings.CutSuffix(entry.Name(), storySuffix); ok {
			ids = append(ids, id)
		}
	}
	return ids
}

// Load reads the story of a certification.
func Load(id string) (Certification, error) {
	if !slices.Contains(IDs(), id) {
		return Certification{}, fmt.Errorf("there is no certification %q; there are %s", id, strings.Join(IDs(), ", "))
	}
	text, err := files.ReadFile(id + storySuffix)
	if err != nil {
		return Certification{}, err
	}
	return Parse(id, id+storySuffix, string(text))
}

// Parse reads the story of a certification from the text of a file.
func Parse(id, file, text string) (Certification, error) {
	about, cases, err := parseStory(file, text)
	return Certification{ID: id, Referentiel: cmp.Or(about, id), Cases: cases}, err
}

// Referentiel reads the référentiel of that id, which may be one that only other
// certifications refer to.
func Referentiel(id string) (*storepb.Referentiel, error) {
	file := id + ".yaml"
	text, err := files.ReadFile(file)
	if err != nil {
		return nil, err
	}
	return referentiel.Parse(file, text)
}
