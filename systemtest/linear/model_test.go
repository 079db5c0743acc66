package linear

import (
	"fmt"
	"strings"

	"github.com/anishathalye/porcupine"
)

// What follows is a candidacy as somebody who has read the rules on one page
// expects it to behave, call after call. It does not use package rules. The
// référentiel is as small as possible: one bloc, one compétence, two criteria,
// the default rules; two assessors give verdicts and a jury of two settles.

const (
	linAssessors = 2
	linCriteria  = 2
	linMet       = "MET"
	linNotMet    = "NOT_MET"
)

// A linCall is what a caller asked of one candidacy.
type linCall struct {
	candidacy string
	act       string              // record, retract, settle, withdraw, reinstate, deliberate; grid, ledger, decisions
	assessor  int                 // record, retract
	verdicts  [linCriteria]string // record, settle: by criterion, "" for one that is not named; retract: any text for one that is
	etag      string              // deliberate: as the jury saw it
}

func (c linCall) reads() bool { return c.act == "grid" || c.act == "ledger" || c.act == "decisions" }

// A linAnswer is what the caller got.
type linAnswer struct {
	unknown bool   // no answer: the call may take effect at any time from then on, or never
	code    string // of the gRPC status
	grid    linGrid
	outcome string // deliberate, ledger, decisions: the bloc's and the certification's
}

// A linGrid is the part of a grid that the model describes.
type linGrid struct {
	state    string
	status   [linCriteria]string // "": the bloc is not presented
	verdicts [linCriteria][linAssessors]string
	etag     string
}

// A linState is the state of a candidacy between two calls. It is comparable.
type linState struct {
	state    string // ENROLLED, WITHDRAWN, DECIDED
	verdicts [linCriteria][linAssessors]string
	settled  [linCriteria]linSettlement // the latest
	outcome  string                     // what was decided
	etag     string                     // "": nobody has read the grid since the last act
	etags    string                     // all that were ever seen
}

// A linSettlement is the jury's verdict, and the verdicts on which it was made.
type linSettlement struct {
	verdict string
	on      [linAssessors]string
}

func (s linState) status(criterion int) string {
	given, disputed := "", false
	for _, verdict := range s.verdicts[criterion] {
		disputed = disputed || verdict != "" && given != "" && verdict != given
		if verdict != "" {
			given = verdict
		}
	}
	settled := s.settled[criterion]
	switch {
	case given == "":
		return "PENDING"
	case !disputed:
		return given
	case settled.verdict != "" && settled.on == s.verdicts[criterion]:
		return settled.verdict
	}
	return "CONTESTED"
}

func (s linState) disputed(criterion int) bool {
	v := s.verdicts[criterion]
	return v[0] != "" && v[1] != "" && v[0] != v[1]
}

// apply makes a call that writes, and returns the code of its answer.
func (s linState) apply(c linCall) (after linState, code string) {
	after = s
	enrolled := s.state == "ENROLLED"
	for criterion, verdict := range c.verdicts {
		if verdict == "" {
			continue
		}
		switch c.act {
		case "record":
			after.verdicts[criterion][c.assessor] = verdict
		case "retract":
			enrolled = enrolled && s.verdicts[criterion][c.assessor] != ""
			after.verdicts[criterion][c.assessor] = ""
		case "settle":
			enrolled = enrolled && s.disputed(criterion)
			after.settled[criterion] = linSettlement{verdict, s.verdicts[criterion]}
		}
	}
	switch c.act {
	case "withdraw":
		after.state = "WITHDRAWN"
	case "reinstate":
		enrolled = s.state == "WITHDRAWN"
		after.state = "ENROLLED"
	case "deliberate":
		if enrolled && c.etag != s.etag {
			return s, "ABORTED"
		}
		after.state, after.outcome = "DECIDED", s.computed()
		enrolled = enrolled && after.outcome != ""
	}
	if !enrolled {
		return s, "refused"
	}
	after.etag = "" // a new one, which nobody has seen yet
	return after, "OK"
}

// computed is what the jury would decide, "" if something is open.
func (s linState) computed() string {
	outcome := "CAPITALISED AWARDED"
	for criterion := range linCriteria {
		switch s.status(criterion) {
		case "PENDING", "CONTESTED":
			return ""
		case linNotMet:
			outcome = "NOT_CAPITALISED"
		}
	}
	return outcome
}

// shows tells whether a grid is that of the state, and records its etag: an etag
// stays the same until the next act and was never seen before the last act.
func (s linState) shows(g linGrid) (bool, linState) {
	fresh := s.etag == "" && !strings.Contains(s.etags, g.etag)
	if g.etag == "" || g.state != s.state || g.etag != s.etag && !fresh {
		return false, s
	}
	for criterion := range linCriteria {
		status, verdicts := s.status(criterion), s.verdicts[criterion]
		if s.state == "WITHDRAWN" {
			status, verdicts = "", [linAssessors]string{}
		}
		if g.status[criterion] != status || g.verdicts[criterion] != verdicts {
			return false, s
		}
	}
	if fresh {
		s.etag, s.etags = g.etag, s.etags+g.etag
	}
	return true, s
}

func (s linState) step(c linCall, a linAnswer) (bool, linState) {
	switch c.act {
	case "grid":
		return s.shows(a.grid)
	case "ledger", "decisions":
		return a.outcome == s.outcome, s
	}
	after, code := s.apply(c)
	if a.unknown {
		return true, after
	}
	said := a.code
	if said == "FAILED_PRECONDITION" || said == "INVALID_ARGUMENT" {
		said = "refused"
	}
	right := said == code && (c.act != "deliberate" || code != "OK" || a.outcome == after.outcome)
	return right, after
}

// linModel is the model in the form that the checker needs.
func linModel() porcupine.Model {
	return porcupine.Model{
		Partition: func(history []porcupine.Operation) (parts [][]porcupine.Operation) {
			at := make(map[string]int)
			for _, op := range history {
				name := op.Input.(linCall).candidacy
				i, known := at[name]
				if !known {
					i = len(parts)
					at[name], parts = i, append(parts, nil)
				}
				parts[i] = append(parts[i], op)
			}
			return parts
		},
		Init: func() any { return linState{state: "ENROLLED"} },
		Step: func(state, input, output any) (bool, any) {
			return state.(linState).step(input.(linCall), output.(linAnswer))
		},
		DescribeOperation: func(input, output any) string { return fmt.Sprintf("%+v -> %+v", input, output) },
		DescribeState:     func(state any) string { return fmt.Sprintf("%+v", state) },
	}
}
