package admission

import (
	"errors"
	"runtime"
	"sync"
	"testing"
)

// BenchmarkAdmit is the cost of an admitted call if there are no others, and with
// all processors admitting calls.
func BenchmarkAdmit(b *testing.B) {
	call := Call{Subject: "somebody", From: network(1), Class: Record}
	once := func(b *testing.B, g *Gate) {
		ticket, err := tryAdmit(b.Context(), g, call)
		if err != nil {
			b.Error(err)
		}
		ticket.Done()
	}
	b.Run("alone", func(b *testing.B) {
		g := NewGate(DefaultLimits())
		b.ReportAllocs()
		for b.Loop() {
			once(b, g)
		}
	})
	b.Run("contended", func(b *testing.B) {
		g := NewGate(DefaultLimits())
		b.ReportAllocs()
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				once(b, g)
			}
		})
	})
}

// BenchmarkRefuse is the cost of a call over a limit, each from its own network
// or all from one.
func BenchmarkRefuse(b *testing.B) {
	for name, networks := range map[string]int{"one network": 1, "a million networks": 1_000_000} {
		b.Run(name, func(b *testing.B) {
			limits := DefaultLimits()
			limits.Classes[Public].All = Share{PerSecond: 1e-9}
			g := NewGate(limits)
			i := 0
			b.ReportAllocs()
			for b.Loop() {
				_, err := tryAdmit(b.Context(), g, Call{From: network(i % networks), Class: Public})
				var r *Refusal
				if i++; i > 1 && !errors.As(err, &r) {
					b.Fatal("admitted")
				}
			}
		})
	}
}

// BenchmarkThroughput has 64 callers whose calls take a processor for 50 µs each:
// without a gate, and through one that is wide enough or makes them wait.
func BenchmarkThroughput(b *testing.B) {
	narrow := DefaultLimits()
	narrow.Slots = 8
	for _, c := range []struct {
		name string
		gate *Gate
	}{{"no gate", nil}, {"default", NewGate(DefaultLimits())}, {"8 slots", NewGate(narrow)}} {
		b.Run(c.name, func(b *testing.B) {
			var callers sync.WaitGroup
			for caller := range 64 {
				callers.Go(func() {
					for range b.N/64 + 1 {
						work(b, c.gate, caller)
					}
				})
			}
			callers.Wait()
		})
	}
}

func work(b *testing.B, g *Gate, caller int) {
	if g != nil {
		ticket, err := tryAdmit(b.Context(), g, Call{Subject: "somebody", From: network(caller), Class: Record})
		if err != nil {
			b.Error(err)
		}
		defer ticket.Done()
	}
	x := caller
	for i := range 50_000 {
		x = x*31 + i
	}
	runtime.KeepAlive(x)
}

func BenchmarkBudget(b *testing.B) {
	budget := NewBudget("test", SmallBudget)
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if err := budget.Take(b.Context(), stranger(1), 1000); err != nil {
				b.Error(err)
			}
			budget.Give(stranger(1), 1000)
		}
	})
}
