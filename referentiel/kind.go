package referentiel

import "slices"

// kindNames lists the kinds of assessment methods in the order of their numbers,
// which start at 1. Names and numbers are the API's; a test compares them.
func kindNames() []string {
	return []string{"PROFESSIONAL_PROJECT", "SITUATIONAL_EXERCISE", "REFLECTIVE_ANALYSIS", "PROFESSIONAL_FILE", "OTHER"}
}

// kindNumber is the number of a kind, 0 if there is none of that name.
func kindNumber(name string) int32 {
	return int32(slices.Index(kindNames(), name) + 1)
}

// knownKind tells whether there is a kind of that number.
func knownKind(number int32) bool {
	return number >= 1 && int(number) <= len(kindNames())
}
