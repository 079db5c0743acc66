package main

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// machine says in a few words what the bench ran on.
func machine() string {
	return fmt.Sprintf("%d cores, %s, %s/%s", runtime.NumCPU(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
}

// freeSpace is how many bytes the file system of a directory has left.
func freeSpace(dir string) (uint64, error) {
	var s syscall.Statfs_t
	if err := syscall.Statfs(dir, &s); err != nil {
		return 0, err
	}
	return s.Bavail * uint64(s.Bsize), nil
}

// anonymousMemory is the memory of a process that is no page of a file.
func anonymousMemory(pid int) (float64, error) {
	file, err := os.Open(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, err
	}
	defer file.Close()
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		if rest, ok := strings.CutPrefix(lines.Text(), "RssAnon:"); ok {
			var kib float64
			_, err := fmt.Sscanf(rest, "%f kB", &kib)
			return kib * 1024, err
		}
	}
	return 0, errors.Join(lines.Err(), errors.New("/proc does not tell RssAnon"))
}

// processorTime is what a process has used of the processor, to the nanosecond: the
// clock that clock_getcpuclockid(3) names. /proc would tell it in steps of 10 ms.
func processorTime(pid int) (time.Duration, error) {
	const scheduled = 2 // CPUCLOCK_SCHED
	var used unix.Timespec
	if err := unix.ClockGettime(int32(^pid<<3|scheduled), &used); err != nil {
		return 0, fmt.Errorf("processor time of process %d: %w", pid, err)
	}
	return time.Duration(used.Nano()), nil
}

// A disk is a block of a file, written over and over: the rate at which it can be
// made durable is the rate of any commit that waits for its own.
type disk struct{ file *os.File }

const diskBlock = 4096

func openDisk(dir string) (*disk, error) {
	file, err := os.Create(filepath.Join(dir, "disk"))
	if err != nil {
		return nil, err
	}
	d := &disk{file}
	if _, err := file.Write(make([]byte, 1<<20)); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	if err := file.Sync(); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return d, nil
}

// write makes one block durable, as bbolt does.
func (d *disk) write(i int) error {
	block := make([]byte, diskBlock)
	block[0] = byte(i)
	if _, err := d.file.WriteAt(block, int64(i%256)*diskBlock); err != nil {
		return err
	}
	return syscall.Fdatasync(int(d.file.Fd()))
}
