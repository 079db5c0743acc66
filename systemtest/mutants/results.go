package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"time"
)

// A result is the outcome of a fault.
type result struct {
	name string
	by   string // which tests noticed it: a stage, or why there is none
	test string // the first that failed
	took time.Duration
}

// String is a line of the table.
func (r result) String() string {
	return fmt.Sprintf("%-36s %-12s %-40s %6.1f s", r.name, r.by, r.test, r.took.Seconds())
}

func (r result) append(file string) error {
	if file == "" {
		return nil
	}
	f, err := os.OpenFile(file, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(f, "%s\t%s\t%s\t%s\n", r.name, r.by, r.test, r.took.Round(time.Millisecond))
	return errors.Join(err, f.Close())
}

// readResults reads what append wrote; if there are two lines about one fault,
// the last counts.
func readResults(file string) (map[string]result, error) {
	known := make(map[string]result)
	if file == "" {
		return known, nil
	}
	text, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return known, nil
	}
	for line := range strings.Lines(string(text)) {
		parts := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		if len(parts) != 4 {
			return nil, fmt.Errorf("%s: a line of %d parts", file, len(parts))
		}
		took, _ := time.ParseDuration(parts[3])
		known[parts[0]] = result{parts[0], parts[1], parts[2], took}
	}
	return known, err
}
