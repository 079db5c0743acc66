package authn

import "testing"

func FuzzParseSecret(f *testing.F) {
	f.Add(NewSecret().String())
	f.Add("acq_aaaaaaaaaaaaaaaa_b")
	f.Add("acq__")
	f.Fuzz(func(t *testing.T, text string) {
		if secret, err := ParseSecret(text); err == nil && secret.String() != text {
			t.Errorf("%q was read as %q", text, secret)
		}
	})
}
