package proofs

import (
	"bytes"
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
	"google.golang.org/protobuf/proto"

	storepb "github.com/acquis-eval/acquis/gen/acquis/store/v1"
	"github.com/acquis-eval/acquis/notary"
	"github.com/acquis-eval/acquis/server"
	"github.com/acquis-eval/acquis/server/transport"
	"github.com/acquis-eval/acquis/store"
	"github.com/acquis-eval/acquis/systemtest/world"
)

// The checks here are written from docs/proofs.md, with the libraries that define
// the formats; they use no code of the server or the store.

// signedBy makes the service sign with the n-th key, at that interval.
func signedBy(n byte, every time.Duration) func(*server.Options) {
	return func(o *server.Options) {
		seed := bytes.Repeat([]byte{n}, ed25519.SeedSize)
		o.Signing.Key, o.Signing.Every = ed25519.NewKeyFromSeed(seed), every
	}
}

// tree is the content of a checkpoint.
type tree struct {
	origin string
	size   int64
	root   tlog.Hash
}

// openCheckpoint checks the signature of a checkpoint and reads it.
func openCheckpoint(t *testing.T, text string, keys []any) (made tree) {
	t.Helper()
	var verifiers []note.Verifier
	for _, key := range keys {
		verifier, err := note.NewVerifier(key.(string))
		world.Must(t, err)
		verifiers = append(verifiers, verifier)
	}
	opened, err := note.Open([]byte(text), note.VerifierList(verifiers...))
	world.Must(t, err)
	var root string
	if _, err := fmt.Sscanf(opened.Text, "%s\n%d\n%s\n", &made.origin, &made.size, &root); err != nil {
		t.Fatalf("checkpoint %q: %v", opened.Text, err)
	}
	copy(made.root[:], fromBase64(t, root))
	if opened.Text != fmt.Sprintf("%s\n%d\n%s\n", made.origin, made.size, root) {
		t.Errorf("the checkpoint is %q", opened.Text)
	}
	return made
}

// checkpoint requests a checkpoint, checks it and returns it.
func checkpoint(w *world.World, call world.Door) (tree, map[string]any) {
	w.T.Helper()
	answer := w.Expect(call, "", "GET", "/v1/checkpoint", "", "name", "checkpoint")
	made := openCheckpoint(w.T.(*testing.T), answer["checkpoint"].(string), answer["keys"].([]any))
	if answer["origin"] != made.origin || number(answer["treeSize"]) != made.size ||
		!bytes.Equal(fromBase64(w.T, answer["rootHash"]), made.root[:]) {
		w.T.Errorf("the fields differ from the signed text: %v", answer)
	}
	return made, answer
}

// covered returns once a checkpoint covers that event.
func covered(w *world.World, sequence int64) {
	w.T.Helper()
	w.Do("auditor", "GET", fmt.Sprintf("/v1/events/%d/inclusionProof", sequence), "")
}

func fromBase64(t testing.TB, text any) []byte {
	t.Helper()
	data, err := base64.StdEncoding.DecodeString(text.(string))
	world.Must(t, err)
	return data
}

func number(text any) int64 {
	n, _ := strconv.ParseInt(text.(string), 10, 64)
	return n
}

func hashes(t testing.TB, list any) (all []tlog.Hash) {
	t.Helper()
	for _, item := range list.([]any) {
		all = append(all, tlog.Hash(fromBase64(t, item)))
	}
	return all
}

// TestCheckpoints: anybody gets a signed checkpoint, with any key or none; calls
// in a burst get the same one; the next one is provably an extension.
func TestCheckpoints(t *testing.T) {
	w, _ := world.Start(t, t.TempDir())
	w.NewKey("auditor", "AUDITOR")
	for name, call := range w.Transports() {
		before, _ := checkpoint(w, call)
		if before.size != int64(w.Events()) {
			t.Errorf("%s: it covers %d events of %d", name, before.size, w.Events())
		}
		call("acq_nobody", "GET", "/v1/checkpoint", "")
		for i := range 3 {
			w.NewKey(fmt.Sprint(name, i), "READER")
		}
		covered(w, before.size+3)
		after, answer := checkpoint(w, call)
		if after.size != before.size+3 || after.origin != before.origin {
			t.Errorf("%s: then it covers %d events, not 3 more than %d", name, after.size, before.size)
		}
		proof := w.Expect(call, "", "GET", fmt.Sprintf("/v1/checkpoint:consistency?from=%d", before.size), "", "to", fmt.Sprint(after.size))
		if err := tlog.CheckTree(hashes(t, proof["hashes"]), after.size, after.root, before.size, before.root); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		wrong := after.root
		wrong[0]++
		if tlog.CheckTree(hashes(t, proof["hashes"]), after.size, wrong, before.size, before.root) == nil {
			t.Error("the proof proves another root too")
		}
		tampered := strings.Replace(answer["checkpoint"].(string), fmt.Sprintf("\n%d\n", after.size), "\n1\n", 1)
		verifier, err := note.NewVerifier(answer["keys"].([]any)[0].(string))
		world.Must(t, err)
		if _, err := note.Open([]byte(tampered), note.VerifierList(verifier)); err == nil {
			t.Error("an altered checkpoint opens")
		}
	}
}

// TestCheckpointBurst: there is only one checkpoint per period, even with many
// writes and requests in it. A proof that it covers needs no newer one.
func TestCheckpointBurst(t *testing.T) {
	w, _ := world.Start(t, t.TempDir(), signedBy(1, time.Hour))
	w.NewKey("auditor", "AUDITOR")
	first, answer := checkpoint(w, w.Transports()["REST"])
	for i := range 20 {
		w.NewKey(fmt.Sprint("reader-", i), "READER")
		if _, again := checkpoint(w, w.Transports()["REST"]); again["checkpoint"] != answer["checkpoint"] {
			t.Fatal("another checkpoint within the hour")
		}
	}
	w.Expect(w.Transports()["gRPC"], "auditor", "GET", fmt.Sprintf("/v1/events/%d/inclusionProof", first.size), "", "checkpoint", answer["checkpoint"].(string))
}

// TestInclusionProofs: every event is proven in the latest tree and in older
// ones, from its leaf only.
func TestInclusionProofs(t *testing.T) {
	w, _ := world.Start(t, t.TempDir())
	w.NewKey("auditor", "AUDITOR")
	w.NewKey("reader", "READER")
	small, _ := checkpoint(w, w.Transports()["gRPC"])
	for i := range 4 {
		w.NewKey(fmt.Sprint("more-", i), "READER")
	}
	covered(w, small.size+4)
	large, answer := checkpoint(w, w.Transports()["gRPC"])
	for name, call := range w.Transports() {
		for n := int64(1); n <= large.size; n++ {
			path := fmt.Sprintf("/v1/events/%d/inclusionProof", n)
			proof := w.Expect(call, "auditor", "GET", path, "", "checkpoint", answer["checkpoint"].(string), "sequence", fmt.Sprint(n))
			checkInclusion(w, proof, large, n)
			if n <= small.size {
				proof := w.Expect(call, "reader", "GET", fmt.Sprintf("%s?treeSize=%d", path, small.size), "", "checkpoint", "")
				checkInclusion(w, proof, small, n)
			}
		}
		if a := call("auditor", "GET", "/v1/events/999/inclusionProof", ""); a.Code != "NOT_FOUND" {
			t.Errorf("%s: an event that is not there: %s", name, a.Raw)
		}
	}
}

func checkInclusion(w *world.World, proof map[string]any, in tree, sequence int64) {
	w.T.Helper()
	leaf := fromBase64(w.T, proof["leaf"])
	if string(leaf[:16]) != "acquis event v2\n" || binary.BigEndian.Uint64(leaf[16:]) != uint64(sequence) {
		w.T.Errorf("leaf of event %d: %x", sequence, leaf)
	}
	at := time.UnixMicro(int64(binary.BigEndian.Uint64(leaf[24:])))
	if at.Year() != 2026 {
		w.T.Errorf("event %d was at %v", sequence, at)
	}
	if err := tlog.CheckRecord(hashes(w.T, proof["hashes"]), in.size, in.root, sequence-1, tlog.RecordHash(leaf)); err != nil {
		w.T.Errorf("event %d: %v", sequence, err)
	}
}

// decided makes one deliberation about a candidate, and returns the decisions.
func decided(w *world.World) []map[string]any {
	w.T.Helper()
	w.Populate()
	return world.List(w.Do("reader", "GET", "/v1/candidates/-/decisions", ""), "decisions")
}

// TestDecisionProofs follows each decision from its act to the signature, and
// detects every alteration; the proof does not reveal who decided.
func TestDecisionProofs(t *testing.T) {
	w, _ := world.Start(t, t.TempDir())
	decisions := decided(w)
	if len(decisions) < 2 {
		t.Fatalf("%d decisions", len(decisions))
	}
	for _, call := range w.Transports() {
		for _, d := range decisions {
			a := call("reader", "GET", "/v1/"+d["name"].(string)+"/proof", "")
			if a.Code != "OK" {
				t.Fatal(a.Raw)
			}
			_, checkpoint := checkpoint(w, call)
			keys := checkpoint["keys"].([]any)
			if err := checkDecision(t, d["name"].(string), a.Body, keys); err != nil {
				t.Error(err)
			}
			for _, word := range []string{"jury-1", "k-decided", "registrar", "PV 2024"} {
				if strings.Contains(a.Raw, word) || bytes.Contains(fromBase64(t, a.Body["act"]), []byte(word)) {
					t.Errorf("the proof reveals %q", word)
				}
			}
			for _, field := range []string{"act", "actSalt", "leaf"} {
				altered := fromBase64(t, a.Body[field])
				altered[len(altered)-1] ^= 1
				kept := a.Body[field]
				a.Body[field] = base64.StdEncoding.EncodeToString(altered)
				if checkDecision(t, d["name"].(string), a.Body, keys) == nil {
					t.Errorf("an altered %s passes", field)
				}
				a.Body[field] = kept
			}
			if checkDecision(t, d["name"].(string)+"1", a.Body, keys) == nil {
				t.Error("it proves the decision of another id too")
			}
			act := new(storepb.DecisionAct)
			world.Must(t, proto.Unmarshal(fromBase64(t, a.Body["act"]), act))
			if act.GetBloc() != d["bloc"] || !strings.HasSuffix(d["referentiel"].(string), act.GetRevision()) {
				t.Errorf("the act is %v, the decision %v", act, d)
			}
		}
	}
}

// checkDecision checks the proof of a decision as docs/proofs.md says.
func checkDecision(t *testing.T, name string, p map[string]any, keys []any) error {
	t.Helper()
	id, err := strconv.ParseUint(name[strings.LastIndex(name, "/")+1:], 10, 64)
	world.Must(t, err)
	mac := hmac.New(sha256.New, fromBase64(t, p["actSalt"]))
	mac.Write(binary.BigEndian.AppendUint64(nil, id))
	mac.Write(fromBase64(t, p["act"]))
	leaf := fromBase64(t, p["leaf"])
	if len(leaf) != 128 {
		return fmt.Errorf("a leaf of %d bytes has no acts", len(leaf))
	}
	index, count := int64(p["actIndex"].(float64)), int64(p["actCount"].(float64))
	if err := tlog.CheckRecord(hashes(t, p["actHashes"]), count, tlog.Hash(leaf[96:]), index, tlog.RecordHash(mac.Sum(nil))); err != nil {
		return err
	}
	signed := openCheckpoint(t, p["checkpoint"].(string), keys)
	if signed.size != number(p["treeSize"]) {
		return fmt.Errorf("the checkpoint is of %d events", signed.size)
	}
	return tlog.CheckRecord(hashes(t, p["hashes"]), signed.size, signed.root, number(p["sequence"])-1, tlog.RecordHash(leaf))
}

// TestSigningKeyRotation: a new key signs after a restart, the old one stays
// among the keys, and the tree continues. Another origin is refused.
func TestSigningKeyRotation(t *testing.T) {
	dir := t.TempDir()
	w, stop := world.Start(t, dir, signedBy(1, 0))
	old, first := checkpoint(w, w.Transports()["gRPC"])
	stop()
	w, stop = world.Start(t, dir, signedBy(2, 0))
	now, second := checkpoint(w, w.Transports()["gRPC"])
	if keys := second["keys"].([]any); len(keys) != 2 || keys[1] != world.Get(first, "keys", 0) {
		t.Errorf("keys after rotation: %v, before %v", keys, first["keys"])
	}
	openCheckpoint(t, first["checkpoint"].(string), second["keys"].([]any))
	if now.origin != old.origin || now.size != old.size+1 {
		t.Errorf("the tree was %v, is %v", old, now)
	}
	stop()
	st := world.OpenStore(t, dir)
	defer st.Close()
	o := server.Options{Store: st, Log: w.Handler(), Limits: transport.DefaultLimits(), Signing: notary.Signing{Origin: "other.example"}}
	if _, err := server.New(o); err == nil || !strings.Contains(err.Error(), "cannot be changed") {
		t.Errorf("another origin: %v", err)
	}
}

// TestJournalInDoubt: if the journal does not match what was signed last, nothing
// more is signed, and the service is not ready.
func TestJournalInDoubt(t *testing.T) {
	for what, alter := range map[string]func(*storepb.Checkpoint){
		"a shorter journal": func(c *storepb.Checkpoint) { c.Size++ },
		"another root":      func(c *storepb.Checkpoint) { c.Root[0]++ },
		"another history":   func(c *storepb.Checkpoint) { c.Size-- },
	} {
		dir := t.TempDir()
		w, stop := world.Start(t, dir)
		w.NewKey("reader", "READER")
		checkpoint(w, w.Transports()["gRPC"])
		stop()
		st := world.OpenStore(t, dir)
		world.Must(t, st.Update(t.Context(), store.Act{Time: time.Now()}, func(tx store.Writer) error {
			c, err := store.Checkpoints.Get(tx, store.LatestCheckpoint())
			world.Must(t, err)
			if day, err := store.Checkpoints.Get(tx, store.DayCheckpoint(w.Clock.Now())); err != nil || day.GetNote() != c.GetNote() {
				t.Errorf("the day's checkpoint is %v, %v", day, err)
			}
			alter(c)
			return store.Checkpoints.Put(tx, store.LatestCheckpoint(), c)
		}))
		world.Must(t, st.Close())
		w, stop = world.Start(t, dir)
		if got := world.OpsGet(t, w.Ops+"/readyz"); !strings.Contains(got, "does not extend the last signed checkpoint") {
			t.Errorf("%s: /readyz says %q", what, got)
		}
		for _, call := range w.Transports() {
			if a := call("", "GET", "/v1/checkpoint", ""); a.Code != "UNAVAILABLE" || world.Get(a.Body, "details", 0, "reason") != "JOURNAL_IN_DOUBT" {
				t.Errorf("%s: %s", what, a.Raw)
			}
		}
		stop()
	}
}
