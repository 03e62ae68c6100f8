package kind

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// OfflineLabel is the label of a daemon that has no registry. scripts/engine sets it.
const OfflineLabel = "ampersand.offline=true"

// answerTimeout is how long a daemon may take to answer a simple question.
const answerTimeout = 2 * time.Second

// Info is what a Docker daemon says of itself.
type Info struct {
	Name            string   // of its machine
	ServerVersion   string   // such as 20.10.24
	OperatingSystem string   // such as "Debian GNU/Linux 12 (bookworm)"
	OSType          string   // linux or windows
	Architecture    string   // such as x86_64
	Driver          string   // of the images' file systems
	DockerRootDir   string   // where images and containers are
	CgroupVersion   string   // 1 or 2
	MemTotal        int64    // bytes
	NCPU            int      // processors
	SecurityOptions []string // such as name=rootless
	Labels          []string // such as ampersand.offline=true
	ServerErrors    []string // why there is no answer
}

// ReadInfo asks the daemon.
func ReadInfo(ctx context.Context) (Info, error) {
	out, err := docker(ctx, "info", "--format", "{{json .}}")
	if err != nil && len(out) == 0 {
		return Info{}, err
	}
	return ParseInfo(out)
}

// ParseInfo reads the answer of `docker info --format '{{json .}}'`. Without a daemon that is the client's part alone.
func ParseInfo(text []byte) (Info, error) {
	var info Info
	if err := json.Unmarshal(text, &info); err != nil {
		return Info{}, fmt.Errorf("read what docker info says: %w", err)
	}
	if len(info.ServerErrors) > 0 {
		return Info{}, fmt.Errorf("docker info: %s", strings.Join(info.ServerErrors, "; "))
	}
	if info.ServerVersion == "" {
		return Info{}, errors.New("docker info says nothing of a daemon")
	}
	return info, nil
}

// String sums it up in a line.
func (i Info) String() string {
	return fmt.Sprintf("Docker %s on %s, %s, cgroup v%s, %s, %d processors, %s",
		i.ServerVersion, i.OperatingSystem, i.Architecture, i.CgroupVersion, i.Driver, i.NCPU, gibibytes(i.MemTotal))
}

// Offline tells whether the daemon is one that has no registry.
func (i Info) Offline() bool { return slices.Contains(i.Labels, OfflineLabel) }

// rootless tells whether the daemon runs as an ordinary user.
func (i Info) rootless() bool {
	return slices.ContainsFunc(i.SecurityOptions, func(option string) bool {
		return slices.Contains(strings.Split(option, ","), "name=rootless")
	})
}

// DaemonAnswers returns nil when a Docker daemon can be used, and soon an error otherwise.
func DaemonAnswers(ctx context.Context) error {
	_, err := apiVersion(ctx)
	return err
}

func apiVersion(ctx context.Context) (string, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, answerTimeout, fmt.Errorf("no answer within %s", answerTimeout))
	defer cancel()
	out, err := docker(ctx, "version", "--format", "{{.Server.APIVersion}}")
	return strings.TrimSpace(string(out)), err
}

// Offline tells whether the daemon has no registry, and how that is known.
func Offline(ctx context.Context) (bool, string) {
	info, err := ReadInfo(ctx)
	switch {
	case err != nil:
		return false, fmt.Sprintf("it could not be asked: %v", err)
	case info.Offline():
		return true, "the Docker daemon carries the label " + OfflineLabel
	default:
		return false, "the Docker daemon does not carry the label " + OfflineLabel
	}
}

// gibibytes formats an amount.
func gibibytes(n int64) string {
	const gib = 1 << 30
	return fmt.Sprintf("%.1f GiB", float64(n)/gib)
}
