package verify

import (
	"slices"
	"strings"

	"google.golang.org/protobuf/proto"

	storepb "github.com/acquis-eval/acquis/gen/acquis/store/v1"
	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
	"github.com/acquis-eval/acquis/store"
)

// The body of an event says through which RPC, and on which resource. Of what is
// written again only the latest version is kept; but what these two say of earlier
// ones stays, since only the bodies of accommodations are ever erased. So a record
// cannot be given the name of another by an event that is appended, nor be written
// again after its end.

// finals are the RPCs behind which nothing that they wrote is written again: what
// they end, ends.
var finals = map[string]bool{
	acquispb.CandidateService_ForgetCandidate_FullMethodName: true,
	acquispb.CandidateService_PurgeCandidates_FullMethodName: true, // it writes candidates whom it forgets as a whole
	acquispb.CandidateService_ReleaseHold_FullMethodName:     true,
	acquispb.SessionService_CloseSession_FullMethodName:      true,
	acquispb.SessionService_CancelSession_FullMethodName:     true,
	acquispb.CapitalisationService_Deliberate_FullMethodName: true,
	acquispb.AdminService_RevokeKey_FullMethodName:           true,
}

func final(b body) bool { return finals["/"+b.GetRpc()] }

// resource checks that the resource which the act named is the one whose records its
// event wrote. Ids that callers choose never change: under another one, what was
// decided about a candidate would be found as decided about somebody else.
func (j *journal) resource(s subject, b body) error {
	own, err := j.belongs(b, strings.Split(b.GetResource(), "/"))
	if err == nil && !own {
		s.after("acted on %s, and its records belong to another", b.GetResource())
	}
	return err
}

// belongs asks the records themselves for their ids, not the index: a lost entry of
// that is told by itself.
func (j *journal) belongs(b body, name []string) (bool, error) {
	switch {
	case len(name) > 1 && name[0] == "candidates" && b.stub.GetCandidateUid() != 0:
		return labelled[*storepb.Candidate](j.verifier, store.KindCandidate, b.stub.GetCandidateUid(), name[1])
	case len(name) > 1 && len(name) < 4 && name[0] == "sessions":
		return b.all(func(uid uint64) (bool, error) {
			return labelled[*storepb.Session](j.verifier, store.KindSession, uid, name[1])
		}, store.KindSession)
	case len(name) > 3 && name[0] == "sessions":
		return b.all(func(uid uint64) (bool, error) {
			candidacy, ok, err := load[*storepb.Candidacy](j.verifier, store.KindCandidacy, store.Key(uid))
			if !ok || candidacy.message.GetLabel() != name[3] {
				return !ok, err
			}
			return labelled[*storepb.Session](j.verifier, store.KindSession, candidacy.message.GetSessionUid(), name[1])
		}, store.KindCandidacy, store.KindAssessment, store.KindCaseFile)
	}
	return true, nil
}

// labelled tells whether a record bears that id. One that is missing is told where
// all records are.
func labelled[P interface {
	proto.Message
	GetLabel() string
}](v *verifier, kind store.KindID, uid uint64, label string) (bool, error) {
	found, ok, err := load[P](v, kind, store.Key(uid))
	return !ok || found.message.GetLabel() == label, err
}

// all tells whether something holds of whatever the records of these kinds that the
// event names belong to.
func (b body) all(holds func(uid uint64) (bool, error), kinds ...store.KindID) (bool, error) {
	for _, d := range b.stub.GetRecords() {
		if !slices.Contains(kinds, store.KindID(d.GetKind())) {
			continue
		}
		if ok, err := holds(store.FirstUID(d.GetKey())); !ok || err != nil {
			return false, err
		}
	}
	return true, nil
}
