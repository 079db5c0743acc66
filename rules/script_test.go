package rules

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/acquis-eval/acquis/rules/words"
)

// A script is one case of testdata, played line by line; testdata/README.md
// describes the language.
type script struct {
	title string
	lines []line
}

// line is one line of a case: a word, its arguments, and after the colon parts
// separated by commas.
type line struct {
	file  string
	no    int
	text  string
	word  string
	about []string
	parts [][]string
	tail  string // after the colon, as written
	colon bool
}

func (l line) errorf(format string, args ...any) error {
	return fmt.Errorf("%s:%d: %s: %s", l.file, l.no, l.text, fmt.Sprintf(format, args...))
}

// arg is the i-th word before the colon; empty if there is none.
func (l line) arg(i int) string {
	if i >= len(l.about) {
		return ""
	}
	return l.about[i]
}

// part is the i-th part after the colon.
func (l line) part(i int) []string {
	if i >= len(l.parts) {
		return nil
	}
	return l.parts[i]
}

func parseLine(file string, no int, text string) (line, bool) {
	text, _, _ = strings.Cut(text, "#")
	text = strings.TrimSpace(text)
	if text == "" {
		return line{}, false
	}
	l := line{file: file, no: no, text: text}
	head, tail, colon := strings.Cut(text, ":")
	l.tail, l.colon = strings.TrimSpace(tail), colon
	words := strings.Fields(head)
	l.word, l.about = words[0], words[1:]
	for part := range strings.SplitSeq(tail, ",") {
		l.parts = append(l.parts, strings.Fields(part))
	}
	return l, true
}

// juryOf reads a jury from the tail rather than from the parts, because its words
// contain commas: "ann(external,chair) bob".
func juryOf(l line) ([]Member, error) {
	var jury []Member
	for word := range strings.FieldsSeq(l.tail) {
		name, qualities, _ := strings.Cut(strings.TrimSuffix(word, ")"), "(")
		m := Member{Subject: name}
		for quality := range strings.SplitSeq(qualities, ",") {
			college, isCollege := strings.CutPrefix(quality, "college=")
			switch {
			case quality == "":
			case quality == "external":
				m.External = true
			case quality == "chair":
				m.Chair = true
			case isCollege:
				m.College = college
			default:
				return nil, l.errorf("%q is neither external nor chair nor a college", quality)
			}
		}
		jury = append(jury, m)
	}
	return jury, nil
}

// readScripts reads the cases of one file.
func readScripts(path string) ([]script, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var start []line
	var scripts []script
	for i, raw := range strings.Split(string(text), "\n") {
		l, ok := parseLine(path, i+1, raw)
		switch {
		case !ok:
		case l.word == "case":
			title := strings.TrimSpace(strings.TrimPrefix(l.text, "case"))
			scripts = append(scripts, script{title: title, lines: slices.Clone(start)})
		case len(scripts) == 0:
			start = append(start, l)
		default:
			last := &scripts[len(scripts)-1]
			last.lines = append(last.lines, l)
		}
	}
	if len(scripts) == 0 {
		return nil, fmt.Errorf("%s: no case", path)
	}
	return scripts, nil
}

func allScripts(t *testing.T) []script {
	t.Helper()
	paths, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	var all []script
	for _, path := range paths {
		scripts, err := readScripts(path)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, scripts...)
	}
	return all
}

func TestCases(t *testing.T) {
	scripts := allScripts(t)
	if len(scripts) < 40 {
		t.Errorf("%d cases; the rules need forty at least", len(scripts))
	}
	for _, s := range scripts {
		t.Run(s.title, func(t *testing.T) {
			if err := newPlayer().play(s); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestEveryRuleHasACase fails for a reason or a refusal without a case.
func TestEveryRuleHasACase(t *testing.T) {
	shown := make(map[string]bool)
	for _, s := range allScripts(t) {
		for _, l := range s.lines {
			if l.word == "refused" || l.word == "because" {
				shown[l.arg(0)] = true
			}
		}
	}
	for _, rule := range words.ReasonRules() {
		if !shown[string(rule)] {
			t.Errorf("no case shows the reason %s", rule)
		}
	}
	for _, rule := range words.RefusalRules() {
		if !shown[string(rule)] {
			t.Errorf("no case shows the refusal %s", rule)
		}
	}
}

// TestCasesCanFail plays stories that are wrong, and expects each to fail at its
// line: a case that cannot fail proves nothing.
func TestCasesCanFail(t *testing.T) {
	const start = "revision r1\ncompetence B1 C1.1: C1.1.1\nsession s1 r1: ann(external,chair) bob\nenrol k1 in s1: whole\n"
	for name, c := range map[string]struct{ story, want string }{
		"wrong status":       {"shows k1 C1.1.1 MET", "story:5: shows k1 C1.1.1 MET: got PENDING"},
		"wrong reason":       {"shows k1 C1.1.1 PENDING\nbecause ASSESSORS_AGREE", "story:6: because ASSESSORS_AGREE: got TOO_FEW_ASSESSORS"},
		"wrong sentence":     {"shows k1 C1.1.1 PENDING\nbecause TOO_FEW_ASSESSORS: no", "story:6: because TOO_FEW_ASSESSORS: no: got C1.1.1: 0 of 1"},
		"reason left out":    {"assess k1 eve: MET C1.1\ndeliberate k1 ann: ann bob\nwrote d1 BLOC r1/B1 CAPITALISED computed ACQUIRED\nbecause COMPETENCES_REACHED\nstate k1 DECIDED", "story:9: state k1 DECIDED: not listed before it: because JURY_FOLLOWED"},
		"reason too many":    {"shows k1 C1.1.1 PENDING\nbecause TOO_FEW_ASSESSORS\nbecause ASSESSORS_AGREE", "story:7: because ASSESSORS_AGREE: there is no further reason"},
		"refusal expected":   {"withdraw k1\nrefused SESSION_NOT_OPEN session s1", "story:6: refused SESSION_NOT_OPEN session s1: there is no further refusal"},
		"refusal unexpected": {"assess k1 eve: MET C9", "story:6: end: not listed before it: refused CRITERION_UNKNOWN criterion C9"},
		"wrong refusal":      {"assess k1 eve: MET C9\nrefused CRITERION_UNKNOWN criterion C8", "got CRITERION_UNKNOWN criterion C9"},
		"wrong decision":     {"assess k1 eve: MET C1.1\ndeliberate k1 ann: ann bob\nwrote d1 BLOC r1/B1 NOT_CAPITALISED computed ACQUIRED", "got d1 BLOC r1/B1 CAPITALISED computed ACQUIRED"},
		"decision left out":  {"assess k1 eve: MET C1.1\ndeliberate k1 ann: ann bob\nwrote d1 BLOC r1/B1 CAPITALISED computed ACQUIRED\nclose s1", "not listed before it: wrote d2 AWARD r1 AWARDED"},
		"wrong ledger":       {"ledger r1 B1 CAPITALISED", "got NOT_PRESENTED"},
		"wrong state":        {"state k1 DECIDED", "got ENROLLED"},
		"wrong warning":      {"register r1: RS, until 2027-03-31\nwarns r1 enrolled 2027-04-01 nothing", "got REGISTRATION_EXPIRED"},
		"unknown word":       {"dance k1", "story:5: dance k1: unknown word"},
		"unknown candidacy":  {"withdraw k9", "there is no candidacy k9"},
	} {
		t.Run(name, func(t *testing.T) {
			var s script
			for i, raw := range strings.Split(start+c.story, "\n") {
				l, _ := parseLine("story", i+1, raw)
				s.lines = append(s.lines, l)
			}
			if err := newPlayer().play(s); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %s", err, c.want)
			}
		})
	}
}
