package main_test

import (
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"
)

// BenchmarkReady measures the program from its start to its ready file, and
// reports its idle memory.
func BenchmarkReady(b *testing.B) {
	for b.Loop() {
		p := serve(b, nil, "--workspace", workspaceID)
		b.StopTimer()
		if kb := residentKB(b, p.cmd.Process.Pid); kb > 0 {
			b.ReportMetric(kb/1024, "MiB-RSS")
		}
		p.stop(b, syscall.SIGTERM)
		b.StartTimer()
	}
}

// residentKB is VmRSS, or 0 where there is no /proc.
func residentKB(b *testing.B, pid int) float64 {
	b.Helper()
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(raw)) {
		var kb float64
		if _, err := fmt.Sscanf(line, "VmRSS: %f kB", &kb); err == nil {
			return kb
		}
	}
	return 0
}
