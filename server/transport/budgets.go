package transport

import (
	"slices"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/acquis-eval/acquis/server/admission"
)

// budgets grant the bytes of requests. Unknown callers have their own, and so
// have large requests, so that sending them slowly does not delay verdicts.
// Unread answers have their own budgets too, so that requests need not wait for
// them.
type budgets struct{ small, large, smallPublic, largePublic, answers, publicAnswers, checks, refusals *admission.Budget }

func newBudgets() budgets {
	return budgets{
		small:       admission.NewBudget("small", admission.SmallBudget),
		large:       admission.NewBudget("large", admission.LargeBudget),
		smallPublic: admission.NewBudget("small_public", admission.SmallPublicBudget),
		largePublic: admission.NewBudget("large_public", admission.LargePublicBudget),

		answers:       admission.NewBudget("answers", admission.AnswersBudget),
		publicAnswers: admission.NewBudget("public_answers", admission.PublicAnswersBudget),
		checks:        admission.NewBudget("check_answers", admission.PublicAnswersBudget),
		refusals:      admission.NewBudget("refusals", admission.RefusalsBudget),
	}
}

// The memory of a call without its request; the factor by which a request grows
// when decoded, which the limits of lists keep low; and which requests are
// small.
const (
	bytesOfACall = 4 << 10
	decodedTimes = 4
	small        = 64 << 10
	smallPublic  = 8 << 10
)

// of returns the budget for a request of that many bytes.
func (b budgets) of(public bool, size int) *admission.Budget {
	switch {
	case public && size <= smallPublic:
		return b.smallPublic
	case public:
		return b.largePublic
	case size <= small:
		return b.small
	}
	return b.large
}

// answersTo returns the budget for answers to unknown callers or to others.
func (b budgets) answersTo(m *method) *admission.Budget {
	switch {
	case m.class == admission.Check:
		return b.checks
	case m.public:
		return b.publicAnswers
	}
	return b.answers
}

func (b budgets) collectors() []prometheus.Collector {
	return slices.Concat(b.small.Collectors(), b.large.Collectors(), b.smallPublic.Collectors(), b.largePublic.Collectors(),
		b.answers.Collectors(), b.publicAnswers.Collectors(), b.checks.Collectors(), b.refusals.Collectors())
}
