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

// Journal reads the whole journal.
func (w *World) Journal() (all []map[string]any) {
	w.T.Helper()
	token := ""
	for {
		page := w.Do("auditor", "GET", "/v1/events?pageSize=1000&pageToken="+token, "")
		all = append(all, List(page, "events")...)
		if token = page["nextPageToken"].(string); token == "" {
			return all
		}
	}
}
