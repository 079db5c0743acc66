package store_test

import (
	"context"
	"fmt"
	"log"
	"time"

	"google.golang.org/protobuf/proto"

	storepb "github.com/acquis-eval/acquis/gen/acquis/store/v1"
	"github.com/acquis-eval/acquis/store"
	"github.com/acquis-eval/acquis/store/memstore"
)

// An act is one closure. It may run more than once, so each run sets its results
// again; its writes become durable with one event, or not at all.
func Example() {
	s := memstore.New()
	defer s.Close()

	const candidate = 7
	act := store.Act{
		Actor: "registrar-1", RPC: "acquis.v1.CandidateService/DeclareTie", Resource: "candidates/c-001",
		Kind: storepb.EventBody_Kind_TIE, Time: time.Now(),
	}
	err := s.Update(context.Background(), act, func(w store.Writer) error {
		uid, err := w.NewUID()
		if err != nil {
			return err
		}
		tie := &storepb.Tie{Uid: uid, CandidateUid: candidate, Subject: "jury-2"}
		return store.Ties.Put(w, store.Key(candidate, uid), tie)
	})
	if err != nil {
		log.Fatal(err)
	}

	err = s.View(context.Background(), func(r store.Reader) error {
		ties, err := store.Ties.All(r, store.Key(candidate))
		if err != nil {
			return err
		}
		fmt.Println("tied:", ties[0].GetSubject())
		return printJournal(r)
	})
	if err != nil {
		log.Fatal(err)
	}
	// Output:
	// tied: jury-2
	// event 1: registrar-1 on candidates/c-001
	//   tie 00000000000000070000000000000001, a digest of 32 bytes
}

func printJournal(r store.Reader) error {
	events, err := r.Events(0, 100)
	if err != nil {
		return err
	}
	for _, e := range events {
		body := new(storepb.EventBody)
		if err := proto.Unmarshal(e.GetBody(), body); err != nil {
			return err
		}
		fmt.Printf("event %d: %s on %s\n", e.GetSequence(), body.GetActor(), body.GetResource())
		stub, err := store.ReadStub(e)
		if err != nil {
			return err
		}
		for _, record := range store.Written(stub, body) {
			fmt.Printf("  %v %x, a digest of %d bytes\n", store.KindID(record.GetKind()), record.GetKey(), len(record.GetDigest()))
		}
	}
	return nil
}
