package attack

import (
	"fmt"
	"strings"
	"text/tabwriter"
	"time"
)

// A table has the results of every round.
type table struct{ rows [][]string }

var columns = []string{
	"attack", "tried", "on null", "outcome", "RssAnon before/max/after MiB", "on Acquis p50/p99 ms", "on null p50/p99 ms", "ratio", "back s", "log KB", "verdict",
}

func (t *table) add(name string, r round, harm []string) {
	got := r.acquis
	verdict := "holds"
	if len(harm) > 0 {
		short := make([]string, len(harm))
		for i, h := range harm {
			short[i], _, _ = strings.Cut(h, ":")
		}
		verdict = "BROKEN: " + strings.Join(short, ", ")
	}
	onNull, besideNull, ratio := "", "", ""
	if r.null.Tried > 0 {
		onNull, besideNull = fmt.Sprint(r.null.Tried), milliseconds(r.null.p50)+"/"+milliseconds(r.null.p99)
		ratio = fmt.Sprintf("%.1f", r.ratio())
	}
	t.rows = append(t.rows, []string{
		name,
		fmt.Sprintf("%d in %.1f s", got.Tried, got.Took.Seconds()),
		onNull,
		got.commonest(3),
		fmt.Sprintf("%d/%d/%d", got.before.memory>>20, got.most>>20, got.after.memory>>20),
		milliseconds(got.p50) + "/" + milliseconds(got.p99),
		besideNull,
		ratio,
		fmt.Sprintf("%.1f", got.back.Seconds()),
		fmt.Sprint(got.log / 1000),
		verdict,
	})
}

func milliseconds(d time.Duration) string {
	return fmt.Sprintf("%.1f", float64(d)/float64(time.Millisecond))
}

// print writes the table in columns, also if nothing failed.
func (t *table) print() {
	var text strings.Builder
	w := tabwriter.NewWriter(&text, 0, 0, 1, ' ', 0)
	for _, row := range append([][]string{columns}, t.rows...) {
		fmt.Fprintln(w, "| "+strings.Join(row, "\t| ")+"\t|")
	}
	_ = w.Flush() // writes to memory
	fmt.Print(text.String())
}
