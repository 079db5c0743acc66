package bolt

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"time"

	"github.com/acquis-eval/acquis/store"
)

// bbolt trusts its file: it maps it into memory. A page number outside the
// file, or a truncated file, ends the process with a signal that cannot be
// handled; a page of the wrong type causes a panic in another goroutine. So the
// file is first read here, as bytes.

// alwaysWalked is the size up to which every page is read even after a clean
// stop, which also finds damage by the disk since then. With larger files every
// start would be slow.
const alwaysWalked = 64 << 20

// maxDepth limits the height of a bucket's tree, so that a loop ends. Fifty
// levels of two entries each are more records than fit into a file.
const maxDepth = 50

// check returns why the file must not be opened, or nil.
func check(file string, log *slog.Logger) error { return checkPages(file, false, log) }

// checkPages is check; with whole it reads every page, whatever the size.
func checkPages(file string, whole bool, log *slog.Logger) error {
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	defer f.Close() //nolint:errcheck // only read from
	info, err := f.Stat()
	switch {
	case err != nil:
		return err
	case !info.Mode().IsRegular():
		return fmt.Errorf("%w: it is not a regular file", store.ErrNotStore)
	case info.Size() == 0:
		return fmt.Errorf("%w: it is empty", store.ErrNotStore)
	}
	pages, err := openPages(f, info.Size())
	if err != nil {
		return err
	}
	return pages.check(whole || info.Size() <= alwaysWalked, log)
}

func (f *pageFile) check(whole bool, log *slog.Logger) error {
	clean, err := f.checkFormat()
	if err != nil {
		return err
	}
	// A power cut can leave one header half written, which is why there are
	// two. This can also happen after a clean stop, if the next start was
	// interrupted.
	sound := clean && f.metas == 2
	free, err := f.freePages()
	if err != nil {
		return err
	}
	if sound && !whole {
		return nil
	}
	if !sound {
		log.Warn("the store was not closed; checking every page", "pages", f.meta.pages, "headers", f.metas)
	}
	began := time.Now()
	if err := f.walk(free); err != nil {
		return err
	}
	log.Info("the store's pages are sound", "pages", f.meta.pages, "took", time.Since(began).String())
	return nil
}

// checkFormat reads the bucket "meta": whether the file is an Acquis store, and
// was closed cleanly.
func (f *pageFile) checkFormat() (clean bool, err error) {
	e, err := f.find(bucketRef{root: f.meta.root}, []byte(metaBucket))
	if err != nil {
		return false, notFoundMeans(err, fmt.Errorf("%w: it is a bbolt file, but not of Acquis", store.ErrNotStore))
	}
	b, err := e.asBucket(page{id: f.meta.root})
	if err != nil {
		return false, err
	}
	record, err := f.find(b, []byte(formatKey))
	if err != nil {
		return false, notFoundMeans(err, fmt.Errorf("%w: it has no format record", store.ErrNotStore))
	}
	if err := checkFormatRecord(record.value); err != nil {
		return false, err
	}
	_, err = f.find(b, []byte(cleanKey))
	return err == nil, notFoundMeans(err, nil)
}

var errNoEntry = errors.New("store: no such entry")

func notFoundMeans(err, meaning error) error {
	if errors.Is(err, errNoEntry) {
		return meaning
	}
	return err
}

// find descends a bucket's tree to the entry with that key.
func (f *pageFile) find(b bucketRef, key []byte) (element, error) {
	p, err := f.top(b)
	for depth := 0; err == nil; depth++ {
		if depth > maxDepth || p.flags != branchPage && p.flags != leafPage {
			return element{}, p.damaged("is not where a tree can have it")
		}
		var e element
		if e, err = p.last(key); err != nil {
			return element{}, err
		}
		if p.flags == leafPage {
			if !bytes.Equal(e.key, key) {
				return element{}, errNoEntry
			}
			return e, nil
		}
		p, err = f.read(e.child)
	}
	return element{}, err
}

// last returns the last entry that is not after key, or the first entry.
func (p page) last(key []byte) (found element, err error) {
	for i := range p.count {
		e, err := p.element(i)
		if err != nil {
			return element{}, err
		}
		if i > 0 && bytes.Compare(e.key, key) > 0 {
			break
		}
		found = e
	}
	if p.count == 0 && p.flags == branchPage {
		return element{}, p.damaged("is a branch without entries")
	}
	return found, nil
}

// freePages reads the free list, whose pages bbolt would use unchecked.
func (f *pageFile) freePages() (bitset, error) {
	free := newBitset(f.meta.pages)
	if f.meta.freelist == noFreelist {
		return free, nil
	}
	p, err := f.read(f.meta.freelist)
	if err != nil {
		return nil, err
	}
	if p.flags != freelistPage {
		return nil, p.damaged("should be the free list")
	}
	ids := p.data[pageHeaderSize:]
	count := uint64(p.count)
	if count == 0xFFFF { // too many for the header: the first number counts them
		count, ids = binary.NativeEndian.Uint64(ids), ids[8:]
	}
	if count > uint64(len(ids)/8) {
		return nil, p.damaged("is a free list longer than its page")
	}
	for i := range count {
		id := binary.NativeEndian.Uint64(ids[8*i:])
		if id < 2 || id >= f.meta.pages || !free.add(id) {
			return nil, p.damaged(fmt.Sprintf("lists page %d as free, which cannot be", id))
		}
	}
	return free, nil
}
