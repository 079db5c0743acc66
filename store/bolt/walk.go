package bolt

import (
	"bytes"
	"fmt"

	"github.com/acquis-eval/acquis/store"
)

// A walk visits every page that a file uses. It finds pages that are used twice
// or also free, pages of the wrong type, entries outside their page and keys
// out of order: everything that could crash bbolt. It does not check values,
// which the journal's digests cover.
//
// A page that is neither used nor free is accepted: it is only lost space.
type walk struct {
	file *pageFile
	seen bitset
}

// walk checks every page, given those that are free.
func (f *pageFile) walk(free bitset) error {
	w := walk{file: f, seen: free}
	if f.meta.freelist != noFreelist {
		p, err := f.read(f.meta.freelist)
		if err != nil {
			return err
		}
		if err := w.use(p); err != nil {
			return err
		}
	}
	return w.bucket(bucketRef{root: f.meta.root}, 0)
}

func (w *walk) use(p page) error {
	for i := range p.span {
		if !w.seen.add(p.id + i) {
			return p.damaged(fmt.Sprintf("shares page %d with another or with the free list", p.id+i))
		}
	}
	return nil
}

// bucket visits a bucket's tree; depth counts the buckets around it.
func (w *walk) bucket(b bucketRef, depth int) error {
	if depth > 1 {
		return fmt.Errorf("%w: it has nested buckets", store.ErrDamaged)
	}
	p, err := w.file.top(b)
	if err != nil {
		return err
	}
	if b.root == 0 {
		return w.leaf(p, nil, nil, depth)
	}
	return w.tree(p, nil, nil, depth, 0)
}

// tree visits a page and all below it. Their keys must be from low up to high,
// which is excluded (nil: no bound).
func (w *walk) tree(p page, low, high []byte, depth, height int) error {
	if height > maxDepth {
		return p.damaged("is too deep")
	}
	if err := w.use(p); err != nil {
		return err
	}
	if p.flags == leafPage {
		return w.leaf(p, low, high, depth)
	}
	if p.flags != branchPage || p.count == 0 {
		return p.damaged("is not where a tree can have it")
	}
	entries, err := p.ordered(low, high)
	if err != nil {
		return err
	}
	for i, e := range entries {
		end := high
		if i+1 < len(entries) {
			end = entries[i+1].key
		}
		child, err := w.file.read(e.child)
		if err != nil {
			return err
		}
		if err := w.tree(child, e.key, end, depth, height+1); err != nil {
			return err
		}
	}
	return nil
}

func (w *walk) leaf(p page, low, high []byte, depth int) error {
	if p.flags != leafPage {
		return p.damaged("should be a leaf")
	}
	entries, err := p.ordered(low, high)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if !e.bucket {
			continue
		}
		b, err := e.asBucket(p)
		if err != nil {
			return err
		}
		if err := w.bucket(b, depth+1); err != nil {
			return err
		}
	}
	return nil
}

// ordered returns the entries of a page, whose keys ascend between the bounds.
func (p page) ordered(low, high []byte) ([]element, error) {
	entries := make([]element, p.count)
	for i := range entries {
		e, err := p.element(i)
		if err != nil {
			return nil, err
		}
		if i > 0 && bytes.Compare(entries[i-1].key, e.key) >= 0 ||
			low != nil && bytes.Compare(e.key, low) < 0 || high != nil && bytes.Compare(e.key, high) >= 0 {
			return nil, p.damaged("has keys out of order")
		}
		entries[i] = e
	}
	return entries, nil
}

// A bitset is a set of page numbers.
type bitset []uint64

func newBitset(n uint64) bitset { return make(bitset, (n+63)/64) }

// add tells whether i was not in the set before.
func (s bitset) add(i uint64) bool {
	bit := uint64(1) << (i % 64)
	if s[i/64]&bit != 0 {
		return false
	}
	s[i/64] |= bit
	return true
}
