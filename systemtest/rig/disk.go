package rig

import (
	"bytes"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/acquis-eval/acquis/systemtest/world"
)

// A SimDisk has what a disk must still have after a power cut, and separately the
// later operations, of which it may keep any part. Each 512 bytes are kept
// completely or not at all, in any order; nothing else is assumed. Names of a
// directory change in order, as in every journaling file system.
type SimDisk struct {
	Files map[string]*simFile // as the process sees them

	names   map[string]*simFile // durable
	renames []naming            // since then
}

const simSector = 512

// A naming is a change of names: to, and no longer from, is the file's name.
type naming struct {
	from, to string
	file     *simFile
}

// A simFile is a file's durable content, and what was written since. What a
// failed sync should have written stays in doubt: the kernel shows it, and treats
// it as written, so that no later sync writes it.
type simFile struct {
	kept    simImage
	doubt   []DiskOp
	Pending []DiskOp // writes, of one sector each, and resizes
}

// A simImage is a content; after its bytes it is zero up to its size.
type simImage struct {
	bytes []byte
	size  int64
}

func NewSimDisk() *SimDisk {
	return &SimDisk{Files: make(map[string]*simFile), names: make(map[string]*simFile)}
}

// Do applies an operation of the process.
func (d *SimDisk) Do(op DiskOp) error {
	f := d.Files[op.File]
	switch {
	case op.What == OpSyncDir:
		d.names = d.after(len(d.renames))
		d.renames = nil
	case op.What == OpMark || op.What == OpRestart || op.What == opCreate && f != nil:
	case op.What == opCreate:
		d.Files[op.File] = new(simFile)
		d.renames = append(d.renames, naming{to: op.File, file: d.Files[op.File]})
	case f == nil:
		return fmt.Errorf("a %s of the file %q, which does not exist", op.What, op.File)
	case op.What == opRename:
		delete(d.Files, op.File)
		d.Files[op.to] = f
		d.renames = append(d.renames, naming{op.File, op.to, f})
	case op.What == OpSync:
		f.sync()
	case op.What == opFailedSync:
		f.doubt, f.Pending = append(f.doubt, f.Pending...), nil
	case op.What == opResize:
		f.Pending = append(f.Pending, op)
	case op.What == OpWrite:
		f.Pending = append(f.Pending, sectors(op)...)
	}
	return nil
}

// sectors cuts a write at sector boundaries.
func sectors(op DiskOp) (ops []DiskOp) {
	for len(op.data) > 0 {
		n := min(simSector-op.At%simSector, int64(len(op.data)))
		ops = append(ops, DiskOp{What: OpWrite, File: op.File, At: op.At, data: op.data[:n]})
		op.At, op.data = op.At+n, op.data[n:]
	}
	return ops
}

// after returns the names after n of the changes since.
func (d *SimDisk) after(n int) map[string]*simFile {
	names := maps.Clone(d.names)
	for _, r := range d.renames[:n] {
		delete(names, r.from)
		names[r.to] = r.file
	}
	return names
}

// sync makes what was written since durable, also what was in doubt.
func (f *simFile) sync() {
	written := make(map[int64]bool)
	for _, op := range f.Pending {
		written[op.At] = op.What == OpWrite
	}
	f.doubt = slices.DeleteFunc(f.doubt, func(op DiskOp) bool { return op.What == OpWrite && written[op.At] })
	f.kept.apply(f.Pending)
	f.Pending = nil
}

// told is what was written and may be lost.
func (f *simFile) told() []DiskOp { return slices.Concat(f.doubt, f.Pending) }

// cached is the file as the process sees it.
func (f *simFile) cached() simImage { return f.kept.with(f.told()) }

func (i simImage) with(ops []DiskOp) simImage {
	i.bytes = bytes.Clone(i.bytes)
	i.apply(ops)
	return i
}

func (i *simImage) apply(ops []DiskOp) {
	for _, op := range ops {
		if op.What == opResize {
			i.size = op.At
			i.bytes = i.bytes[:min(op.At, int64(len(i.bytes)))]
			continue
		}
		end := op.At + int64(len(op.data))
		if grown := end - int64(len(i.bytes)); grown > 0 {
			i.bytes = append(i.bytes, make([]byte, grown)...)
		}
		i.size = max(i.size, end)
		copy(i.bytes[op.At:], op.data)
	}
}

// A PowerCut is the content of a disk after one.
type PowerCut struct {
	How   string
	files map[string]simImage
}

// Cuts are all power cuts that the test tries at this moment: nothing since the
// last sync was kept, everything was, and as many other subsets as requested,
// from the seed. Equal ones are left out.
func (d *SimDisk) Cuts(seed uint64, subsets int) (cuts []PowerCut) {
	seen := make(map[string]bool)
	for n := range subsets + 2 {
		random := rand.New(rand.NewPCG(seed, uint64(n)))
		c := PowerCut{How: fmt.Sprintf("seed %x, part %d", seed, n), files: make(map[string]simImage)}
		names, keep := len(d.renames), keepAll
		switch n {
		case 0:
			names, keep = 0, keepNone
		case 1:
		default:
			names, keep = random.IntN(names+1), keepers[n%len(keepers)]
		}
		key := ""
		for name, f := range d.after(names) {
			c.files[name] = f.kept.with(keep(random, f.told()))
			key += name + string(Digest(c.files[name].bytes)) + fmt.Sprint(c.files[name].size)
		}
		if !seen[key] {
			seen[key] = true
			cuts = append(cuts, c)
		}
	}
	return cuts
}

func keepNone(*rand.Rand, []DiskOp) []DiskOp { return nil }

func keepAll(_ *rand.Rand, ops []DiskOp) []DiskOp { return ops }

// keepers choose what a disk keeps of the operations since the last sync.
var keepers = []func(*rand.Rand, []DiskOp) []DiskOp{keepPages, keepSectors, keepButOne, keepTorn, keepTornOnly}

// keepPages keeps some complete pages of 4 KiB.
func keepPages(random *rand.Rand, ops []DiskOp) (kept []DiskOp) {
	chosen := make(map[int64]bool)
	for _, op := range ops {
		page := op.At / 4096
		if op.What == opResize {
			page = -1
		}
		if _, known := chosen[page]; !known {
			chosen[page] = random.IntN(2) == 0
		}
		if chosen[page] {
			kept = append(kept, op)
		}
	}
	return kept
}

// keepSectors keeps few, half or most sectors.
func keepSectors(random *rand.Rand, ops []DiskOp) (kept []DiskOp) {
	share := []float64{0.1, 0.5, 0.9}[random.IntN(3)]
	for _, op := range ops {
		if random.Float64() < share {
			kept = append(kept, op)
		}
	}
	return kept
}

// keepButOne keeps all but one sector.
func keepButOne(random *rand.Rand, ops []DiskOp) (kept []DiskOp) {
	if len(ops) == 0 {
		return nil
	}
	lost := random.IntN(len(ops))
	return append(append(kept, ops[:lost]...), ops[lost+1:]...)
}

// keepTorn keeps half the sectors, and half of these only up to a byte: that is
// worse than a real disk.
func keepTorn(random *rand.Rand, ops []DiskOp) (kept []DiskOp) {
	for _, op := range ops {
		switch random.IntN(4) {
		case 0, 1:
			continue
		case 2:
			// The first bytes are where headers are.
			op.data = op.data[:min(len(op.data), random.IntN([]int{96, simSector}[random.IntN(2)]))]
		}
		kept = append(kept, op)
	}
	return kept
}

// keepTornOnly keeps only the first bytes of the page that was written last. For
// headers that is the worst case.
func keepTornOnly(random *rand.Rand, ops []DiskOp) []DiskOp {
	if len(ops) == 0 || ops[len(ops)-1].What != OpWrite {
		return nil
	}
	first := len(ops) - 1
	for first > 0 && ops[first-1].What == OpWrite && ops[first-1].At/4096 == ops[first].At/4096 {
		first--
	}
	op := ops[first]
	op.data = op.data[:random.IntN(min(96, len(op.data)))]
	return []DiskOp{op}
}

// Put writes the content of the disk into a directory, replacing what is there.
func (c PowerCut) Put(dir string, names ...string) error {
	for _, name := range names {
		path := filepath.Join(dir, name)
		image, ok := c.files[name]
		if !ok {
			if err := os.RemoveAll(path); err != nil {
				return err
			}
			continue
		}
		if err := os.WriteFile(path, image.bytes, 0o600); err != nil {
			return err
		}
		if err := os.Truncate(path, image.size); err != nil {
			return err
		}
	}
	return nil
}

// Unfinished is what a killed process has left in the store's file besides the
// recorded writes, read from the file itself. Anything else is a fault of the
// recording.
func (d *SimDisk) Unfinished(t *testing.T, dir string) (ops []DiskOp) {
	t.Helper()
	is, err := os.ReadFile(filepath.Join(dir, world.StoreFile))
	world.Must(t, err)
	said := d.Files[world.StoreFile].cached()
	said.bytes = append(said.bytes, make([]byte, said.size-int64(len(said.bytes)))...)
	if len(is) != len(said.bytes) {
		t.Fatalf("according to the recording the file has %d bytes, but it has %d", len(said.bytes), len(is))
	}
	for at := 0; at < len(is); at += simSector {
		if sector := is[at:min(len(is), at+simSector)]; !bytes.Equal(sector, said.bytes[at:at+len(sector)]) {
			ops = append(ops, DiskOp{What: OpWrite, File: world.StoreFile, At: int64(at), data: sector})
		}
	}
	return ops
}

// Load makes a disk with the store in dir as its durable content, and nothing
// else.
func (d *SimDisk) Load(t *testing.T, dir string) {
	t.Helper()
	is, err := os.ReadFile(filepath.Join(dir, world.StoreFile))
	world.Must(t, err)
	d.Files[world.StoreFile] = &simFile{kept: simImage{bytes.TrimRight(is, "\x00"), int64(len(is))}}
	d.names[world.StoreFile] = d.Files[world.StoreFile]
}
