package build

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// keep is how many builds of a component stay in the cache: enough to go back and forth between branches.
const keep = 4

// prune removes all but the last used builds of a component. The caller holds the component's lock. What cannot be
// removed stays: the cache is only larger then.
func (b *Builder) prune(bin, name, used string) {
	now := b.Now()
	_ = os.Chtimes(used, now, now)
	builds, err := filepath.Glob(filepath.Join(bin, name+"-*"))
	if err != nil {
		return // a constant pattern
	}
	// A name may begin with another: a build is called after its component and a key without a hyphen.
	builds = slices.DeleteFunc(builds, func(dir string) bool {
		return strings.Contains(strings.TrimPrefix(filepath.Base(dir), name+"-"), "-")
	})
	slices.SortFunc(builds, func(x, y string) int { return lastUse(y).Compare(lastUse(x)) })
	for _, old := range builds[min(keep, len(builds)):] {
		_ = os.RemoveAll(old)
	}
}

func lastUse(dir string) time.Time {
	info, err := os.Stat(dir)
	if err != nil {
		return time.Time{}
	}
	return info.ModTime()
}
