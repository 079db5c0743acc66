package rules

import (
	"strings"
	"testing"

	"github.com/acquis-eval/acquis/rules/exact"
	"github.com/acquis-eval/acquis/rules/gate"
)

// TestCheckGates: the gates of one référentiel after a change, and all that is said of them.
func TestCheckGates(t *testing.T) {
	n := func(n int) *int { return &n }
	mean := func(threshold string) *gate.Given { return &gate.Given{Mean: &gate.Mean{Threshold: threshold}} }
	for name, c := range map[string]struct {
		change func(s *Spec, b *Bloc, k *Unit)
		want   []string
	}{
		"nothing given":      {func(s *Spec, b *Bloc, k *Unit) { b.Gate = new(gate.Given) }, []string{"blocs[0].gate: must have a mean, a count, a floor, an at_most or a shortfall"}},
		"no number":          {func(s *Spec, b *Bloc, k *Unit) { b.Gate = mean("") }, []string{`blocs[0].gate.mean.threshold: "" must be a number such as "10" or "12.5", with at most 4 digits before the point and 3 after it, and no needless zero`}},
		"threshold too high": {func(s *Spec, b *Bloc, k *Unit) { k.Gate = mean("100.5") }, []string{"blocs[0].competences[0].gate.mean.threshold: is 100.5; points are 0 to 100"}},
		"gate of the référentiel, said once": {func(s *Spec, b *Bloc, k *Unit) { s.CompetenceGate = mean("-1") },
			[]string{"rules.competence_gate.mean.threshold: is -1; points are 0 to 100"}},
		"step 0":      {func(s *Spec, b *Bloc, k *Unit) { k.Gate = mean("1"); k.Gate.Mean.RoundTo = "0" }, []string{"blocs[0].competences[0].gate.mean.round_to: must be above 0"}},
		"empty count": {func(s *Spec, b *Bloc, k *Unit) { k.Gate = &gate.Given{Count: &gate.Count{}} }, []string{"blocs[0].competences[0].gate.count: must have either percent or at_least"}},
		"both counts": {func(s *Spec, b *Bloc, k *Unit) {
			k.Gate = &gate.Given{Count: &gate.Count{Percent: n(1), AtLeast: n(1)}}
		}, []string{"blocs[0].competences[0].gate.count: must have either percent or at_least"}},
		"percent 0":   {func(s *Spec, b *Bloc, k *Unit) { k.Gate = &gate.Given{Count: &gate.Count{Percent: n(0)}} }, []string{"blocs[0].competences[0].gate.count.percent: is 0; must be 1 to 100"}},
		"percent 101": {func(s *Spec, b *Bloc, k *Unit) { k.Gate = &gate.Given{Count: &gate.Count{Percent: n(101)}} }, []string{"blocs[0].competences[0].gate.count.percent: is 101; must be 1 to 100"}},
		"at least 3":  {func(s *Spec, b *Bloc, k *Unit) { k.Gate = &gate.Given{Count: &gate.Count{AtLeast: n(3)}} }, []string{"blocs[0].competences[0].gate.count.at_least: is 3, but only 2 of blocs[0].competences[0].criteria are no bonus"}},
		"at least 0":  {func(s *Spec, b *Bloc, k *Unit) { k.Gate = &gate.Given{Count: &gate.Count{AtLeast: n(0)}} }, []string{"blocs[0].competences[0].gate.count.at_least: is 0; must be 1 to 100"}},
		"floor":       {func(s *Spec, b *Bloc, k *Unit) { k.Gate = &gate.Given{Floor: "101"} }, []string{"blocs[0].competences[0].gate.floor: is 101; points are 0 to 100"}},
		"at most": {func(s *Spec, b *Bloc, k *Unit) {
			k.Gate = &gate.Given{AtMost: &gate.AtMost{Number: n(-1), Below: "101"}}
		}, []string{"blocs[0].competences[0].gate.at_most.below: is 101; points are 0 to 100", "blocs[0].competences[0].gate.at_most.number: is -1; must be 0 to 100"}},
		"at most what": {func(s *Spec, b *Bloc, k *Unit) { k.Gate = &gate.Given{AtMost: &gate.AtMost{Below: "10"}} }, []string{"blocs[0].competences[0].gate.at_most.number: must not be empty"}},
		"shortfall": {func(s *Spec, b *Bloc, k *Unit) {
			k.Gate = &gate.Given{Shortfall: &gate.Shortfall{Below: "101", AtMost: "-1"}}
		}, []string{"blocs[0].competences[0].gate.shortfall.below: is 101; points are 0 to 100", "blocs[0].competences[0].gate.shortfall.at_most: must not be below 0"}},
		"both forms": {func(s *Spec, b *Bloc, k *Unit) {
			s.CompetenceGate, s.BlocGate = mean("1"), mean("1")
			s.Rules.CompetenceThreshold, s.Rules.BlocThreshold = n(1), n(1)
		}, []string{"rules.competence_gate: must be left out if competence_threshold_percent is given, which is a gate in short form", "rules.bloc_gate: must be left out if bloc_threshold_percent is given, which is a gate in short form"}},
		"weight 0":    {func(s *Spec, b *Bloc, k *Unit) { k.Criteria[1].Weight = n(0) }, []string{"blocs[0].competences[0].criteria[1].weight: is 0; must be 1 to 1000"}},
		"weight 1001": {func(s *Spec, b *Bloc, k *Unit) { k.Criteria[1].Weight = n(1001) }, []string{"blocs[0].competences[0].criteria[1].weight: is 1001; must be 1 to 1000"}},
		"weight that no gate reads": {func(s *Spec, b *Bloc, k *Unit) { k.Weight = n(2) },
			[]string{"blocs[0].competences[0].weight: has no effect: the gate above it has no mean"}},
		"bonus that no gate reads": {func(s *Spec, b *Bloc, k *Unit) {
			k.Criteria[1].BonusAbove, k.Gate = "50", &gate.Given{Count: &gate.Count{AtLeast: n(1)}}
		},
			[]string{"blocs[0].competences[0].criteria[1].bonus_above: has no effect: the gate above it has no mean"}},
		"all bonuses": {func(s *Spec, b *Bloc, k *Unit) { k.Criteria[0].BonusAbove, k.Criteria[1].BonusAbove = "50", "50" }, []string{"blocs[0].competences[0].criteria: are all bonuses; one at least must be none"}},
		"eliminatory bonus": {func(s *Spec, b *Bloc, k *Unit) {
			k.Criteria[1].BonusAbove, k.Criteria[1].Eliminatory = "50", true
		}, []string{"blocs[0].competences[0].criteria[1].bonus_above: a bonus is not needed, so it must not be eliminatory"}},
		"bonus with something eliminatory in it": {func(s *Spec, b *Bloc, k *Unit) {
			b.Gate, k.BonusAbove, k.Criteria[1].Eliminatory = mean("50"), "50", true
		}, []string{"blocs[0].competences[0].bonus_above: a bonus is not needed, so it must not have an eliminatory criterion"}},
		"sound": {func(s *Spec, b *Bloc, k *Unit) {
			b.Gate, k.Weight, k.Criteria[0].Weight, k.Criteria[1].BonusAbove = mean("0"), n(1000), n(1), "0"
		}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			spec := Spec{Blocs: []Bloc{{Code: "B1", Units: []Unit{
				{Code: "C1", Criteria: []Criterion{{Code: "C1.1"}, {Code: "C1.2"}}}, {Code: "C2", Criteria: []Criterion{{Code: "C2.1"}}},
			}}}}
			c.change(&spec, &spec.Blocs[0], &spec.Blocs[0].Units[0])
			var got []string
			for _, p := range CheckGates(spec) {
				got = append(got, p.Error())
			}
			if strings.Join(got, "\n") != strings.Join(c.want, "\n") {
				t.Errorf("got %q, want %q", got, c.want)
			}
			if _, err := NewScheme(spec); (err == nil) != (c.want == nil) || err != nil && err.Error() != strings.Join(c.want, "\n") {
				t.Errorf("compiling says %v", err)
			}
		})
	}
}

// TestCheckScales: what can be wrong with a scale, and with a gate above several.
func TestCheckScales(t *testing.T) {
	n := func(n int) *int { return &n }
	note, abc := Scale{Code: "note", Marks: &Marks{"1", "6", "0.5"}}, Scale{Code: "abc", Levels: []Level{{"A", n(100)}, {"B", n(0)}}}
	const form = ` must be a number such as "10" or "12.5", with at most 4 digits before the point and 3 after it, and no needless zero`
	for name, c := range map[string]struct {
		change func(s *Spec, k *Unit)
		want   []string
	}{
		"sound": {func(s *Spec, k *Unit) {
			s.Scale, k.Criteria[0].Scale, k.Gate = "note", "abc", &gate.Given{Floor: "50", InPercent: true}
		}, nil},
		"sound, in its own unit": {func(s *Spec, k *Unit) {
			s.Scale, k.Gate = "note", &gate.Given{Mean: &gate.Mean{Threshold: "4", RoundTo: "0.1"}, Shortfall: &gate.Shortfall{Below: "4", AtMost: "2"}}
		}, nil},
		"neither":                   {func(s *Spec, k *Unit) { s.Scales[0].Marks = nil }, []string{"scales[0]: must have either levels or marks"}},
		"both":                      {func(s *Spec, k *Unit) { s.Scales[0].Levels = abc.Levels }, []string{"scales[0]: must have either levels or marks"}},
		"no marks":                  {func(s *Spec, k *Unit) { s.Scales[0].Marks.Min = "1.0" }, []string{`scales[0].marks.min: "1.0"` + form}},
		"upside down":               {func(s *Spec, k *Unit) { s.Scales[0].Marks.Max = "1" }, []string{"scales[0].marks.max: must be above min"}},
		"no step":                   {func(s *Spec, k *Unit) { s.Scales[0].Marks.Step = "0" }, []string{"scales[0].marks.step: must be above 0"}},
		"step that misses the best": {func(s *Spec, k *Unit) { s.Scales[0].Marks.Step = "0.3" }, []string{"scales[0].marks.step: must lead from min to max in whole steps"}},
		"pass beyond":               {func(s *Spec, k *Unit) { s.Scales[0].Pass = "6.5" }, []string{"scales[0].pass: is 6.5; must be points of the scale"}},
		"same code":                 {func(s *Spec, k *Unit) { s.Scales[1].Code = "note" }, []string{`scales[1].code: "note" is the code of another scale`}},
		"unknown":                   {func(s *Spec, k *Unit) { s.Scale, k.Criteria[1].Scale = "x", "y" }, []string{`rules.scale: "x" is not a scale of this référentiel`, `blocs[0].competences[0].criteria[1].scale: "y" is not a scale of this référentiel`}},
		"one level":                 {func(s *Spec, k *Unit) { s.Scales[1].Levels = s.Scales[1].Levels[:1] }, []string{"scales[1].levels: must be two at least"}},
		"level twice":               {func(s *Spec, k *Unit) { s.Scales[1].Levels[1].Code = "A" }, []string{`scales[1].levels[1].code: "A" is the code of another level`}},
		"verdict":                   {func(s *Spec, k *Unit) { s.Scales[1].Levels[1].Code = "MET" }, []string{`scales[1].levels[1].code: "MET" is a verdict`}},
		"wrong order": {func(s *Spec, k *Unit) {
			s.Scales[1].Levels[0].Points, s.Scales[1].Levels[1].Points = n(10), n(20)
		}, []string{"scales[1].levels[1].points: is more than those of the level before it; the best comes first"}},
		"too much":         {func(s *Spec, k *Unit) { s.Scales[1].Levels[0].Points = n(101) }, []string{"scales[1].levels[0].points: is 101; must be 0 to 100"}},
		"no points":        {func(s *Spec, k *Unit) { s.Scales[1].Levels[1].Points = nil }, []string{"scales[1].levels[1].points: must not be empty"}},
		"threshold beyond": {func(s *Spec, k *Unit) { s.Scale, k.Gate = "note", &gate.Given{Mean: &gate.Mean{Threshold: "6.5"}} }, []string{"blocs[0].competences[0].gate.mean.threshold: is 6.5; points are 1 to 6"}},
		"bonus beyond": {func(s *Spec, k *Unit) {
			s.Scale, k.Gate, k.Criteria[1].BonusAbove = "note", &gate.Given{Mean: &gate.Mean{Threshold: "4"}}, "0.5"
		}, []string{"blocs[0].competences[0].criteria[1].bonus_above: is 0.5; points are 1 to 6"}},
		"mixed": {func(s *Spec, k *Unit) { s.Scale, k.Criteria[0].Scale, k.Gate = "note", "abc", &gate.Given{Floor: "5"} },
			[]string{"blocs[0].competences[0].criteria: are not on one scale, so the gate above them must be in_percent"}},
		"mixed in a bloc": {func(s *Spec, k *Unit) {
			k.Criteria[0].Scale, k.Criteria[1].Scale, s.BlocGate = "note", "note", &gate.Given{Mean: &gate.Mean{Threshold: "5"}}
		}, []string{"blocs[0].competences: are not on one scale, so the gate above them must be in_percent"}},
	} {
		t.Run(name, func(t *testing.T) {
			marks := *note.Marks
			spec := Spec{
				Scales: []Scale{{Code: "note", Marks: &marks}, {Code: "abc", Levels: []Level{abc.Levels[0], abc.Levels[1]}}},
				Blocs: []Bloc{{Code: "B1", Units: []Unit{
					{Code: "C1", Criteria: []Criterion{{Code: "C1.1"}, {Code: "C1.2"}}}, {Code: "C2", Criteria: []Criterion{{Code: "C2.1"}}},
				}}},
			}
			c.change(&spec, &spec.Blocs[0].Units[0])
			var got []string
			for _, p := range CheckGates(spec) {
				got = append(got, p.Error())
			}
			if strings.Join(got, "\n") != strings.Join(c.want, "\n") {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

// TestPercentOfAScale: 0 % is the least mark, which need not be 0.
func TestPercentOfAScale(t *testing.T) {
	s := &scale{min: exact.Whole(1), max: exact.Whole(6)}
	for mark, want := range map[int]string{1: "0", 4: "60", 6: "100"} {
		if got := s.percent(exact.Whole(mark)).String(); got != want {
			t.Errorf("%d is %s %%, not %s", mark, got, want)
		}
	}
}
