package verify

import (
	"slices"
	"strings"

	"google.golang.org/protobuf/proto"

	storepb "github.com/acquis-eval/acquis/gen/acquis/store/v1"
	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
	"github.com/acquis-eval/acquis/store"
)

// The body of an event names the RPC and the resource. Of records that are
// rewritten only the latest version is kept, but the bodies of earlier events
// still say what was done, because only the bodies of accommodations are ever
// erased. So an appended event cannot give a record the name of another, nor
// write a record again after its end.

// finals are the RPCs that end what they write: nothing that they wrote is
// written again.
var finals = map[string]bool{
	acquispb.CandidateService_ForgetCandidate_FullMethodName: true,
	acquispb.CandidateService_PurgeCandidates_FullMethodName: true, // it writes only candidates that it forgets as a whole
	acquispb.CandidateService_ReleaseHold_FullMethodName:     true,
	acquispb.SessionService_CloseSession_FullMethodName:      true,
	acquispb.SessionService_CancelSession_FullMethodName:     true,
	acquispb.CapitalisationService_Deliberate_FullMethodName: true,
	acquispb.AdminService_RevokeKey_FullMethodName:           true,
}

func final(b body) bool { return finals["/"+b.GetRpc()] }

// resource checks that the resource named by the act is the one whose records its
// event wrote. Ids that callers choose never change: otherwise a decision about
// one candidate could be found as one about another.
func (j *journal) resource(s subject, b body) error {
	own, err := j.belongs(b, strings.Split(b.GetResource(), "/"))
	if err == nil && !own {
		s.after("acted on %s, but its records belong to another", b.GetResource())
	}
	return err
}

// belongs reads the ids from the records themselves, not from the index, because
// a lost index entry is reported separately.
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

// labelled tells whether a record has that id. A missing record is reported with
// all other records.
func labelled[P interface {
	proto.Message
	GetLabel() string
}](v *verifier, kind store.KindID, uid uint64, label string) (bool, error) {
	found, ok, err := load[P](v, kind, store.Key(uid))
	return !ok || found.message.GetLabel() == label, err
}

// all tells whether a condition holds for every resource that has records of
// these kinds in the event.
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
