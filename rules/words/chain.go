package words

import "strings"

// LongestChain is how much of a chain of equivalences a reason names, in bytes. Where the
// blocs of each step need the same ones before, a chain doubles with each step.
const LongestChain = 2000

// Together joins the chains of blocs that are needed together, and cuts what is too long.
func Together(chains []string) string {
	all := strings.Join(chains, " and ")
	if len(all) <= LongestChain {
		return all
	}
	return strings.ToValidUTF8(all[:LongestChain], "") + "…"
}
