package verify

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/acquis-eval/acquis/store"
)

// A shelf is a source of records of one kind that no store wrote.
type shelf struct {
	kind    store.KindID
	records []store.Record
}

func (s shelf) Get(store.KindID, []byte) ([]byte, error) { return nil, store.ErrNotFound }
func (s shelf) Kinds() ([]store.KindID, error)           { return []store.KindID{s.kind}, nil }
func (s shelf) LastUID() uint64                          { return 0 }
func (s shelf) Foreign() ([]string, error)               { return nil, nil }
func (s shelf) Prefetch(...store.Want) error             { return nil }
func (s shelf) Scan(kind store.KindID, _, after []byte, limit int) ([]store.Record, error) {
	var found []store.Record
	for _, r := range s.records {
		if kind == s.kind && string(r.Key) > string(after) && len(found) < limit {
			found = append(found, r)
		}
	}
	return found, nil
}

// TestEveryKindIsChecked: every kind of primary data is checked, and an unknown
// kind is reported.
func TestEveryKindIsChecked(t *testing.T) {
	for kind := store.KindID(1); kind.Journaled(); kind++ {
		s := shelf{kind, []store.Record{{Key: store.Key(7, 8), Value: make([]byte, 24)}}}
		report, err := Verify(t.Context(), s, Options{})
		if err != nil {
			t.Errorf("an empty %v: %v", kind, err)
			continue
		}
		unknown := slices.ContainsFunc(report.Findings, func(f Finding) bool { return strings.Contains(f.Problem, "does not know") })
		if unknown == kind.Known() {
			t.Errorf("%v is known: %t; findings: %v", kind, kind.Known(), report.Findings)
		}
	}
}

// TestLimit: findings are kept up to a limit, and all are counted, over many pages.
func TestLimit(t *testing.T) {
	s := shelf{kind: store.KindTie}
	for uid := range uint64(2000) {
		s.records = append(s.records, store.Record{Key: store.Key(uid + 1), Value: []byte("short")})
	}
	report, err := Verify(t.Context(), s, Options{Limit: 7})
	if err != nil || report.OK() || len(report.Findings) != 7 || report.More != 1993 {
		t.Errorf("%d findings and %d more, %v", len(report.Findings), report.More, err)
	}
	if f := report.Findings[0]; f.String() != "tie 1: is shorter than its envelope" || !f.Is(store.KindTie, store.Key(1)) {
		t.Errorf("the first is %q", f)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Verify(ended, s, Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("with an ended context: %v", err)
	}
}

func TestReadable(t *testing.T) {
	for _, c := range []struct {
		kind store.KindID
		key  []byte
		want string
	}{
		{store.KindDecision, store.Key(42), "42"},
		{store.KindAssessment, store.Key(40, 57), "40/57"},
		{store.KindAssessment, []byte{1, 2, 3}, "0x010203"},
		{store.KindCurrent, []byte("marketing"), "marketing"},
		{store.KindName, store.NameKey(store.CollectionCandidate, "c-001"), "candidates/c-001"},
		{store.KindName, store.NameKey(store.CollectionCandidacy, "s/k"), "sessions/s/candidacies/k"},
		{store.KindName, store.NameKey(store.CollectionRevision, "m/1f"), "referentiels/m/revisions/1f"},
		{store.KindName, []byte{9}, "0x09"},
		{store.KindSessionActor, append(store.Key(7), "jury-1"...), "session 7, jury-1"},
		{store.KindKey, []byte("a\nb"), "0x610a62"},
		{store.KindDecision, nil, ""},
	} {
		if got := readable(c.kind, c.key); got != c.want {
			t.Errorf("%v %x is %q, want %q", c.kind, c.key, got, c.want)
		}
	}
}
