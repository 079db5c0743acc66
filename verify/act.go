package verify

import (
	"errors"
	"slices"
	"strings"

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

func (j *journal) belongs(b body, name []string) (bool, error) {
	switch {
	case len(name) > 1 && name[0] == "candidates" && b.stub.GetCandidateUid() != 0:
		candidate, err := j.lookup(store.CollectionCandidate, 0, name[1])
		return candidate == b.stub.GetCandidateUid(), err
	case len(name) > 1 && name[0] == "sessions":
		session, err := j.lookup(store.CollectionSession, 0, name[1])
		if err != nil || len(name) < 4 {
			return b.wroteOnly(session, store.KindSession), err
		}
		candidacy, err := j.lookup(store.CollectionCandidacy, session, name[3])
		return b.wroteOnly(candidacy, store.KindCandidacy, store.KindAssessment, store.KindCaseFile), err
	}
	return true, nil
}

func (j *journal) lookup(c store.Collection, parent uint64, label string) (uint64, error) {
	uid, err := store.Lookup(j.reader, c, parent, label)
	if errors.Is(err, store.ErrNotFound) {
		return 0, nil
	}
	return uid, err
}

// wroteOnly tells whether all records of these kinds that the event names belong to
// the one with that uid.
func (b body) wroteOnly(uid uint64, kinds ...store.KindID) bool {
	return !slices.ContainsFunc(b.stub.GetRecords(), func(d *storepb.RecordDigest) bool {
		return slices.Contains(kinds, store.KindID(d.GetKind())) && store.FirstUID(d.GetKey()) != uid
	})
}
