package services

import (
	"strconv"
	"strings"
)

// Resource names. The rules in the proto files have checked their form before
// a handler sees one, so that splitting them cannot fail.

// segment returns the i-th part of a name, from 0.
func segment(name string, i int) string {
	for part := range strings.SplitSeq(name, "/") {
		if i == 0 {
			return part
		}
		i--
	}
	return ""
}

func candidateName(label string) string { return "candidates/" + label }

func sessionName(label string) string { return "sessions/" + label }

func candidacyName(session, label string) string {
	return "sessions/" + session + "/candidacies/" + label
}

func referentielName(id string) string { return "referentiels/" + id }

func revisionName(referentiel, revision string) string {
	return "referentiels/" + referentiel + "/revisions/" + revision
}

func decisionName(candidate string, uid uint64) string {
	return candidateName(candidate) + "/decisions/" + strconv.FormatUint(uid, 10)
}

func holdName(candidate string, uid uint64) string {
	return candidateName(candidate) + "/holds/" + strconv.FormatUint(uid, 10)
}

func capitalisationName(candidate, referentiel string) string {
	return candidateName(candidate) + "/capitalisations/" + referentiel
}

func accessName(uid uint64) string { return "accesses/" + strconv.FormatUint(uid, 10) }

func keyName(id string) string { return "keys/" + id }
