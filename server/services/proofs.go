package services

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/tlog"
	"google.golang.org/grpc/codes"

	storepb "github.com/acquis-eval/acquis/gen/acquis/store/v1"
	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
	"github.com/acquis-eval/acquis/notary"
	"github.com/acquis-eval/acquis/server/apierr"
	"github.com/acquis-eval/acquis/server/call"
	"github.com/acquis-eval/acquis/store"
)

func (s *auditService) GetCheckpoint(ctx context.Context, req *acquispb.GetCheckpointRequest) (*acquispb.Checkpoint, error) {
	c, err := s.latestCheckpoint(ctx)
	if err != nil {
		return nil, err
	}
	var keys []string
	for _, key := range s.notary.Keys() {
		keys = append(keys, key.String())
	}
	return &acquispb.Checkpoint{
		Name:       req.GetName(),
		Checkpoint: c.GetNote(),
		Origin:     s.notary.Origin(),
		TreeSize:   int64(c.GetSize()),
		RootHash:   c.GetRoot(),
		Keys:       keys,
	}, nil
}

// GetConsistencyProof is public, so it covers only what anybody may know: up to
// the latest checkpoint.
func (s *auditService) GetConsistencyProof(ctx context.Context, req *acquispb.GetConsistencyProofRequest) (answer *acquispb.ConsistencyProof, err error) {
	c, err := s.latestCheckpoint(ctx)
	if err != nil {
		return nil, err
	}
	size := int64(c.GetSize())
	to := req.GetTo()
	if to == 0 {
		to = size
	}
	switch {
	case to > size:
		return nil, apierr.InvalidField("to", fmt.Sprintf("is more than the %d events of the latest checkpoint", size))
	case req.GetFrom() > to:
		return nil, apierr.InvalidField("from", fmt.Sprintf("must not be more than to, %d", to))
	}
	return answer, s.view(ctx, func(r store.Reader) error {
		proof, err := tlog.ProveTree(to, req.GetFrom(), store.Tree(r))
		answer = &acquispb.ConsistencyProof{From: req.GetFrom(), To: to, Hashes: hashesOf(proof)}
		return err
	})
}

func (s *auditService) GetInclusionProof(ctx context.Context, req *acquispb.GetInclusionProofRequest) (answer *acquispb.InclusionProof, err error) {
	sequence, err := strconv.ParseUint(segment(req.GetName(), 1), 10, 64)
	if err != nil {
		return nil, apierr.NotFound(req.GetName())
	}
	size := uint64(req.GetTreeSize())
	if size > 0 && size < sequence {
		return nil, apierr.InvalidField("treeSize", "must not be less than the event's sequence")
	}
	c, err := s.checkpointCovering(ctx, max(sequence, size))
	switch {
	case err != nil:
		return nil, err
	case c.GetSize() < sequence:
		return nil, apierr.NotFound(req.GetName())
	case c.GetSize() < size:
		return nil, apierr.InvalidField("treeSize", fmt.Sprintf("is more than the %d events of the journal", c.GetSize()))
	}
	if size == 0 {
		size = c.GetSize()
	}
	return answer, s.view(ctx, func(r store.Reader) error {
		p, err := proveEvent(r, sequence, size)
		if err != nil {
			return err
		}
		answer = &acquispb.InclusionProof{
			Name: req.GetName(), Sequence: int64(sequence), Leaf: p.leaf, TreeSize: int64(size), Hashes: hashesOf(p.path),
		}
		if size == c.GetSize() {
			answer.Checkpoint = c.GetNote()
		}
		return nil
	})
}

// An eventProof leads from an event to the root of a tree.
type eventProof struct {
	event *storepb.Event
	leaf  []byte
	path  tlog.RecordProof
}

func proveEvent(r store.Reader, sequence, size uint64) (p eventProof, err error) {
	events, err := r.Events(sequence-1, 1)
	if err != nil {
		return p, err
	}
	if len(events) == 0 {
		return p, fmt.Errorf("event %d, which a checkpoint covers, is missing", sequence)
	}
	p.event = events[0]
	p.leaf = store.AppendLeaf(nil, p.event)
	p.path, err = tlog.ProveRecord(int64(size), int64(sequence)-1, store.Tree(r))
	return p, err
}

// A decisionProof leads from a decision's public act to a signed checkpoint.
type decisionProof struct {
	eventProof
	decision   *storepb.Decision
	actIndex   int
	actPath    tlog.RecordProof
	checkpoint *storepb.Checkpoint
}

// proveDecision proves the decision that find finds. The checkpoint may have to
// be signed first, so the proof is read from a later state, which has both.
func (c *core) proveDecision(ctx context.Context, find func(store.Reader) (*storepb.Decision, error)) (*decisionProof, error) {
	p := new(decisionProof)
	var sequence uint64
	err := c.view(ctx, func(r store.Reader) (err error) {
		if p.decision, err = find(r); err != nil {
			return err
		}
		sequence, err = r.LastEvent(store.KindDecision, store.Key(p.decision.GetUid()))
		return err
	})
	if err != nil {
		return nil, err
	}
	if p.checkpoint, err = c.checkpointCovering(ctx, sequence); err != nil {
		return nil, err
	}
	return p, c.view(ctx, func(r store.Reader) (err error) {
		if p.eventProof, err = proveEvent(r, sequence, p.checkpoint.GetSize()); err != nil {
			return err
		}
		p.actIndex, p.actPath, err = store.ProveAct(p.event.GetActs(), store.ActDigest(p.decision))
		return err
	})
}

func (s *capitalisationService) GetDecisionProof(ctx context.Context, req *acquispb.GetDecisionProofRequest) (*acquispb.DecisionProof, error) {
	caller := call.CallerOf(ctx)
	p, err := s.proveDecision(ctx, func(r store.Reader) (*storepb.Decision, error) {
		return decisionFor(r, caller, strings.TrimSuffix(req.GetName(), "/proof"))
	})
	if err != nil {
		return nil, err
	}
	answer := p.message()
	answer.Name = req.GetName()
	return answer, nil
}

func (p *decisionProof) message() *acquispb.DecisionProof {
	return &acquispb.DecisionProof{
		Act:        p.decision.GetAct(),
		ActSalt:    p.decision.GetActSalt(),
		ActIndex:   int32(p.actIndex),
		ActCount:   int32(len(p.event.GetActs())),
		ActHashes:  hashesOf(p.actPath),
		Sequence:   int64(p.event.GetSequence()),
		Leaf:       p.leaf,
		TreeSize:   int64(p.checkpoint.GetSize()),
		Hashes:     hashesOf(p.path),
		Checkpoint: p.checkpoint.GetNote(),
	}
}

// latestCheckpoint and checkpointCovering ask the notary, and report its doubt to
// callers.
func (c *core) latestCheckpoint(ctx context.Context) (*storepb.Checkpoint, error) {
	return c.checkpointCovering(ctx, 0)
}

func (c *core) checkpointCovering(ctx context.Context, sequence uint64) (*storepb.Checkpoint, error) {
	found, err := c.notary.Covering(ctx, sequence)
	if errors.Is(err, notary.ErrDoubt) {
		err = apierr.New(codes.Unavailable, acquispb.ErrorReason_JOURNAL_IN_DOUBT, notary.ErrDoubt.Error())
	}
	return found, err
}

func hashesOf(hashes []tlog.Hash) [][]byte {
	list := make([][]byte, len(hashes))
	for i, h := range hashes {
		list[i] = h[:]
	}
	return list
}
