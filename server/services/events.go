package services

import (
	"context"
	"fmt"

	"google.golang.org/protobuf/proto"

	storepb "github.com/acquis-eval/acquis/gen/acquis/store/v1"
	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
	"github.com/acquis-eval/acquis/rules/visibility"
	"github.com/acquis-eval/acquis/server/call"
	"github.com/acquis-eval/acquis/store"
)

// auditService shows the journal.
type auditService struct {
	acquispb.UnimplementedAuditServiceServer
	*core
}

func (s *auditService) ListEvents(ctx context.Context, req *acquispb.ListEventsRequest) (*acquispb.ListEventsResponse, error) {
	page, err := s.pages.parse(call.CallerOf(ctx), req)
	if err != nil {
		return nil, err
	}
	after := max(page.after, uint64(req.GetAfter()))
	view := viewOf(call.CallerOf(ctx))
	answer := new(acquispb.ListEventsResponse)
	return answer, s.view(ctx, func(r store.Reader) error {
		events, err := r.Events(after, page.size+1) // one more shows whether there are more
		if err != nil {
			return err
		}
		more := len(events) > page.size
		answer.Events, answer.NextPageToken = nil, ""
		for _, event := range events[:min(len(events), page.size)] {
			shown, err := eventFrom(event, view)
			if err != nil {
				return err
			}
			answer.Events = append(answer.Events, shown)
			answer.NextPageToken = page.next(event.GetSequence(), more)
		}
		return nil
	})
}

// eventFrom shows an event. For acts in a candidacy's file no view shows the
// actor or the RPC, because either would reveal what the act was.
func eventFrom(event *storepb.Event, view visibility.View) (*acquispb.Event, error) {
	body := new(storepb.EventBody)
	if err := proto.Unmarshal(event.GetBody(), body); err != nil {
		return nil, err
	}
	shown := &acquispb.Event{
		Name:      fmt.Sprintf("events/%d", event.GetSequence()),
		Sequence:  int64(event.GetSequence()),
		EventTime: event.GetTime(),
		Resource:  body.GetResource(),
	}
	if event.GetBodySalt() == nil {
		return shown, nil // its stub is for checks of the store only
	}
	stub, err := store.ReadStub(event)
	if err != nil {
		return nil, err
	}
	shown.Kind = acquispb.Event_Kind_Enum(stub.GetKind())
	for _, record := range store.Written(stub, body) {
		if len(record.GetDigest()) > 0 {
			shown.RecordDigests = append(shown.RecordDigests, record.GetDigest())
		}
	}
	facts := visibility.NoFile
	if shown.GetKind() == acquispb.Event_Kind_CANDIDACY_FILE {
		facts = visibility.Always
	}
	if view.Sees(visibility.FieldActor, facts) {
		shown.Actor, shown.Rpc = body.GetActor(), body.GetRpc()
	}
	return shown, nil
}
