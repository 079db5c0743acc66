package show

import (
	"sync"

	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
	"github.com/acquis-eval/acquis/rules"
)

// Reasons shows reasons.
func Reasons(reasons []rules.Reason) []*acquispb.Reason {
	shown := make([]*acquispb.Reason, len(reasons))
	for i, r := range reasons {
		shown[i] = reason(r)
	}
	return shown
}

func reason(r rules.Reason) *acquispb.Reason {
	return &acquispb.Reason{
		Rule: string(r.Rule), Bloc: r.Bloc, Competence: r.Competence, Criterion: r.Criterion,
		Reached: int32(r.Points), Required: int32(r.Required), Counted: int32(r.Counted),
		FromDefault: r.FromDefault, Text: r.String(),
	}
}

// sharedReasons keeps the message of each reason that a revision's grids have given.
// Any number of goroutines may use it.
type sharedReasons struct {
	mu   sync.RWMutex
	kept map[rules.Reason][]*acquispb.Reason // a list of the one
}

// mostReasons bounds what is kept for a revision: its grids can give more, by the
// numbers in them, but few do.
const mostReasons = 10_000

// list shows reasons by messages that other answers show too.
func (s *sharedReasons) list(reasons []rules.Reason) []*acquispb.Reason {
	switch len(reasons) {
	case 0:
		return nil
	case 1:
		return s.one(reasons[0])
	}
	shown := make([]*acquispb.Reason, len(reasons))
	for i, r := range reasons {
		shown[i] = s.one(r)[0]
	}
	return shown
}

// one shows a reason as a list of one.
func (s *sharedReasons) one(r rules.Reason) []*acquispb.Reason {
	s.mu.RLock()
	kept := s.kept[r]
	s.mu.RUnlock()
	if kept != nil {
		return kept
	}
	made := []*acquispb.Reason{reason(r)}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.kept) < mostReasons {
		s.kept[r] = made
	}
	return made
}
