package listen

import (
	"net"
	"net/netip"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"
)

const (
	// rememberedNetworks limits the memory for networks without connections to
	// some megabytes. If an attacker has more networks, only their rates are
	// forgotten.
	rememberedNetworks = 16_384
	// burstSeconds: openings of that many seconds may come at once.
	burstSeconds = 4
	// floodCost is how many openings a flooding connection costs its network.
	// Otherwise a new connection would get new budgets for one opening.
	floodCost = 100
)

// networks counts connections by network. It is not safe for concurrent use.
type networks struct {
	limits Limits
	open   map[netip.Prefix]int
	spent  *simplelru.LRU[netip.Prefix, *spent]
}

// spent is how many openings are used up.
type spent struct {
	openings float64
	at       time.Time
}

func newNetworks(limits Limits) *networks {
	remembered, err := simplelru.NewLRU[netip.Prefix, *spent](rememberedNetworks, nil)
	if err != nil {
		panic(err) // only a size below 1 is refused
	}
	return &networks{limits: limits, open: make(map[netip.Prefix]int), spent: remembered}
}

// full tells whether a network has reached its number of connections.
func (n *networks) full(from netip.Prefix) bool { return n.open[from] >= n.limits.PerNetwork }

// enter counts a connection, or returns the cause why it is refused.
func (n *networks) enter(from netip.Prefix, now time.Time) (cause string) {
	s := n.spentBy(from, now)
	if s.openings+1 > float64(burstSeconds*n.limits.Openings) {
		return refusedRate
	}
	s.openings++
	n.open[from]++
	return ""
}

func (n *networks) leave(from netip.Prefix) {
	if n.open[from]--; n.open[from] == 0 {
		delete(n.open, from)
	}
}

// punish takes openings, but never more than two bursts, so that others in the
// network can connect again within seconds.
func (n *networks) punish(from netip.Prefix, now time.Time) {
	s := n.spentBy(from, now)
	s.openings = min(s.openings+floodCost, float64(2*burstSeconds*n.limits.Openings))
}

func (n *networks) spentBy(from netip.Prefix, now time.Time) *spent {
	s, ok := n.spent.Get(from)
	if !ok {
		s = &spent{at: now}
		n.spent.Add(from, s)
	}
	if now.After(s.at) {
		s.openings = max(0, s.openings-now.Sub(s.at).Seconds()*float64(n.limits.Openings))
		s.at = now
	}
	return s
}

// Network is the address alone or, for IPv6, the /64 that one household or
// machine usually has. It is the zero Prefix if the address is not an IP address.
func Network(address net.Addr) netip.Prefix {
	if tcp, ok := address.(*net.TCPAddr); ok {
		return networkOf(tcp.AddrPort().Addr())
	}
	if address == nil {
		return netip.Prefix{}
	}
	parsed, err := netip.ParseAddrPort(address.String())
	if err != nil {
		return netip.Prefix{}
	}
	return networkOf(parsed.Addr())
}

func networkOf(address netip.Addr) netip.Prefix {
	address, bits := address.Unmap().WithZone(""), 32
	if address.Is6() {
		bits = 64
	}
	prefix, _ := address.Prefix(bits) // it fails only for bits that the address does not have
	return prefix
}
