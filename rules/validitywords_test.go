package rules

import (
	"strconv"
	"strings"
	"time"

	"github.com/acquis-eval/acquis/rules/calendar"
)

// validity is how long something is valid: "validity r1 B1: 12 months", or of "blocs" or
// the "award", or "unlimited".
func (p *player) validity(l line) error {
	spec := p.revisions[l.arg(0)]
	period, err := periodOf(l.tail)
	if spec == nil || err != nil {
		return l.errorf("not a validity of a revision: %v", err)
	}
	switch bloc, _, _ := find(spec, l.arg(1)); {
	case l.arg(1) == "award":
		spec.Validity.Award = period
	case l.arg(1) == "blocs":
		spec.Validity.Blocs = period
	case bloc != nil:
		bloc.Validity = &period
	default:
		return l.errorf("no bloc")
	}
	return p.compile(l, spec)
}

func periodOf(text string) (calendar.Period, error) {
	if text == "unlimited" {
		return calendar.Period{}, nil
	}
	number, unit, _ := strings.Cut(text, " ")
	n, err := strconv.Atoi(number)
	if unit == "months" {
		return calendar.Months(n), err
	}
	return calendar.Years(n), err
}

// day moves the calendar: "today 2027-03-11".
func (p *player) day(l line) error {
	if _, err := time.Parse(time.DateOnly, l.arg(0)); err != nil {
		return l.errorf("%v", err)
	}
	p.world.today = calendar.Day(l.arg(0))
	return nil
}
