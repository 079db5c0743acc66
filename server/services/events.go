package services

import (
	"context"
	"fmt"

	"google.golang.org/protobuf/proto"

	storepb "github.com/acquis-eval/acquis/gen/acquis/store/v1"
	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
	"github.com/acquis-eval/acquis/server/call"
	"github.com/acquis-eval/acquis/store"
)

// auditService shows the journal.
type auditService struct {
	acquispb.UnimplementedAuditServiceServer
	*core
}

func (s *auditService) ListEvents(ctx context.Context, req *acquispb.ListEventsRequest) (*acquispb.ListEventsResponse, error) {
	page, err := parsePage(call.CallerOf(ctx), req)
	if err != nil {
		return nil, err
	}
	after := max(page.after, uint64(req.GetAfter()))
	answer := new(acquispb.ListEventsResponse)
	return answer, s.view(ctx, func(r store.Reader) error {
		events, err := r.Events(after, page.size+1) // one more tells whether there are more
		if err != nil {
			return err
		}
		more := len(events) > page.size
		answer.Events, answer.NextPageToken = nil, ""
		for _, event := range events[:min(len(events), page.size)] {
			shown, err := eventFrom(event)
			if err != nil {
				return err
			}
			answer.Events = append(answer.Events, shown)
			answer.NextPageToken = page.next(event.GetSequence(), more)
		}
		return nil
	})
}

// eventFrom shows an event. Of acts in a candidacy's file it shows neither who
// nor which RPC: either would tell what the act was.
func eventFrom(event *storepb.Event) (*acquispb.Event, error) {
	body := new(storepb.EventBody)
	if err := proto.Unmarshal(event.GetBody(), body); err != nil {
		return nil, err
	}
	shown := &acquispb.Event{
		Name:      fmt.Sprintf("events/%d", event.GetSequence()),
		Sequence:  int64(event.GetSequence()),
		EventTime: event.GetTime(),
		Actor:     body.GetActor(),
		Rpc:       body.GetRpc(),
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
	if shown.GetKind() == acquispb.Event_Kind_CANDIDACY_FILE {
		shown.Actor, shown.Rpc = "", ""
	}
	return shown, nil
}
