package verify

import (
	"time"

	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/timestamppb"

	storepb "github.com/acquis-eval/acquis/gen/acquis/store/v1"
	"github.com/acquis-eval/acquis/store"
)

// Numbers determine what later acts get: an identifier, a version, a time.
// Somebody who can make the digests match could set them so that they overflow or
// stop the clock; therefore each is bounded by existing records.

// clockSlack is how far ahead of the clock here a time may be.
const clockSlack = 24 * time.Hour

// foreign reports data in the file that belongs to no kind.
func (v *verifier) foreign() error {
	found, err := v.source.Foreign()
	for _, what := range found {
		v.found(Finding{Kind: "file", Problem: "holds " + what + ", which no version of this program writes"})
	}
	return err
}

// counter checks the counter of identifiers. An Update that stores nothing gives
// its identifiers back, the last one taken by any other is always stored, and a
// forgetting takes one itself. So the counter is the highest identifier in use: a
// lower one would give identifiers twice, a higher one was set by somebody.
func (v *verifier) counter() {
	s, given := v.subject(store.KindEvent, nil, 0), v.source.LastUID()
	switch {
	case v.lastUID > given:
		s.wrong("the store has given %d uids, but uid %d is in use", given, v.lastUID)
	case v.lastUID < given:
		s.wrong("the store has given %d uids, but the highest in use is %d", given, v.lastUID)
	}
}

// uid records an identifier that is in use.
func (s subject) uid(uid uint64) {
	if uid == 0 || uid > store.MaxUID {
		s.wrong("has uid %d, which no store assigns", uid)
		return
	}
	s.v.lastUID = max(s.v.lastUID, uid)
}

// unset are the times that a record need not have; all others are required.
var unset = map[protoreflect.FullName]bool{
	"acquis.store.v1.Candidate.forget_time": true,
	"acquis.store.v1.Hold.end_time":         true,
	"acquis.store.v1.Hold.release_time":     true,
	"acquis.store.v1.Key.expire_time":       true,
	"acquis.store.v1.Key.revoke_time":       true,
}

// numbers checks the version, the times and the days of a record, by the fields
// of its message, so that new fields are checked too. Each version was written by
// its own event.
func (s subject) numbers(m protoreflect.Message, b body) {
	fields := m.Descriptor().Fields()
	for i := range fields.Len() {
		field := fields.Get(i)
		if field.Name() == "version" {
			if version := m.Get(field).Uint(); version == 0 || version > s.event {
				s.wrong("is version %d, which %d events cannot have written", version, s.event)
			}
			continue
		}
		if field.Message() == nil || field.IsList() || unset[field.FullName()] && !m.Has(field) {
			continue
		}
		switch value := m.Get(field).Message().Interface().(type) {
		case *timestamppb.Timestamp:
			s.time(field, value, b)
		case *storepb.Date:
			if m.Has(field) && !isDay(value) {
				s.wrong("has a %s that is not a date", field.Name())
			}
		}
	}
}

// time checks that a time is valid and not later than that of the event that
// wrote it. Only the ends of keys and holds may be later.
func (s subject) time(field protoreflect.FieldDescriptor, at *timestamppb.Timestamp, b body) {
	switch {
	case !at.IsValid() || at == nil:
		s.wrong("has no valid %s", field.Name())
	case field.Name() != "expire_time" && field.Name() != "end_time" && b.event != nil && at.AsTime().After(b.event.GetTime().AsTime()):
		s.wrong("has a %s that is later than its event", field.Name())
	}
}

// endOfHold checks that a hold ends when its last day does, in some time zone: the
// first is 14 hours before UTC, the last 12 after it. And it did not end before it
// was placed.
func (s subject) endOfHold(m *storepb.Hold) {
	day, end := m.GetUntilDate(), m.GetEndTime().AsTime()
	if day == nil && m.GetEndTime() == nil {
		return
	}
	midnight := time.Date(int(day.GetYear()), time.Month(day.GetMonth()), int(day.GetDay())+1, 0, 0, 0, 0, time.UTC)
	switch {
	case day == nil || m.GetEndTime() == nil || end.Before(midnight.Add(-14*time.Hour)) || end.After(midnight.Add(12*time.Hour)):
		s.wrong("does not end when its last day does")
	case !end.After(m.GetPlaceTime().AsTime()):
		s.wrong("had ended when it was placed")
	}
}

// isDay tells whether a date exists.
func isDay(d *storepb.Date) bool {
	day := time.Date(int(d.GetYear()), time.Month(d.GetMonth()), int(d.GetDay()), 0, 0, 0, 0, time.UTC)
	return day.Year() == int(d.GetYear()) && int32(day.Month()) == d.GetMonth() && int32(day.Day()) == d.GetDay() &&
		d.GetYear() >= 1 && d.GetYear() <= 9999
}

// ahead tells whether a time is in the future. An event with such a time would
// give it to every later event.
func (v *verifier) ahead(at *timestamppb.Timestamp) bool {
	return at.AsTime().After(v.opts.Now.Add(clockSlack))
}
