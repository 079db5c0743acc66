package admission

import "net/netip"

// A Caller is the unit of fairness: a subject or, if that is not known, a
// network.
type Caller struct {
	Subject string
	From    netip.Prefix
}

// CallerOf returns the subject, or the network if there is no subject.
func CallerOf(subject string, from netip.Prefix) Caller {
	if subject != "" {
		return Caller{Subject: subject}
	}
	return Caller{From: from}
}
