package world

import (
	"slices"
)

// Events counts the journal, which grows by one with every write. It leaves out
// reads of files, which are journaled later.
func (w *World) Events() int {
	w.T.Helper()
	return len(w.Writes())
}

// Writes are the events of the journal that are not reads.
func (w *World) Writes() []map[string]any {
	w.T.Helper()
	return slices.DeleteFunc(w.Journal(), func(event map[string]any) bool { return event["kind"] == "READ" })
}

// Onwards is the part of a query that asks for the page behind that which ended with a
// token: nothing for the first page, since an empty token is refused.
func Onwards(token string) string {
	if token == "" {
		return ""
	}
	return "&pageToken=" + token
}

// Journal reads the whole journal.
func (w *World) Journal() (all []map[string]any) {
	w.T.Helper()
	token := ""
	for {
		page := w.Do("auditor", "GET", "/v1/events?pageSize=1000"+Onwards(token), "")
		all = append(all, List(page, "events")...)
		if token = page["nextPageToken"].(string); token == "" {
			return all
		}
	}
}
