package checkpoint

import (
	"bytes"
	"crypto/ed25519"
	"errors"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// TestParse: a text is accepted only in the form in which it is written.
func TestParse(t *testing.T) {
	root := tlog.Hash{1}.String()
	good := "acquis/x\n12\n" + root + "\n"
	if c, err := Parse(good); err != nil || c != (Checkpoint{"acquis/x", 12, tlog.Hash{1}}) {
		t.Errorf("parsed %v, %v", c, err)
	}
	for _, bad := range []string{
		"", "a\n1\n", "\n1\n" + root, "a\n-1\n" + root, "a\n01\n" + root, "a\n+1\n" + root, "a\n1\n" + root[1:],
		"a\n1\n" + strings.Repeat("!", 44), "a\n1\n" + root + "\nmore\n", good + "\n", "a\n9223372036854775807\n" + root,
		"a\n1\n" + root[:42] + "B=", "a\r\n1\n" + root + "\r",
	} {
		if c, err := Parse(bad); err == nil {
			t.Errorf("%q was parsed: %v", bad, c)
		}
	}
}

type signer struct {
	note.Verifier
	private ed25519.PrivateKey
}

func (s signer) Sign(message []byte) ([]byte, error) { return ed25519.Sign(s.private, message), nil }

// TestOpen: a note is opened if its key is among the given ones, and not
// otherwise.
func TestOpen(t *testing.T) {
	var keys []Key
	var private []ed25519.PrivateKey
	for i := range 2 {
		p := ed25519.NewKeyFromSeed(bytes.Repeat([]byte{byte(i)}, ed25519.SeedSize))
		public, _ := p.Public().(ed25519.PublicKey)
		private, keys = append(private, p), append(keys, Key{"acquis/x", public})
	}
	by, err := note.NewVerifier(keys[0].String())
	if err != nil {
		t.Fatal(err)
	}
	want := Checkpoint{"acquis/x", 3, tlog.Hash{2}}
	signed, err := Sign(want, signer{by, private[0]})
	if err != nil {
		t.Fatal(err)
	}
	unusable := Key{"has space", keys[0].Public}
	if unusable.String() != "" || (Key{Origin: "a", Public: []byte("short")}).String() != "" {
		t.Error("a key with an invalid name was written")
	}
	if c, err := Open([]byte(signed), Verifiers(append([]Key{unusable}, keys...))); err != nil || c != want {
		t.Errorf("opened %v, %v", c, err)
	}
	var unverified *note.UnverifiedNoteError
	if _, err := Open([]byte(signed), Verifiers(keys[1:])); !errors.As(err, &unverified) {
		t.Errorf("opened without its key: %v", err)
	}
	if c, err := Open([]byte(strings.Replace(signed, "\n3\n", "\n4\n", 1)), Verifiers(keys)); err == nil {
		t.Errorf("a changed size was opened: %v", c)
	}
}

// TestCheckOrigin: the name of a key in a note has no space and no plus.
func TestCheckOrigin(t *testing.T) {
	for _, good := range []string{"acquis/x", "École.example", ""} {
		if err := CheckOrigin(good); err != nil {
			t.Errorf("%q: %v", good, err)
		}
	}
	for _, bad := range []string{"a b", "a+b", "a\nb", "\xff", "a\u00a0b", strings.Repeat("a", 201)} {
		if CheckOrigin(bad) == nil {
			t.Errorf("%q was accepted", bad)
		}
	}
}
