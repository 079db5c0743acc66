package call

import (
	"net"
	"net/netip"
)

// Network is that of "host:port".
func Network(hostPort string) netip.Prefix {
	host, _, err := net.SplitHostPort(hostPort)
	if err != nil {
		return netip.Prefix{}
	}
	address, err := netip.ParseAddr(host)
	if err != nil {
		return netip.Prefix{}
	}
	return NetworkOf(address)
}

// NetworkOf is the address alone or, of IPv6, the network that one household or
// machine commonly has for itself.
func NetworkOf(address netip.Addr) netip.Prefix {
	address, bits := address.Unmap().WithZone(""), 32
	if address.Is6() {
		bits = 64
	}
	prefix, _ := address.Prefix(bits) // it fails only for bits that the address has not
	return prefix
}
