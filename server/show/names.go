package show

import (
	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
	"github.com/acquis-eval/acquis/rules"
)

// The rules' names are those of the API; the empty value is unspecified.

// Verdict shows a verdict.
func Verdict(v rules.Verdict) acquispb.Verdict_Enum {
	return acquispb.Verdict_Enum(acquispb.Verdict_Enum_value[string(v)])
}

func outcome(o rules.Outcome) acquispb.Outcome_Enum {
	return acquispb.Outcome_Enum(acquispb.Outcome_Enum_value[string(o)])
}

func status(s rules.CriterionStatus) acquispb.CriterionStatus_Enum {
	return acquispb.CriterionStatus_Enum(acquispb.CriterionStatus_Enum_value[string(s)])
}
