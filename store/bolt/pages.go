package bolt

import (
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"io"

	"github.com/acquis-eval/acquis/store"
)

// The parts of bbolt's file format, version 2, that must be read to check a
// file. Numbers have the byte order of the machine. Pages 0 and 1 have the
// metas: the valid one with the higher transaction counts, the other is the
// previous state.
const (
	boltMagic   = 0xED0CDAED
	boltVersion = 2

	pageHeaderSize   = 16 // id 8, flags 2, count 2, overflow 4
	elementSize      = 16 // of branch and leaf pages
	bucketHeaderSize = 16 // root page 8, sequence 8
	metaSize         = 64 // magic to checksum
	metaChecked      = 56 // the bytes before the checksum

	branchPage   = 0x01
	leafPage     = 0x02
	freelistPage = 0x10

	bucketElement = 0x01 // flag of a leaf element that is a bucket

	noFreelist = ^uint64(0)

	minPageSize = 1 << 10
	maxPageSize = 1 << 24
)

// A meta is the state of the file after one transaction.
type meta struct {
	pageSize uint32
	root     uint64 // page of the root bucket
	freelist uint64 // page of the free list, or noFreelist
	pages    uint64 // pages in use are below
	txid     uint64
}

func parseMeta(b []byte) (meta, bool) {
	order := binary.NativeEndian
	sum := fnv.New64a()
	sum.Write(b[:metaChecked])
	valid := order.Uint32(b) == boltMagic && order.Uint32(b[4:]) == boltVersion &&
		order.Uint64(b[metaChecked:]) == sum.Sum64()
	m := meta{
		pageSize: order.Uint32(b[8:]),
		root:     order.Uint64(b[16:]),
		freelist: order.Uint64(b[32:]),
		pages:    order.Uint64(b[40:]),
		txid:     order.Uint64(b[48:]),
	}
	valid = valid && m.pageSize >= minPageSize && m.pageSize <= maxPageSize && m.pageSize&(m.pageSize-1) == 0
	return m, valid
}

// A pageFile reads pages as bytes, never through a memory map, so that damage
// can only cause an error.
type pageFile struct {
	r     io.ReaderAt
	meta  meta
	metas int // how many of the two are valid
}

// openPages reads the metas of a file of that size.
func openPages(r io.ReaderAt, size int64) (*pageFile, error) {
	f := &pageFile{r: r}
	for _, at := range metaOffsets() {
		buf := make([]byte, metaSize)
		if at+pageHeaderSize+metaSize > size {
			break
		}
		if _, err := r.ReadAt(buf, at+pageHeaderSize); err != nil {
			return nil, err
		}
		m, ok := parseMeta(buf)
		if !ok || at != 0 && at != int64(m.pageSize) {
			continue
		}
		if f.metas == 0 || m.txid > f.meta.txid {
			f.meta = m
		}
		f.metas++
	}
	if f.metas == 0 {
		return nil, fmt.Errorf("%w: it has no valid bbolt header", store.ErrNotStore)
	}
	return f, f.checkMeta(size)
}

// metaOffsets returns the possible offsets of metas: the second is one page
// after the first, whose page size may be lost.
func metaOffsets() []int64 {
	offsets := []int64{0}
	for at := int64(minPageSize); at <= maxPageSize; at *= 2 {
		offsets = append(offsets, at)
	}
	return offsets
}

func (f *pageFile) checkMeta(size int64) error {
	m := f.meta
	if m.pages > uint64(size)/uint64(m.pageSize) {
		return fmt.Errorf("%w: it is truncated: %d bytes are fewer than %d pages of %d", store.ErrDamaged, size, m.pages, m.pageSize)
	}
	if m.root < 2 || m.root >= m.pages || m.freelist != noFreelist && (m.freelist < 2 || m.freelist >= m.pages) {
		return fmt.Errorf("%w: its header points outside the file", store.ErrDamaged)
	}
	return nil
}

// A page is one page with its overflow, or an inline page of a bucket.
type page struct {
	id    uint64 // from its position, not from its header
	flags uint16
	count int
	span  uint64 // pages that it takes
	data  []byte
}

// read returns a page of the file if its header is sound.
func (f *pageFile) read(id uint64) (page, error) {
	if id < 2 || id >= f.meta.pages {
		return page{}, fmt.Errorf("%w: a reference to page %d of %d", store.ErrDamaged, id, f.meta.pages)
	}
	data := make([]byte, f.meta.pageSize)
	if _, err := f.r.ReadAt(data, int64(id)*int64(f.meta.pageSize)); err != nil {
		return page{}, err
	}
	if own := binary.NativeEndian.Uint64(data); own != id {
		return page{}, fmt.Errorf("%w: page %d says that it is page %d", store.ErrDamaged, id, own)
	}
	p := parsePage(id, data)
	if p.span > f.meta.pages-id {
		return page{}, fmt.Errorf("%w: page %d continues past the end of the file", store.ErrDamaged, id)
	}
	if p.span > 1 {
		p.data = make([]byte, p.span*uint64(f.meta.pageSize))
		if _, err := f.r.ReadAt(p.data, int64(id)*int64(f.meta.pageSize)); err != nil {
			return page{}, err
		}
	}
	return p, nil
}

func parsePage(id uint64, data []byte) page {
	order := binary.NativeEndian
	return page{
		id:    id,
		flags: order.Uint16(data[8:]),
		count: int(order.Uint16(data[10:])),
		span:  uint64(order.Uint32(data[12:])) + 1,
		data:  data,
	}
}

// An element is an entry of a branch page (key, child) or of a leaf page (key,
// value).
type element struct {
	key    []byte
	value  []byte
	child  uint64
	bucket bool // value is a bucket
}

// element returns the i-th entry, if it is within the page.
func (p page) element(i int) (element, error) {
	order := binary.NativeEndian
	at := pageHeaderSize + i*elementSize
	if at+elementSize > len(p.data) {
		return element{}, p.damaged("has more entries than fit")
	}
	h := p.data[at:]
	var e element
	var pos, keySize, valueSize uint64
	if p.flags == branchPage {
		pos, keySize, e.child = uint64(order.Uint32(h)), uint64(order.Uint32(h[4:])), order.Uint64(h[8:])
	} else {
		e.bucket = order.Uint32(h)&bucketElement != 0
		pos, keySize, valueSize = uint64(order.Uint32(h[4:])), uint64(order.Uint32(h[8:])), uint64(order.Uint32(h[12:]))
	}
	start := uint64(at) + pos
	if start+keySize+valueSize > uint64(len(p.data)) {
		return element{}, p.damaged("has an entry that ends outside")
	}
	e.key = p.data[start : start+keySize]
	e.value = p.data[start+keySize : start+keySize+valueSize]
	return e, nil
}

func (p page) damaged(what string) error {
	return fmt.Errorf("%w: page %d %s", store.ErrDamaged, p.id, what)
}

// A bucketRef is the root of a bucket's tree: a page of the file, or an inline
// page in the bucket's entry.
type bucketRef struct {
	root   uint64
	inline page
}

func (e element) asBucket(owner page) (bucketRef, error) {
	if len(e.value) < bucketHeaderSize {
		return bucketRef{}, owner.damaged("holds a bucket without header")
	}
	root := binary.NativeEndian.Uint64(e.value)
	if root != 0 {
		return bucketRef{root: root}, nil
	}
	data := e.value[bucketHeaderSize:]
	if len(data) < pageHeaderSize {
		return bucketRef{}, owner.damaged("holds an inline bucket without page")
	}
	return bucketRef{inline: parsePage(owner.id, data)}, nil
}

// top returns the first page of a bucket's tree.
func (f *pageFile) top(b bucketRef) (page, error) {
	if b.root == 0 {
		return b.inline, nil
	}
	return f.read(b.root)
}
