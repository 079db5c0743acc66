package show

import (
	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
	"github.com/acquis-eval/acquis/rules"
)

// The rules' names are those of the API; the empty value is unspecified.

// Finding shows a verdict, a level or a mark: the one by which its criterion is assessed.
func Finding(v rules.Verdict, by rules.FindingKind) (verdict acquispb.Verdict_Enum, level, mark string) {
	switch by {
	case rules.ByLevel:
		level = string(v)
	case rules.ByMark:
		mark = string(v)
	default:
		verdict = acquispb.Verdict_Enum(acquispb.Verdict_Enum_value[string(v)])
	}
	return verdict, level, mark
}

func outcome(o rules.Outcome) acquispb.Outcome_Enum {
	return acquispb.Outcome_Enum(acquispb.Outcome_Enum_value[string(o)])
}

func status(s rules.CriterionStatus) acquispb.CriterionStatus_Enum {
	return acquispb.CriterionStatus_Enum(acquispb.CriterionStatus_Enum_value[string(s)])
}
