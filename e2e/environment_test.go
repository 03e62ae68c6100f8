package e2e

import (
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/ampersand-amp/ampersand/e2e/timeline"
	"github.com/ampersand-amp/ampersand/fixtures/components"
)

// environment is what the run runs with, for the report.
func (s *suite) environment() timeline.Environment {
	release := s.options.lab.Release
	e := timeline.Environment{
		timeline.EnvCluster:    string(s.options.lab.Cluster),
		timeline.EnvKubernetes: release.KubernetesVersion(),
		timeline.EnvKEDA:       release.KEDA,
		timeline.EnvCollector:  components.CollectorVersion,
		timeline.EnvCores:      fmt.Sprint(runtime.NumCPU()),
		timeline.EnvGo:         runtime.Version(),
	}
	if memory := totalMemory(); memory != "" {
		e[timeline.EnvMemory] = memory
	}
	if build, ok := debug.ReadBuildInfo(); ok {
		for _, setting := range build.Settings {
			if setting.Key == "vcs.revision" {
				e[timeline.EnvRevision] = setting.Value[:min(12, len(setting.Value))]
			}
		}
	}
	return e
}

// totalMemory is the machine's, as the kernel tells it; empty elsewhere.
func totalMemory() string {
	text, err := os.ReadFile("/proc/meminfo")
	if err != nil {
		return ""
	}
	var kib float64
	line, _, _ := strings.Cut(string(text), "\n")
	if _, err := fmt.Sscanf(line, "MemTotal: %f kB", &kib); err != nil {
		return ""
	}
	return fmt.Sprintf("%.0f GiB", kib/(1<<20))
}
