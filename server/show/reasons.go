package show

import (
	"slices"
	"sync/atomic"

	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
	"github.com/acquis-eval/acquis/rules/words"
)

// Reasons shows reasons.
func Reasons(reasons []words.Reason) []*acquispb.Reason {
	shown := make([]*acquispb.Reason, len(reasons))
	for i, r := range reasons {
		shown[i] = reason(r)
	}
	return shown
}

func reason(r words.Reason) *acquispb.Reason {
	shown := &acquispb.Reason{
		Rule: string(r.Rule), Bloc: r.Bloc, Competence: r.Competence, Epreuve: r.Epreuve, Criterion: r.Criterion,
		Reached: int32(r.Points), Required: int32(r.Required), Counted: int32(r.Counted),
		FromDefault: r.FromDefault, Text: r.String(), Option: r.Option, AnyOf: r.AnyOf, Requirement: r.Requirement,
		LastValidDate: Date(r.Until), Path: r.Chain,
	}
	if a := r.Amount; a != nil {
		shown.Amount = &acquispb.Reason_Amount{Reached: a.Reached, Exact: a.Exact, Limit: a.Limit, Weights: int32(a.Weights), Percent: a.Percent}
	}
	return shown
}

// sharedReasons keeps the messages of reasons that grids have given for one bloc,
// compétence or criterion of a revision. There are few, so comparing with each
// costs less than hashing. Any number of goroutines may use it.
type sharedReasons struct {
	kept atomic.Pointer[[]sharedReason]
}

type sharedReason struct {
	of    words.Reason
	shown []*acquispb.Reason // a list of one reason
}

// mostReasons limits how many reasons are kept in one place: more are possible,
// because of the numbers in them, but grids give few.
const mostReasons = 32

// list shows reasons with messages that other answers also show.
func (s *sharedReasons) list(reasons []words.Reason) []*acquispb.Reason {
	switch len(reasons) {
	case 0:
		return nil
	case 1:
		return s.one(&reasons[0])
	}
	shown := make([]*acquispb.Reason, len(reasons))
	for i := range reasons {
		shown[i] = s.one(&reasons[i])[0]
	}
	return shown
}

// one shows a reason as a list of one.
func (s *sharedReasons) one(r *words.Reason) []*acquispb.Reason {
	kept := s.kept.Load()
	if kept == nil {
		kept = new([]sharedReason)
	}
	for i := range *kept {
		if (*kept)[i].of.Equal(r) {
			return (*kept)[i].shown
		}
	}
	made := sharedReason{*r, []*acquispb.Reason{reason(*r)}}
	if len(*kept) < mostReasons {
		more := append(slices.Clip(*kept), made)
		s.kept.Store(&more) // a reason added by another goroutine at this moment is made again
	}
	return made.shown
}
