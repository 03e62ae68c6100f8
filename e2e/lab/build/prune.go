package build

import (
	"os"

	"github.com/ampersand-amp/ampersand/e2e/lab/cache"
)

// prune removes all but the last used builds of a component. The caller holds the component's lock.
func (b *Builder) prune(bin, name, used string) {
	for _, old := range cache.Outdated(bin, name, "", used, b.Now()) {
		_ = os.RemoveAll(old)
	}
}
