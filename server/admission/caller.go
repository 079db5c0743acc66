package admission

import "net/netip"

// A Caller is who shares are counted for: a subject or, if that is not known, a
// network.
type Caller struct {
	Subject string
	From    netip.Prefix
}

// CallerOf is the subject, or the network of who has none.
func CallerOf(subject string, from netip.Prefix) Caller {
	if subject != "" {
		return Caller{Subject: subject}
	}
	return Caller{From: from}
}
