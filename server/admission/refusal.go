package admission

import (
	"fmt"
	"math/rand/v2"
	"time"
)

// A Cause is the limit that a call has met.
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
	WaitedTooLong              // no slot, or no bytes, in time
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
// It names the limit, and nothing of what others do.
type Refusal struct {
	Class      string
	Cause      Cause
	RetryAfter time.Duration // 0: never with success
}

func (r *Refusal) Error() string {
	return fmt.Sprintf("admission: %s: %s: try again in %v", r.Class, r.Cause, r.RetryAfter)
}

// later is when to come back if no limit tells: a second or so, scattered, so that
// those refused together do not come back together.
func later() time.Duration { return 500*time.Millisecond + rand.N(time.Second) }
