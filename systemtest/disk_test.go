package systemtest

import (
	"bytes"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// A simDisk holds what a disk must still know after a power cut, and apart from
// it what it was told since: of that it may keep any part. It keeps 512 bytes
// whole or not at all, in any order; that is all that is taken for granted.
// Names of a directory change in order, as every journaling file system has it.
type simDisk struct {
	files map[string]*simFile // as the process sees them

	names   map[string]*simFile // for good
	renames []naming            // since
}

const simSector = 512

// A naming is a change of names: to, and no longer from, is the file's name.
type naming struct {
	from, to string
	file     *simFile
}

// A simFile is a file's content for good, and what was written since. What a sync
// that failed should have written is in doubt for ever: the kernel shows it, and
// takes it for written, so that no later sync writes it.
type simFile struct {
	kept    simImage
	doubt   []diskOp
	pending []diskOp // writes, of one sector each, and resizes
}

// A simImage is a content; behind its bytes it is zero up to its size.
type simImage struct {
	bytes []byte
	size  int64
}

func newSimDisk() *simDisk {
	return &simDisk{files: make(map[string]*simFile), names: make(map[string]*simFile)}
}

// do is told what the process did.
func (d *simDisk) do(op diskOp) error {
	f := d.files[op.file]
	switch {
	case op.what == opSyncDir:
		d.names = d.after(len(d.renames))
		d.renames = nil
	case op.what == opMark || op.what == opRestart || op.what == opCreate && f != nil:
	case op.what == opCreate:
		d.files[op.file] = new(simFile)
		d.renames = append(d.renames, naming{to: op.file, file: d.files[op.file]})
	case f == nil:
		return fmt.Errorf("a %s of the file %q, which does not exist", op.what, op.file)
	case op.what == opRename:
		delete(d.files, op.file)
		d.files[op.to] = f
		d.renames = append(d.renames, naming{op.file, op.to, f})
	case op.what == opSync:
		f.sync()
	case op.what == opFailedSync:
		f.doubt, f.pending = append(f.doubt, f.pending...), nil
	case op.what == opResize:
		f.pending = append(f.pending, op)
	case op.what == opWrite:
		f.pending = append(f.pending, sectors(op)...)
	}
	return nil
}

// sectors cuts a write at the borders of sectors.
func sectors(op diskOp) (ops []diskOp) {
	for len(op.data) > 0 {
		n := min(simSector-op.at%simSector, int64(len(op.data)))
		ops = append(ops, diskOp{what: opWrite, file: op.file, at: op.at, data: op.data[:n]})
		op.at, op.data = op.at+n, op.data[n:]
	}
	return ops
}

// after is what names are once n of the changes since have happened.
func (d *simDisk) after(n int) map[string]*simFile {
	names := maps.Clone(d.names)
	for _, r := range d.renames[:n] {
		delete(names, r.from)
		names[r.to] = r.file
	}
	return names
}

// sync makes what was written since the file's own. Where that was in doubt
// before, it is no longer.
func (f *simFile) sync() {
	written := make(map[int64]bool)
	for _, op := range f.pending {
		written[op.at] = op.what == opWrite
	}
	f.doubt = slices.DeleteFunc(f.doubt, func(op diskOp) bool { return op.what == opWrite && written[op.at] })
	f.kept.apply(f.pending)
	f.pending = nil
}

// told is what the disk was told and may not hold.
func (f *simFile) told() []diskOp { return slices.Concat(f.doubt, f.pending) }

// cached is the file as the process sees it.
func (f *simFile) cached() simImage { return f.kept.with(f.told()) }

func (i simImage) with(ops []diskOp) simImage {
	i.bytes = bytes.Clone(i.bytes)
	i.apply(ops)
	return i
}

func (i *simImage) apply(ops []diskOp) {
	for _, op := range ops {
		if op.what == opResize {
			i.size = op.at
			i.bytes = i.bytes[:min(op.at, int64(len(i.bytes)))]
			continue
		}
		end := op.at + int64(len(op.data))
		if grown := end - int64(len(i.bytes)); grown > 0 {
			i.bytes = append(i.bytes, make([]byte, grown)...)
		}
		i.size = max(i.size, end)
		copy(i.bytes[op.at:], op.data)
	}
}

// A powerCut is what a disk holds after one.
type powerCut struct {
	how   string
	files map[string]simImage
}

// cuts are all that the test tries at this moment: that nothing since the last
// sync was kept, that all was, and as many other parts of it as are asked for,
// by their seed. Equal ones are left out.
func (d *simDisk) cuts(seed uint64, subsets int) (cuts []powerCut) {
	seen := make(map[string]bool)
	for n := range subsets + 2 {
		random := rand.New(rand.NewPCG(seed, uint64(n)))
		c := powerCut{how: fmt.Sprintf("seed %x, part %d", seed, n), files: make(map[string]simImage)}
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
			key += name + string(digest(c.files[name].bytes)) + fmt.Sprint(c.files[name].size)
		}
		if !seen[key] {
			seen[key] = true
			cuts = append(cuts, c)
		}
	}
	return cuts
}

func keepNone(*rand.Rand, []diskOp) []diskOp      { return nil }
func keepAll(_ *rand.Rand, ops []diskOp) []diskOp { return ops }

// keepers choose what a disk keeps of what it was told since the last sync.
var keepers = []func(*rand.Rand, []diskOp) []diskOp{keepPages, keepSectors, keepButOne, keepTorn, keepTornOnly}

// keepPages keeps some pages of 4 KiB, those whole.
func keepPages(random *rand.Rand, ops []diskOp) (kept []diskOp) {
	chosen := make(map[int64]bool)
	for _, op := range ops {
		page := op.at / 4096
		if op.what == opResize {
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
func keepSectors(random *rand.Rand, ops []diskOp) (kept []diskOp) {
	share := []float64{0.1, 0.5, 0.9}[random.IntN(3)]
	for _, op := range ops {
		if random.Float64() < share {
			kept = append(kept, op)
		}
	}
	return kept
}

// keepButOne keeps all but one sector.
func keepButOne(random *rand.Rand, ops []diskOp) (kept []diskOp) {
	if len(ops) == 0 {
		return nil
	}
	lost := random.IntN(len(ops))
	return append(append(kept, ops[:lost]...), ops[lost+1:]...)
}

// keepTorn keeps half the sectors, and of these half only up to a byte: that is
// more than a disk may do.
func keepTorn(random *rand.Rand, ops []diskOp) (kept []diskOp) {
	for _, op := range ops {
		switch random.IntN(4) {
		case 0, 1:
			continue
		case 2:
			// The first bytes are those that headers lie in.
			op.data = op.data[:min(len(op.data), random.IntN([]int{96, simSector}[random.IntN(2)]))]
		}
		kept = append(kept, op)
	}
	return kept
}

// keepTornOnly keeps, of the page that was written last, the first bytes, and
// nothing else. For headers that is the worst.
func keepTornOnly(random *rand.Rand, ops []diskOp) []diskOp {
	if len(ops) == 0 || ops[len(ops)-1].what != opWrite {
		return nil
	}
	first := len(ops) - 1
	for first > 0 && ops[first-1].what == opWrite && ops[first-1].at/4096 == ops[first].at/4096 {
		first--
	}
	op := ops[first]
	op.data = op.data[:random.IntN(min(96, len(op.data)))]
	return []diskOp{op}
}

// put writes what the disk holds into a directory, in place of what is there.
func (c powerCut) put(dir string, names ...string) error {
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

// unfinished is what a killed process has left in the store's file besides what
// was recorded: the file itself tells. Anything else is a fault of the recording.
func (d *simDisk) unfinished(t *testing.T, dir string) (ops []diskOp) {
	t.Helper()
	is, err := os.ReadFile(filepath.Join(dir, storeFile))
	must(t, err)
	said := d.files[storeFile].cached()
	said.bytes = append(said.bytes, make([]byte, said.size-int64(len(said.bytes)))...)
	if len(is) != len(said.bytes) {
		t.Fatalf("by what was recorded the file has %d bytes, it has %d", len(said.bytes), len(is))
	}
	for at := 0; at < len(is); at += simSector {
		if sector := is[at:min(len(is), at+simSector)]; !bytes.Equal(sector, said.bytes[at:at+len(sector)]) {
			ops = append(ops, diskOp{what: opWrite, file: storeFile, at: int64(at), data: sector})
		}
	}
	return ops
}

// load makes a disk that holds the store in dir for good, and nothing else.
func (d *simDisk) load(t *testing.T, dir string) {
	t.Helper()
	is, err := os.ReadFile(filepath.Join(dir, storeFile))
	must(t, err)
	d.files[storeFile] = &simFile{kept: simImage{bytes.TrimRight(is, "\x00"), int64(len(is))}}
	d.names[storeFile] = d.files[storeFile]
}
