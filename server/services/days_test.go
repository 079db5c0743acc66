package services

import (
	"slices"
	"testing"
	"time"

	"google.golang.org/genproto/googleapis/api/annotations"
	"google.golang.org/genproto/googleapis/type/date"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/known/fieldmaskpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
)

func in(t *testing.T, zone string) func(*Options) {
	t.Helper()
	location, err := time.LoadLocation(zone)
	must(t, err)
	return func(o *Options) { o.Zone = location }
}

func bornOn(d *date.Date) *acquispb.CreateCandidateRequest {
	return &acquispb.CreateCandidateRequest{Candidate: &acquispb.Candidate{
		BirthName: "Martin", GivenNames: []string{"Léa"}, Sex: acquispb.Candidate_Sex_FEMALE, BirthDate: d,
	}}
}

// holdUntil places a hold, and tells how that is refused.
func (s *stage) holdUntil(until *date.Date) string {
	return try(s.registrar, s.PlaceHold, &acquispb.PlaceHoldRequest{Candidate: "candidates/camille", Reason: "r", UntilDate: until})
}

// born creates a candidate, and tells how that is refused.
func (s *stage) born(d *date.Date) string { return try(s.registrar, s.CreateCandidate, bornOn(d)) }

// datesThatCannotBe tries, for each date and time of requests, those that are refused.
func (s *stage) datesThatCannotBe(made *acquispb.Session) map[protoreflect.FullName][]refusal {
	rebirth := func(d *date.Date) string {
		camille := ask(s.registrar, s.GetCandidate, &acquispb.GetCandidateRequest{Name: "candidates/camille"})
		camille.BirthDate = d
		return try(s.registrar, s.UpdateCandidate, &acquispb.UpdateCandidateRequest{Candidate: camille})
	}
	moved := func(from, to *date.Date) string {
		given := proto.CloneOf(made)
		given.StartDate, given.EndDate = from, to
		return try(s.registrar, s.UpdateSession, &acquispb.UpdateSessionRequest{Session: given})
	}
	expires := func(at *timestamppb.Timestamp) string {
		return try(s.admin, s.CreateKey, &acquispb.CreateKeyRequest{Key: &acquispb.Key{
			Subject: "s", Roles: []acquispb.Role_Enum{acquispb.Role_READER}, ExpireTime: at,
		}})
	}
	june := day(2026, 6, 20)
	return map[protoreflect.FullName][]refusal{
		"acquis.v1.PlaceHoldRequest.until_date": {
			{"a hold that ended long ago", s.holdUntil(day(2006, 1, 1)), "INVALID_FIELD at untilDate"},
			{"a hold that ended yesterday", s.holdUntil(day(2026, 6, 14)), "INVALID_FIELD at untilDate"},
			{"a hold until no day", s.holdUntil(day(2027, 2, 29)), "INVALID_FIELD at untilDate"},
			{"a hold until a month", s.holdUntil(day(2027, 2, 0)), "INVALID_FIELD at untilDate"},
			{"a hold until an age to come", s.holdUntil(day(2201, 1, 1)), "INVALID_FIELD at untilDate"},
		},
		"acquis.v1.Candidate.birth_date": {
			{"born tomorrow", s.born(day(2026, 6, 16)), "INVALID_FIELD at candidate.birthDate"},
			{"born next month", s.born(day(2026, 7, 0)), "INVALID_FIELD at candidate.birthDate"},
			{"born next year", s.born(day(2027, 0, 0)), "INVALID_FIELD at candidate.birthDate"},
			{"born too long ago", s.born(day(1899, 12, 31)), "INVALID_FIELD at candidate.birthDate"},
			{"born on no day", s.born(day(1998, 2, 29)), "INVALID_FIELD at candidate.birthDate"},
			{"corrected to tomorrow", rebirth(day(2026, 6, 16)), "INVALID_FIELD at candidate.birthDate"},
		},
		"acquis.v1.Session.start_date": {
			{"a session before there were certifications", moved(day(1999, 12, 31), june), "INVALID_FIELD at session.startDate"},
			{"a session from no day", moved(day(2026, 2, 30), june), "INVALID_FIELD at session.startDate"},
		},
		"acquis.v1.Session.end_date": {
			{"a session that ends before it begins", moved(june, day(2026, 6, 19)), "INVALID_FIELD at session.endDate"},
			{"a session until no day", moved(june, day(2026, 6, 31)), "INVALID_FIELD at session.endDate"},
			{"a session for ever", moved(june, day(2201, 1, 1)), "INVALID_FIELD at session.endDate"},
		},
		"acquis.v1.Key.expire_time": {
			{"a key that has expired", expires(timestamppb.New(s.clock.Now().Add(-time.Second))), "INVALID_FIELD at key.expireTime"},
			{"a key until no time", expires(&timestamppb.Timestamp{Seconds: 1 << 62}), "INVALID_FIELD at key.expireTime"},
		},
	}
}

// TestDatesThatCannotBe: every date and time that a caller may give is refused if it
// cannot be meant. A new one has no row here.
func TestDatesThatCannotBe(t *testing.T) {
	s := newStage(t) // on 15 June 2026
	s.candidate("camille")
	rows := s.datesThatCannotBe(s.session("juin"))
	for _, field := range datesOfRequests() {
		if rows[field] == nil {
			t.Errorf("nobody tries a date or time for %s that cannot be", field)
		}
		s.refuses(s.written(), rows[field]...)
		delete(rows, field)
	}
	if len(rows) > 0 {
		t.Errorf("no request has %v", rows)
	}
	for what, got := range map[string]string{
		"a hold through today": s.holdUntil(day(2026, 6, 15)), "born today": s.born(day(2026, 6, 15)), "born this month": s.born(day(2026, 6, 0)),
		"born this year": s.born(day(2026, 0, 0)), "born in 1900": s.born(day(1900, 1, 1)),
	} {
		if got != "" {
			t.Errorf("%s: %s", what, got)
		}
	}
}

// datesOfRequests are all dates and times that a caller may give.
func datesOfRequests() (fields []protoreflect.FullName) {
	seen := make(map[protoreflect.FullName]bool)
	var walk func(m protoreflect.MessageDescriptor)
	walk = func(m protoreflect.MessageDescriptor) {
		if seen[m.FullName()] {
			return
		}
		seen[m.FullName()] = true
		for i := range m.Fields().Len() {
			field := m.Fields().Get(i)
			behaviours, _ := proto.GetExtension(field.Options(), annotations.E_FieldBehavior).([]annotations.FieldBehavior)
			if field.Message() == nil || slices.Contains(behaviours, annotations.FieldBehavior_OUTPUT_ONLY) {
				continue
			}
			switch field.Message().FullName() {
			case "google.type.Date", "google.protobuf.Timestamp":
				fields = append(fields, field.FullName())
			default:
				walk(field.Message())
			}
		}
	}
	protoregistry.GlobalFiles.RangeFilesByPackage("acquis.v1", func(file protoreflect.FileDescriptor) bool {
		for i := range file.Services().Len() {
			for methods, j := file.Services().Get(i).Methods(), 0; j < methods.Len(); j++ {
				walk(methods.Get(j).Input())
			}
		}
		return true
	})
	return fields
}

// TestDaysAreThoseOfTheZone: a day begins and ends where the certificateur is.
func TestDaysAreThoseOfTheZone(t *testing.T) {
	s := newStage(t, in(t, "Europe/Paris"))
	s.candidate("camille")
	hold := func(until *date.Date) *acquispb.PlaceHoldRequest {
		return &acquispb.PlaceHoldRequest{Candidate: "candidates/camille", Reason: "r", UntilDate: until}
	}
	s.clock.advance(13*time.Hour + 30*time.Minute) // 22:30 UTC: it is 16 June in Paris
	s.refuses(s.written(),
		refusal{"a hold through yesterday", try(s.registrar, s.PlaceHold, hold(day(2026, 6, 15))), "INVALID_FIELD at untilDate"},
		refusal{"born tomorrow", try(s.registrar, s.CreateCandidate, bornOn(day(2026, 6, 17))), "INVALID_FIELD at candidate.birthDate"},
	)
	ask(s.registrar, s.CreateCandidate, bornOn(day(2026, 6, 16)))
	placed := ask(s.registrar, s.PlaceHold, hold(day(2026, 6, 16)))
	if end := time.Date(2026, 6, 16, 22, 0, 0, 0, time.UTC); !placed.GetEndTime().AsTime().Equal(end) {
		t.Errorf("it ends at %v, not at %s", placed.GetEndTime(), end)
	}
	winter := ask(s.registrar, s.PlaceHold, hold(day(2026, 10, 25))) // a day of 25 hours
	if end := time.Date(2026, 10, 25, 23, 0, 0, 0, time.UTC); !winter.GetEndTime().AsTime().Equal(end) {
		t.Errorf("in winter it ends at %v, not at %s", winter.GetEndTime(), end)
	}
	ask(s.registrar, s.ReleaseHold, &acquispb.ReleaseHoldRequest{Name: winter.GetName()})

	o := Options{Now: s.clock.Now}
	in(t, "Pacific/Honolulu")(&o) // where the 16th ends ten hours after UTC
	s.open(o)
	s.clock.advance(23*time.Hour + 29*time.Minute) // 21:59 UTC
	if got := try(s.registrar, s.ForgetCandidate, forget("camille")); got != "CANDIDATE_HELD of candidates/camille" {
		t.Errorf("on its last day: %q", got)
	}
	s.clock.advance(time.Minute)
	if got := try(s.registrar, s.ForgetCandidate, forget("camille")); got != "" {
		t.Errorf("after the day that ended in the zone in which it was placed: %q", got)
	}
}

// TestDaysWithoutMidnight: also where clocks are changed at midnight, a day begins at
// its first instant, so that the one before it is of the day before.
func TestDaysWithoutMidnight(t *testing.T) {
	for _, name := range []string{"Atlantic/Azores", "America/Santiago", "America/Sao_Paulo", "Asia/Beirut", "Africa/Cairo", "Asia/Amman", "Europe/Paris", "UTC"} {
		zone, err := time.LoadLocation(name)
		must(t, err)
		for of := time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC); of.Year() < 2040; of = of.AddDate(0, 0, 1) {
			begin := firstInstant(of.Year(), of.Month(), of.Day(), zone)
			day, before := begin.Format(time.DateOnly), begin.Add(-time.Nanosecond).Format(time.DateOnly)
			if day != of.Format(time.DateOnly) || before != of.AddDate(0, 0, -1).Format(time.DateOnly) {
				t.Fatalf("%s in %s begins at %s, after %s", of.Format(time.DateOnly), name, begin, before)
			}
		}
	}
	s := newStage(t, in(t, "Atlantic/Azores"))
	s.candidate("camille")
	for until, end := range map[*date.Date]time.Time{
		day(2027, 3, 27):  time.Date(2027, 3, 28, 1, 0, 0, 0, time.UTC),  // the next day has no hour 0
		day(2027, 10, 30): time.Date(2027, 10, 31, 0, 0, 0, 0, time.UTC), // the next day has it twice
	} {
		placed := ask(s.registrar, s.PlaceHold, &acquispb.PlaceHoldRequest{Candidate: "candidates/camille", Reason: "r", UntilDate: until})
		if !placed.GetEndTime().AsTime().Equal(end) {
			t.Errorf("a hold until %v ends at %s, not at %s", until, placed.GetEndTime().AsTime(), end)
		}
	}
}

// TestSessionOfOneDayIsMoved: it keeps one day. One of several days keeps its last.
func TestSessionOfOneDayIsMoved(t *testing.T) {
	s := newStage(t)
	session := s.session("juin", func(given *acquispb.Session) { given.StartDate, given.EndDate = day(2026, 6, 20), nil })
	change := func(given *acquispb.Session, mask ...string) string {
		given.Name, given.Etag = session.GetName(), session.GetEtag()
		got := try(s.registrar, s.UpdateSession, &acquispb.UpdateSessionRequest{Session: given, UpdateMask: &fieldmaskpb.FieldMask{Paths: mask}})
		session = ask(s.registrar, s.GetSession, &acquispb.GetSessionRequest{Name: session.GetName()})
		return got
	}
	for _, step := range []struct {
		what     string
		given    *acquispb.Session
		mask     []string
		want     string
		from, to int32
	}{
		{"moved to a later day", &acquispb.Session{StartDate: day(2026, 6, 22)}, nil, "", 22, 22},
		{"moved to an earlier day", &acquispb.Session{StartDate: day(2026, 6, 20)}, []string{"start_date"}, "", 20, 20},
		{"renamed", &acquispb.Session{DisplayName: "x"}, nil, "", 20, 20},
		{"the end moved before the start", &acquispb.Session{EndDate: day(2026, 6, 19)}, nil, "INVALID_FIELD at session.endDate", 20, 20},
		{"made longer", &acquispb.Session{EndDate: day(2026, 6, 25)}, nil, "", 20, 25},
		{"the start of several days", &acquispb.Session{StartDate: day(2026, 6, 23)}, nil, "", 23, 25},
		{"the start moved behind the end", &acquispb.Session{StartDate: day(2026, 6, 26)}, nil, "INVALID_FIELD at session.endDate", 23, 25},
		{"moved as a whole", &acquispb.Session{StartDate: day(2026, 6, 27), EndDate: day(2026, 6, 28)}, nil, "", 27, 28},
		{"made one day", &acquispb.Session{}, []string{"end_date"}, "", 27, 27},
		{"of one day, made longer at both ends", &acquispb.Session{StartDate: day(2026, 6, 26), EndDate: day(2026, 6, 28)}, nil, "", 26, 28},
	} {
		if got := change(step.given, step.mask...); got != step.want {
			t.Errorf("%s: told %q, not %q", step.what, got, step.want)
		}
		if session.GetStartDate().GetDay() != step.from || session.GetEndDate().GetDay() != step.to {
			t.Errorf("%s: it is from %v to %v", step.what, session.GetStartDate(), session.GetEndDate())
		}
	}
}

// TestPeriodsEndInTheZone: what was said on 1 July in Paris is kept through July.
func TestPeriodsEndInTheZone(t *testing.T) {
	s := newStage(t, in(t, "Europe/Paris"), func(o *Options) { must(t, o.Retention.FreeText.UnmarshalText([]byte("1m"))) })
	s.candidate("camille")
	s.clock.advance(15*24*time.Hour + 13*time.Hour + 30*time.Minute) // 30 June, 22:30 UTC
	ask(s.registrar, s.RecordPriorBloc, prior("camille", "B4"))
	for _, step := range []struct {
		later time.Duration
		due   int
	}{{30*24*time.Hour + time.Hour, 0}, {24 * time.Hour, 1}} { // 30 July, 31 July, 23:30 UTC
		s.clock.advance(step.later)
		report := ask(s.registrar, s.PurgeCandidates, &acquispb.PurgeCandidatesRequest{ValidateOnly: true})
		if len(report.GetForgettings()) != step.due {
			t.Errorf("on %s %v is due", s.clock.Now(), report)
		}
	}
}
