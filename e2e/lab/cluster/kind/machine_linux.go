package kind

import (
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// readMachine looks at this machine. Without a folder the disk is not known.
func readMachine(dir string) Machine {
	machine := Machine{
		Free:      -1,
		Instances: readLimit("/proc/sys/fs/inotify/max_user_instances"),
		Watches:   readLimit("/proc/sys/fs/inotify/max_user_watches"),
	}
	var disk unix.Statfs_t
	if dir != "" && unix.Statfs(dir, &disk) == nil {
		machine.Free = int64(disk.Bavail) * disk.Bsize
	}
	return machine
}

func readLimit(path string) int64 {
	text, err := os.ReadFile(path)
	if err != nil {
		return -1
	}
	n, err := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64)
	if err != nil {
		return -1
	}
	return n
}
