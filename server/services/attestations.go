package services

import (
	"context"
	"errors"
	"strconv"
	"strings"

	"github.com/acquis-eval/acquis/rules/calendar"
	"google.golang.org/grpc/codes"

	"github.com/acquis-eval/acquis/casefile"
	"github.com/acquis-eval/acquis/credential"
	storepb "github.com/acquis-eval/acquis/gen/acquis/store/v1"
	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
	"github.com/acquis-eval/acquis/rules"
	"github.com/acquis-eval/acquis/server/apierr"
	"github.com/acquis-eval/acquis/server/authn"
	"github.com/acquis-eval/acquis/server/call"
	"github.com/acquis-eval/acquis/server/show"
	"github.com/acquis-eval/acquis/store"
)

// attestationService attests decisions for outsiders. Neither codes nor
// credentials are stored, only their digests.
type attestationService struct {
	acquispb.UnimplementedAttestationServiceServer
	*core
}

// IssueAttestation makes and signs the credential before the Update, over a
// checkpoint that may have to be signed first; the Update decides whether the
// decision is still in force.
func (s *attestationService) IssueAttestation(ctx context.Context, req *acquispb.IssueAttestationRequest) (*acquispb.IssueAttestationResponse, error) {
	code := credential.NewCode()
	token, err := s.writeCredential(ctx, req)
	if err != nil {
		return nil, err
	}
	digests := [2][]byte{codeDigest(code), credentialDigest(token)}
	return perform(ctx, s.core, act[*acquispb.IssueAttestationResponse]{
		request: req, resource: req.GetDecision(),
		do: func(t *tx) (keys, error) {
			decision, err := decisionFor(t, t.caller, req.GetDecision())
			if err != nil {
				return nil, err
			}
			candidate, err := store.Candidates.Get(t, store.Key(decision.GetCandidateUid()))
			if err != nil {
				return nil, err
			}
			if err := notForgotten(candidate); err != nil {
				return nil, err
			}
			if err := s.checkAttestable(t, decision); err != nil {
				return nil, err
			}
			if !s.issuer.Known() {
				return nil, apierr.New(codes.FailedPrecondition, acquispb.ErrorReason_ISSUER_NOT_CONFIGURED, "the service does not know in whose name it attests: "+
					"set --issuer-url and --issuer-name of acquis serve (ACQUIS_ISSUER_URL and ACQUIS_ISSUER_NAME)")
			}
			uid, err := t.NewUID()
			if err != nil {
				return nil, err
			}
			made := keys{store.Key(uid), store.Key(candidate.GetUid())} // forgetting finds the request by the second
			return made, store.Attestations.PutIndexed(t, made[0], &storepb.Attestation{
				Uid: uid, DecisionUid: decision.GetUid(), CodeDigest: digests[0], CredentialDigest: digests[1],
				Author: t.caller.Subject, IssueTime: t.timestamp(),
			})
		},
		answer: shown(store.Attestations, func(r store.Reader, stored *storepb.Attestation) (answer *acquispb.IssueAttestationResponse, err error) {
			answer = new(acquispb.IssueAttestationResponse)
			if string(stored.GetCodeDigest()) == string(digests[0]) { // this call made it, not one before
				answer.Code, answer.Credential = credential.SpellCode(code), token
			}
			answer.Attestation, err = s.readAttestation(r, stored, req.GetDecision())
			return answer, err
		}),
	})
}

// codeDigest and credentialDigest are the keys of the index: a code and a
// credential never have the same digest, and neither can be found from its
// digest, because there are too many to try.
func codeDigest(code string) []byte        { return store.Fingerprint("code", code) }
func credentialDigest(token string) []byte { return store.Fingerprint("credential", token) }

// writeCredential makes and signs the credential, or returns none if there is
// nothing to attest, or no issuer: the Update then returns the error, unless the
// request was made before.
func (s *attestationService) writeCredential(ctx context.Context, req *acquispb.IssueAttestationRequest) (string, error) {
	var act *storepb.DecisionAct
	var acquired rules.Decision
	var under *revision
	caller, holder := call.CallerOf(ctx), ""
	p, err := s.proveDecision(ctx, func(r store.Reader) (*storepb.Decision, error) {
		decision, err := decisionFor(r, caller, req.GetDecision())
		if err != nil {
			return nil, err
		}
		if acquired, act, _, err = casefile.Decision(decision); err != nil {
			return nil, err
		}
		if under, err = s.revisions.get(r, acquired.Revision); err != nil {
			return nil, err
		}
		if req.GetIncludeName() {
			holder, err = readHolder(r, decision.GetCandidateUid())
		}
		return decision, err
	})
	if err != nil || len(under.compiled.Scheme().Attest(acquired)) > 0 || !s.issuer.Known() {
		return "", err
	}
	return credential.New(credential.Claim{
		Issuer: s.issuer, Holder: holder,
		Revision: revisionName(act.GetReferentiel(), act.GetRevision()), Certification: under.shown, Bloc: under.blocs[act.GetBloc()].Message, Option: act.GetOption(),
		Decided: act.GetDecideTime().AsTime(), Ends: s.isOver(calendar.Day(act.GetLastValidDay())), Decision: p.decision.GetUid(), Proof: p.message(),
	}, s.notary, s.now())
}

func readHolder(r store.Reader, candidate uint64) (string, error) {
	stored, err := store.Candidates.Get(r, store.Key(candidate))
	if err != nil || stored.GetForgetTime() != nil {
		return "", err // there is no identity to name: the Update returns the error
	}
	identity := new(storepb.Identity)
	if err := readPersonal(r, stored.GetIdentity(), identity); err != nil {
		return "", err
	}
	return holderName(identity), nil
}

// checkAttestable refuses a decision that cannot be attested, or is superseded.
func (s *attestationService) checkAttestable(r store.Reader, decision *storepb.Decision) error {
	acquired, _, _, err := casefile.Decision(decision)
	if err != nil {
		return err
	}
	under, err := s.revisions.get(r, acquired.Revision)
	if err != nil {
		return err
	}
	if err := apierr.Refused(under.compiled.Scheme().Attest(acquired), apierr.At("decision")); err != nil {
		return err
	}
	superseded, err := isSuperseded(r, decision)
	if err == nil && superseded {
		err = apierr.New(codes.FailedPrecondition, acquispb.ErrorReason_DECISION_SUPERSEDED, "the decision is superseded")
	}
	return err
}

func isSuperseded(r store.Reader, decision *storepb.Decision) (bool, error) {
	others, err := store.Decisions.Listed(r, store.KindCandidateDecision, decision.GetCandidateUid())
	if err != nil {
		return false, err
	}
	for _, other := range others {
		_, act, _, err := casefile.Decision(other)
		if err != nil || act.GetSupersedesUid() == decision.GetUid() {
			return err == nil, err
		}
	}
	return false, nil
}

// stateOf is the state today of an attestation of a decision that is valid through a day,
// or without end if none is given.
func (c *core) stateOf(superseded bool, last calendar.Day) acquispb.Attestation_State_Enum {
	switch {
	case superseded:
		return acquispb.Attestation_State_SUPERSEDED
	case last != "" && c.dayOf(c.now()) > last:
		return acquispb.Attestation_State_EXPIRED
	}
	return acquispb.Attestation_State_VALID
}

func (s *attestationService) readAttestation(r store.Reader, a *storepb.Attestation, decision string) (*acquispb.Attestation, error) {
	stored, err := store.Decisions.Get(r, store.Key(a.GetDecisionUid()))
	if err != nil {
		return nil, err
	}
	attested, _, err := casefile.Act(stored)
	if err != nil {
		return nil, err
	}
	superseded, err := isSuperseded(r, stored)
	return s.attestationFrom(a, decision, superseded, attested.Until), err
}

// attestationFrom shows an attestation of the decision with that name.
func (c *core) attestationFrom(a *storepb.Attestation, decision string, superseded bool, last calendar.Day) *acquispb.Attestation {
	return &acquispb.Attestation{
		Name: attestationName(a.GetUid()), Decision: decision, Author: a.GetAuthor(), IssueTime: a.GetIssueTime(),
		State: c.stateOf(superseded, last), LastValidDate: show.Date(last),
	}
}

// VerifyAttestation shows the public act to anybody who has its code or
// credential, and nothing else, not even what superseded it. A code or credential
// that was never issued counts as a failed attempt of its address: a code has
// about 63 random bits, so this is a second protection.
func (s *attestationService) VerifyAttestation(ctx context.Context, req *acquispb.VerifyAttestationRequest) (answer *acquispb.VerifyAttestationResponse, err error) {
	digest, err := presented(req)
	if err != nil {
		return nil, err
	}
	try, err := s.authn.Try(ctx, "attestation "+string(digest))
	if err != nil {
		return nil, err
	}
	err = s.view(ctx, func(r store.Reader) error {
		key, err := r.Get(store.KindAttestationCode, digest)
		if errors.Is(err, store.ErrNotFound) {
			answer = &acquispb.VerifyAttestationResponse{State: acquispb.Attestation_State_UNKNOWN}
			return nil
		}
		if err != nil {
			return err
		}
		answer, err = s.readPublicAct(r, key)
		return err
	})
	switch {
	case err != nil:
	case answer.GetState() == acquispb.Attestation_State_UNKNOWN:
		try.Failed(ctx, "ATTESTATION_UNKNOWN")
	default:
		try.Succeeded()
	}
	return answer, err
}

// presented is the digest of the code or credential in a request.
func presented(req *acquispb.VerifyAttestationRequest) ([]byte, error) {
	token := strings.Join(strings.Fields(req.GetCredential()), "") // mail breaks long lines
	if token != "" {
		if !authn.IsCompact(token) {
			return nil, apierr.InvalidField("credential", "is not a signed credential (JWT)")
		}
		return credentialDigest(token), nil
	}
	code, err := credential.ParseCode(req.GetCode())
	if err != nil {
		err = apierr.InvalidField("code", err.Error())
	}
	return codeDigest(code), err
}

func (s *attestationService) readPublicAct(r store.Reader, key []byte) (*acquispb.VerifyAttestationResponse, error) {
	attestation, err := store.Attestations.Get(r, key)
	if err != nil {
		return nil, err
	}
	decision, err := store.Decisions.Get(r, store.Key(attestation.GetDecisionUid()))
	if err != nil {
		return nil, err
	}
	attested, act, err := casefile.Act(decision)
	if err != nil {
		return nil, err
	}
	under, err := s.revisions.get(r, rules.Revision{Referentiel: act.GetReferentiel(), ID: act.GetRevision()})
	if err != nil {
		return nil, err
	}
	superseded, err := isSuperseded(r, decision)
	return &acquispb.VerifyAttestationResponse{
		State:         s.stateOf(superseded, attested.Until),
		Kind:          act.GetKind(),
		Bloc:          act.GetBloc(),
		BlocTitle:     under.blocs[act.GetBloc()].Message.GetTitle(),
		Outcome:       act.GetOutcome(),
		Certification: under.shown.GetDisplayName(),
		Referentiel:   revisionName(act.GetReferentiel(), act.GetRevision()),
		DecideTime:    act.GetDecideTime(),
		IssueTime:     attestation.GetIssueTime(),
		LastValidDate: show.Date(attested.Until),
		Register:      under.shown.GetRegister(),
		Certificateur: under.shown.GetCertificateur(),
		Option:        act.GetOption(),
		OptionTitle:   optionTitle(under.shown.GetAward(), act.GetOption()),
	}, err
}

func attestationName(uid uint64) string { return "attestations/" + strconv.FormatUint(uid, 10) }

// holderName is a person's name as on a diploma.
func holderName(id *storepb.Identity) string {
	name := strings.Join(append(append([]string{}, id.GetGivenNames()...), id.GetBirthName()), " ")
	if usage := id.GetUsageName(); usage != "" && usage != id.GetBirthName() {
		name += ", nom d'usage " + usage
	}
	return name
}
