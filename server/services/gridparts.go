package services

import (
	"slices"
	"sync/atomic"

	"google.golang.org/grpc/mem"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	storepb "github.com/acquis-eval/acquis/gen/acquis/store/v1"
	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
	"github.com/acquis-eval/acquis/rules"
	"github.com/acquis-eval/acquis/store"
)

// Most of a grid's bytes say what its revision says: statements, methods, and
// reasons, which name codes and numbers and nobody. Such parts are encoded once
// for each revision. A grid is put together from them and from what belongs to
// its candidate, of which nothing is kept: 1.3 times the calls of GetGrid that
// messages allow, with reasons kept as messages.
//
// A part is some fields of a message, and any parts of a message one after
// another are that message: so protobuf is encoded. Parts are made from messages,
// which say which field is which; only where messages lie in one another does
// this file know numbers.

// The fields of a grid's messages that hold others put together here.
const (
	gridBlocs            protowire.Number = 6
	blocCompetences      protowire.Number = 5
	competenceCriteria   protowire.Number = 6
	criterionAssessments protowire.Number = 5
)

// blocParts are the parts of a bloc in its revision's grids, each with what it
// follows from.
type blocParts struct {
	stored      *storepb.Bloc
	heads       parts[rules.Outcome]
	reasons     parts[rules.Reason]
	competences []competenceParts // in order
}

type competenceParts struct {
	stored   *storepb.Competence
	heads    parts[competenceState]
	reasons  parts[rules.Reason]
	criteria []criterionParts // in order
}

type criterionParts struct {
	index    int // among all criteria of the référentiel
	stored   *storepb.Criterion
	heads    parts[criterionState]
	verdicts parts[rules.Verdict]
}

type competenceState struct {
	method  rules.Method
	outcome rules.Outcome
}

type criterionState struct {
	status rules.CriterionStatus
	reason rules.Reason
}

// newGridParts returns the parts of each bloc, and the index of each criterion.
func newGridParts(content *storepb.Referentiel) (map[string]*blocParts, map[string]int) {
	blocs, criteria := make(map[string]*blocParts), make(map[string]int)
	for _, b := range content.GetBlocs() {
		bloc := &blocParts{stored: b, competences: make([]competenceParts, len(b.GetCompetences()))}
		for i, c := range b.GetCompetences() {
			bloc.competences[i] = competenceParts{stored: c, criteria: make([]criterionParts, len(c.GetCriteria()))}
			for j, k := range c.GetCriteria() {
				bloc.competences[i].criteria[j] = criterionParts{stored: k, index: len(criteria)}
				criteria[k.GetCode()] = len(criteria)
			}
		}
		blocs[b.GetCode()] = bloc
	}
	return blocs, criteria
}

// parts are those made so far of what has few forms. Any number of goroutines may
// share them.
type parts[K comparable] struct {
	made atomic.Pointer[[]part[K]]
}

type part[K comparable] struct {
	key   K
	bytes []byte
}

// maxForms bounds how many forms of one thing are kept. Of a criterion two
// assessors bring about ten.
const maxForms = 32

// get returns the part under key, which encode makes where it is new.
func (p *parts[K]) get(key K, encode func() []byte) []byte {
	made := p.made.Load()
	if made == nil {
		made = new([]part[K])
	}
	for i := range *made {
		if part := &(*made)[i]; part.key == key {
			return part.bytes
		}
	}
	bytes := encode()
	if len(*made) < maxForms {
		more := append(slices.Clip(*made), part[K]{key, bytes})
		p.made.Store(&more) // what others add at this moment is lost, and made again
	}
	return bytes
}

// gridEncoder puts a grid together. After an error it goes on, in vain.
type gridEncoder struct {
	file   *file
	words  *words
	frames [][]byte // of each record: what its verdicts share
	bytes  []byte
	err    error
}

// encodeGrid encodes what the caller may see of a grid, into a buffer that the
// transport has back when it has sent it.
func (f *file) encodeGrid(r store.Reader, head *acquispb.Grid, grid rules.Grid) (mem.Buffer, error) {
	pool := mem.DefaultBufferPool()
	buffer := pool.Get(usualGrid)
	e := &gridEncoder{
		file: f, words: f.words(r),
		frames: make([][]byte, len(f.assessments)), bytes: (*buffer)[:0],
	}
	e.add(e.encode(head))
	for i := range grid.Blocs {
		b := &grid.Blocs[i]
		e.addBloc(f.revision.grids[b.Code], b)
	}
	*buffer = e.bytes
	return mem.NewBuffer(buffer, pool), e.err
}

// usualGrid is room for a grid of 58 critères with two verdicts each.
const usualGrid = 32 << 10

func (e *gridEncoder) add(part []byte) { e.bytes = append(e.bytes, part...) }

// encode makes a part.
func (e *gridEncoder) encode(message proto.Message) []byte {
	part, err := proto.Marshal(message)
	e.failed(err)
	return part
}

func (e *gridEncoder) failed(err error) {
	if e.err == nil {
		e.err = err
	}
}

// wrap makes one message of all parts from there on: a field of that number.
func (e *gridEncoder) wrap(from int, field protowire.Number) {
	var space [2 * 10]byte
	head := protowire.AppendTag(space[:0], field, protowire.BytesType)
	head = protowire.AppendVarint(head, uint64(len(e.bytes)-from))
	e.bytes = slices.Insert(e.bytes, from, head...)
}

func (e *gridEncoder) addBloc(known *blocParts, b *rules.GridBloc) {
	from := len(e.bytes)
	e.add(known.heads.get(b.Outcome, func() []byte {
		return e.encode(&acquispb.Grid_GridBloc{Code: b.Code, Title: known.stored.GetTitle(), Outcome: outcomeFrom(b.Outcome)})
	}))
	for _, reason := range b.Reasons {
		e.add(known.reasons.get(reason, func() []byte {
			return e.encode(&acquispb.Grid_GridBloc{Reasons: reasonsFrom([]rules.Reason{reason})})
		}))
	}
	for i := range b.Competences {
		e.addCompetence(&known.competences[i], &b.Competences[i])
	}
	e.wrap(from, gridBlocs)
}

func (e *gridEncoder) addCompetence(known *competenceParts, c *rules.GridCompetence) {
	from := len(e.bytes)
	e.add(known.heads.get(competenceState{c.Method, c.Outcome}, func() []byte {
		return e.encode(&acquispb.Grid_GridCompetence{
			Code:      c.Code,
			Statement: known.stored.GetStatement(),
			Outcome:   outcomeFrom(c.Outcome),
			Method:    methodFrom(e.file.revision.compiled.Method(c.Code, c.Method)),
		})
	}))
	for _, reason := range c.Reasons {
		e.add(known.reasons.get(reason, func() []byte {
			return e.encode(&acquispb.Grid_GridCompetence{Reasons: reasonsFrom([]rules.Reason{reason})})
		}))
	}
	for i := range c.Criteria {
		e.addCriterion(&known.criteria[i], &c.Criteria[i])
	}
	e.wrap(from, blocCompetences)
}

func (e *gridEncoder) addCriterion(known *criterionParts, k *rules.GridCriterion) {
	from := len(e.bytes)
	e.add(known.heads.get(criterionState{k.Status, k.Reason}, func() []byte {
		return e.encode(&acquispb.Grid_GridCriterion{
			Code:        k.Code,
			Statement:   known.stored.GetStatement(),
			Eliminatory: k.Eliminatory,
			Status:      acquispb.CriterionStatus_Enum(acquispb.CriterionStatus_Enum_value[string(k.Status)]),
			Reasons:     reasonsFrom([]rules.Reason{k.Reason}),
		})
	}))
	for _, o := range k.Opinions {
		if e.file.sees(o.Assessor) {
			e.addAssessment(known, o.Verdict, e.words.latest(known.index, o.Assessor))
		}
	}
	if k.Settlement != nil && seesAllAssessments(e.file.caller) {
		settlement, err := e.words.settlement(k.Settlement)
		e.failed(err)
		e.add(e.encode(&acquispb.Grid_GridCriterion{Settlement: settlement}))
	}
	e.wrap(from, competenceCriteria)
}

func (e *gridEncoder) addAssessment(known *criterionParts, verdict rules.Verdict, at spoken) {
	from := len(e.bytes)
	e.add(known.verdicts.get(verdict, func() []byte {
		return e.encode(&acquispb.Assessment{Criterion: known.stored.GetCode(), Verdict: verdictFrom(verdict)})
	}))
	comment, err := e.words.text(at)
	e.failed(err)
	if comment != "" {
		e.add(e.encode(&acquispb.Assessment{Comment: comment}))
	}
	frame := &e.frames[at.record]
	if *frame == nil {
		*frame = e.encode(assessmentFrom(e.words.records[at.record], nil, ""))
	}
	e.add(*frame)
	e.wrap(from, criterionAssessments)
}
