package listen

import (
	"net"
	"testing"
)

// A textAddr is an address that a library made from a text.
type textAddr string

func (textAddr) Network() string  { return "tcp" }
func (a textAddr) String() string { return string(a) }

func TestNetwork(t *testing.T) {
	for given, want := range map[string]string{
		"192.0.2.7:1234":           "192.0.2.7/32",
		"[::ffff:192.0.2.7]:1":     "192.0.2.7/32",
		"[2001:db8:1:2:3:4:5:6]:1": "2001:db8:1:2::/64",
		"[2001:db8:1:2::1]:2":      "2001:db8:1:2::/64",
		"[fe80::1%eth0]:2":         "fe80::/64",
		"@":                        "invalid Prefix",
		"somewhere:1":              "invalid Prefix",
	} {
		if got := Network(textAddr(given)).String(); got != want {
			t.Errorf("%s is of %s, want %s", given, got, want)
		}
		if tcp, err := net.ResolveTCPAddr("tcp", given); err == nil && want != "invalid Prefix" && Network(tcp).String() != want {
			t.Errorf("%s as an address of TCP is of %s, want %s", given, Network(tcp), want)
		}
	}
}
