package services

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	storepb "github.com/acquis-eval/acquis/gen/acquis/store/v1"
	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
	"github.com/acquis-eval/acquis/rules/visibility"
	"github.com/acquis-eval/acquis/server/call"
	"github.com/acquis-eval/acquis/server/filter"
	"github.com/acquis-eval/acquis/store"
)

// accesses records who reads which candidates' files, and journals it a little
// later, everything that waits in one Update: a read never waits for the disk,
// and never fails because of it. A crash loses at most the reads within delay.
//
// The same read by the same subject counts once an hour. Memory is bounded: if
// too much is recorded in an hour, some is journaled twice; if the store accepts
// no writes for long, reads that no longer fit are counted and lost.
type accesses struct {
	core  *core
	delay time.Duration
	lost  prometheus.Counter

	some chan struct{} // holds one value: something waits
	now  chan struct{} // holds one value: it should not wait longer

	mu      sync.Mutex
	hour    time.Time
	noted   map[access]struct{} // of this hour
	pending []access
}

// access is one subject reading one candidate's file.
type access struct {
	subject, rpc string
	name         string // of the candidate or a candidacy, or of something below them
	hour         time.Time
}

const (
	maxNoted          = 100_000
	maxPending        = 50_000
	maxAccessList     = 100 // candidates in one record: a page lists a thousand candidates
	accessFlushBudget = 10 * time.Second
)

func newAccesses(c *core, delay time.Duration) *accesses {
	if delay <= 0 {
		delay = 5 * time.Second
	}
	return &accesses{
		core: c, delay: delay, noted: make(map[access]struct{}),
		some: make(chan struct{}, 1), now: make(chan struct{}, 1),
		lost: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "acquis_accesses_lost_total",
			Help: "Reads of candidates' files that were never journaled because the store accepted no writes.",
		}),
	}
}

// watch wraps RPCs that read files: after each success it records whose.
func (a *accesses) watch() grpc.UnaryServerInterceptor {
	return func(ctx context.Context, req any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
		answer, err := handler(ctx, req)
		r, known := a.core.contract.RPCs[info.FullMethod]
		asked, _ := req.(proto.Message)
		shown, _ := answer.(proto.Message)
		if err == nil && known && asked != nil && shown != nil {
			a.note(call.CallerOf(ctx).Subject, r.Name, r.FilesShown(asked, shown))
		}
		return answer, err
	}
}

func (a *accesses) note(subject, rpc string, names []string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if hour := a.core.now().Truncate(time.Hour); !hour.Equal(a.hour) || len(a.noted) > maxNoted {
		a.hour = hour
		clear(a.noted)
	}
	for _, name := range names {
		if segment(name, 0) == "candidates" {
			name = candidateName(segment(name, 1))
		}
		read := access{subject, rpc, name, a.hour}
		if _, ok := a.noted[read]; ok {
			continue
		}
		a.noted[read] = struct{}{}
		a.wait(read)
	}
	if len(a.pending) > 0 {
		signal(a.some)
	}
	if len(a.pending) > maxPending/2 {
		signal(a.now)
	}
}

func (a *accesses) wait(reads ...access) {
	room := min(len(reads), maxPending-len(a.pending))
	a.pending = append(a.pending, reads[:room]...)
	a.lost.Add(float64(len(reads) - room))
}

// hurry is called when something is written anyway: what waits can share its
// commit.
func (a *accesses) hurry() {
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.pending) > 0 {
		signal(a.now)
	}
}

func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default: // already signalled
	}
}

// run journals recorded reads until ctx ends.
func (a *accesses) run(ctx context.Context) {
	timer := time.NewTimer(a.delay)
	defer timer.Stop()
	for {
		select {
		case <-a.some:
		case <-ctx.Done():
			return
		}
		timer.Reset(a.delay)
		select {
		case <-timer.C:
		case <-a.now:
		case <-ctx.Done():
			return
		}
		a.flush()
	}
}

// flush journals everything that waits, or puts it back.
func (a *accesses) flush() {
	a.mu.Lock()
	reads := a.pending
	a.pending = nil
	a.mu.Unlock()
	if len(reads) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), accessFlushBudget)
	defer cancel()
	now := a.core.now()
	act := store.Act{RPC: "accesses", Kind: storepb.EventBody_Kind_READ, Time: now}
	err := a.core.store.Update(ctx, act, func(w store.Writer) error { return putAccesses(w, reads, now) })
	if err == nil {
		return
	}
	// If the outcome is unknown this may journal some reads twice, which does no
	// harm.
	a.core.log.Warn("could not journal reads of files yet", "reads", len(reads), "error", err.Error())
	a.mu.Lock()
	defer a.mu.Unlock()
	a.wait(reads...)
	signal(a.some)
}

// putAccesses writes one record for each subject, RPC and hour. The clock may
// have been set back since a read: no record has an hour later than its event.
func putAccesses(w store.Writer, reads []access, now time.Time) error {
	type group struct {
		subject, rpc string
		hour         time.Time
	}
	var order []group
	found := make(map[group][]uint64)
	for _, read := range reads {
		uid, err := candidateOf(w, read.name)
		if errors.Is(err, store.ErrNotFound) {
			continue // it no longer exists, nor does anything that was read
		}
		if err != nil {
			return err
		}
		g := group{read.subject, read.rpc, read.hour}
		if g.hour.After(now) {
			g.hour = now.Truncate(time.Hour)
		}
		if found[g] == nil {
			order = append(order, g)
		}
		found[g] = append(found[g], uid)
	}
	for _, g := range order {
		slices.Sort(found[g])
		for uids := range slices.Chunk(slices.Compact(found[g]), maxAccessList) {
			uid, err := w.NewUID()
			if err != nil {
				return err
			}
			record := &storepb.Access{Uid: uid, Subject: g.subject, Rpc: g.rpc, HourTime: timestamppb.New(g.hour), CandidateUids: uids}
			if err := store.Accesses.PutIndexed(w, store.Key(uid), record); err != nil {
				return err
			}
		}
	}
	return nil
}

// candidateOf returns the uid of the candidate that a name is about.
func candidateOf(r store.Reader, name string) (uint64, error) {
	if segment(name, 0) == "candidates" {
		return store.Lookup(r, store.CollectionCandidate, segment(name, 1))
	}
	uid, err := store.Lookup(r, store.CollectionCandidacy, store.CandidacyLabel(segment(name, 1), segment(name, 3)))
	if err != nil {
		return 0, err
	}
	candidacy, err := store.Candidacies.Get(r, store.Key(uid))
	return candidacy.GetCandidateUid(), err
}

// ListAccesses lists who read which candidates' files.
func (s *auditService) ListAccesses(ctx context.Context, req *acquispb.ListAccessesRequest) (*acquispb.ListAccessesResponse, error) {
	view := viewOf(call.CallerOf(ctx))
	items, next, err := list(ctx, s.core, req, listing[*acquispb.FileAccess]{
		fields: accessFields(),
		from:   accessSource,
		show: func(r store.Reader, uid uint64) (*acquispb.FileAccess, bool, error) {
			stored, err := store.Accesses.Get(r, store.Key(uid))
			if err != nil {
				return nil, false, err
			}
			shown, err := s.accessFrom(r, stored, view)
			return shown, true, err
		},
	})
	return &acquispb.ListAccessesResponse{Accesses: items, NextPageToken: next}, err
}

// accessFields are those that a filter of accesses may name.
func accessFields() filter.Fields[*acquispb.FileAccess] {
	return filter.Fields[*acquispb.FileAccess]{
		filter.Texts("candidate", (*acquispb.FileAccess).GetCandidates).
			Or("candidates").Holding("the name of one of those read"),
		filter.Text("subject", (*acquispb.FileAccess).GetSubject),
		filter.Text("rpc", (*acquispb.FileAccess).GetRpc),
		filter.Time("hour_time", (*acquispb.FileAccess).GetHourTime),
	}
}

// accessSource is the index of the candidate that the filter names, otherwise
// all.
func accessSource(r store.Reader, wanted filter.Filter[*acquispb.FileAccess]) (source, error) {
	if name, ok := wanted.Demands("candidate"); ok {
		return indexOfNamed(r, store.KindCandidateAccess, store.CollectionCandidate, name)
	}
	return allOf(r, store.KindAccess), nil
}

// cutAccess shows what a view shows of an access, without the names of the
// candidates. The reader and the RPC of a read of accommodations and exemptions
// would reveal that there are some: see eventFrom.
func (c *core) cutAccess(a *storepb.Access, view visibility.View) *acquispb.FileAccess {
	shown := &acquispb.FileAccess{Name: accessName(a.GetUid()), HourTime: a.GetHourTime()}
	facts := visibility.NoFile
	if c.ofFile("/" + a.GetRpc()) {
		facts = visibility.Always
	}
	if view.Sees(visibility.FieldActor, facts) {
		shown.Subject, shown.Rpc = a.GetSubject(), a.GetRpc()
	}
	return shown
}

// ofFile tells whether calls of an RPC reveal that a candidacy has accommodations
// or exemptions: it lists them, or is an act on them whose answer was read again.
func (c *core) ofFile(fullMethod string) bool {
	switch fullMethod {
	case acquispb.SessionService_ListAccommodations_FullMethodName, acquispb.SessionService_ListExemptions_FullMethodName:
		return true
	}
	rpc, known := c.contract.RPCs[fullMethod]
	return known && rpc.Event == acquispb.Event_Kind_CANDIDACY_FILE
}

func (c *core) accessFrom(r store.Reader, a *storepb.Access, view visibility.View) (*acquispb.FileAccess, error) {
	shown := c.cutAccess(a, view)
	for _, uid := range a.GetCandidateUids() {
		candidate, err := store.Candidates.Get(r, store.Key(uid))
		if err != nil {
			return nil, err
		}
		shown.Candidates = append(shown.Candidates, candidateName(candidate.GetLabel()))
	}
	return shown, nil
}
