package admission

import (
	"fmt"
	"math/rand/v2"
	"time"
)

// A Cause is the limit by which a call is refused.
type Cause uint8

// The causes.
const (
	SubjectRate   Cause = iota // too many calls in a second
	NetworkRate                //
	AllRate                    //
	SubjectAtOnce              // too many calls at once
	NetworkAtOnce              //
	AllAtOnce                  //
	QueueFull                  // no room to wait
	WaitedTooLong              // no slot or no bytes in time
	TooLarge                   // more bytes than one network may ever have
	causes
	none = causes
)

var causeNames = [causes]string{
	"subject_rate", "network_rate", "all_rate", "subject_at_once", "network_at_once", "all_at_once",
	"queue_full", "waited", "too_large",
}

func (c Cause) String() string { return causeNames[c] }

// A Refusal says that a call is not processed, and when it may be tried again.
// It names the limit, and nothing about other callers.
type Refusal struct {
	Class      string
	Cause      Cause
	RetryAfter time.Duration // 0: it can never succeed
}

func (r *Refusal) Error() string {
	return fmt.Sprintf("admission: %s: %s: try again in %v", r.Class, r.Cause, r.RetryAfter)
}

// later is when to try again if no limit determines it: about a second,
// randomised, so that calls that were refused together do not return together.
func later() time.Duration { return 500*time.Millisecond + rand.N(time.Second) }
