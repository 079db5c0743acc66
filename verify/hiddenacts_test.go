package verify_test

import (
	"bytes"
	"errors"
	"slices"
	"testing"

	"google.golang.org/protobuf/proto"

	storepb "github.com/acquis-eval/acquis/gen/acquis/store/v1"
	"github.com/acquis-eval/acquis/store"
)

// hiddenDigests makes events commit to a public act that no decision has. The
// service would sign a checkpoint over it, and an outsider could be shown a proof
// of it.
func (v *vault) hiddenDigests(t *testing.T) {
	_, about := v.undecidedVerdicts()
	forged := store.ActDigest(&storepb.Decision{Uid: 1 << 40, Act: []byte("forged"), ActSalt: make([]byte, 16)})
	decision := v.records[store.KindDecision][len(v.records[store.KindDecision])-1]
	const want = "commits to public acts that are not"
	for name, p := range map[string]pretext{
		"in an event without decisions": {want, func(by *tamperer) error {
			err := by.rewriteLater(store.KindCandidate, store.Key(about), func(m proto.Message) { m.(*storepb.Candidate).Version++ })
			return errors.Join(err, by.commit(by.lastEvent(), store.Acts([][]byte{forged}, nil)))
		}},
		"in the place of a filler": {want, func(by *tamperer) error {
			again := written{place{store.KindDecision, store.Key(1 << 41)}, decision.Value[24:]}
			err := by.append(storepb.EventBody_Kind_DECISION, "jury-1", []written{again}, nil)
			e, readErr := by.event(by.lastEvent())
			own := new(storepb.Decision)
			err = errors.Join(err, readErr, proto.Unmarshal(decision.Value[24:], own))
			filler := slices.IndexFunc(e.GetActs(), func(act []byte) bool { return !bytes.Equal(act, store.ActDigest(own)) })
			e.Acts[filler] = forged
			return errors.Join(err, by.commit(e.GetSequence(), e.GetActs()))
		}},
		"beside the others": {want, func(by *tamperer) error {
			again := written{place{store.KindDecision, store.Key(1 << 41)}, decision.Value[24:]}
			err := by.append(storepb.EventBody_Kind_DECISION, "jury-1", []written{again}, nil)
			e, readErr := by.event(by.lastEvent())
			return errors.Join(err, readErr, by.commit(e.GetSequence(), append(e.GetActs(), forged)))
		}},
	} {
		v.mustFind(t, "an act hidden "+name, p)
	}
}

// commit makes an event commit to these digests of acts.
func (x *tamperer) commit(sequence uint64, acts [][]byte) error {
	e, err := x.event(sequence)
	if err != nil {
		return err
	}
	slices.SortFunc(acts, bytes.Compare)
	e.Acts = acts
	return errors.Join(x.putEvent(e), x.grow())
}
