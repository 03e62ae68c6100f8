package kind

import (
	"context"
	"fmt"
	"os"
	"os/exec"

	"k8s.io/apimachinery/pkg/util/version"
)

const (
	// defaultDisk is what a cluster needs of the disk: node image, images within it, what its pods write.
	defaultDisk = 3 << 30
	// leastMemory is what the whole lab needs on a cluster, with some room.
	leastMemory = 4 << 30
	// leastInstances and leastWatches are the inotify limits: kubelet, containerd and every container's programs share them
	// with all else on the machine.
	leastInstances, leastWatches = 256, 65536
	// leastAPI is the first version of Docker's API that knows what kind asks for: Docker 20.10.
	leastAPI = "1.41"
	// strictCgroups is the first Kubernetes version whose kubelet refuses cgroup v1 by itself.
	strictCgroups = "1.35.0"

	getDocker = "start Docker, or use E2E_CLUSTER=kwok, which needs none; " +
		"a CI-like root machine without Docker is given an engine by `scripts/engine/engine up`"
)

// Problem is something that a cluster needs and does not have.
type Problem struct {
	// Fatal problems make a cluster impossible. The others may do no harm.
	Fatal bool
	// What is missing, and what to Do about it.
	What, Do string
}

// String is the problem in a line.
func (p Problem) String() string { return p.What + ": " + p.Do }

// Needs says what a cluster is going to be.
type Needs struct {
	// Bytes is the free disk space, 3 GiB when zero.
	Bytes int64
	// Built is set for our own node image.
	Built bool
	// Version is the Kubernetes version.
	Version string
}

// Machine is what Docker's machine offers. What is not known is negative.
type Machine struct {
	// Free is the disk space at Docker's root folder in bytes.
	Free int64
	// Instances and Watches are the limits of inotify.
	Instances, Watches int64
}

// Preflight looks at all that a cluster needs and returns what is missing, the whole of it and not only the first.
func Preflight(ctx context.Context, needs Needs) []Problem {
	if _, err := exec.LookPath("docker"); err != nil {
		return append([]Problem{{Fatal: true, What: "there is no docker program", Do: "install Docker, or use E2E_CLUSTER=kwok, which needs none"}},
			needs.MachineProblems(readMachine(""))...)
	}
	api, err := apiVersion(ctx)
	if err != nil {
		return append([]Problem{{Fatal: true, What: "no Docker daemon answers (" + err.Error() + ")", Do: getDocker}},
			needs.MachineProblems(readMachine(""))...)
	}
	info, err := ReadInfo(ctx)
	if err != nil {
		return []Problem{{Fatal: true, What: "Docker does not say what it is (" + err.Error() + ")", Do: getDocker}}
	}
	machine := Machine{Free: -1, Instances: -1, Watches: -1}
	if here, err := os.Hostname(); err == nil && here == info.Name {
		machine = readMachine(info.DockerRootDir)
	}
	return append(needs.InfoProblems(info, api), needs.MachineProblems(machine)...)
}

// InfoProblems judges what the daemon says, and the version of its API.
func (n Needs) InfoProblems(info Info, api string) []Problem {
	var problems []Problem
	add := func(fatal bool, what, do string) { problems = append(problems, Problem{fatal, what, do}) }

	if older(api, leastAPI) {
		add(true, "Docker "+info.ServerVersion+" is too old", "install 20.10 or later")
	}
	if info.OSType != "linux" {
		add(true, "Docker runs containers of "+info.OSType, "switch it to Linux containers")
	}
	switch info.Architecture {
	case "x86_64", "amd64", "aarch64", "arm64":
	default:
		add(true, "Docker's machine is "+info.Architecture, "use amd64 or arm64")
	}
	if info.MemTotal < leastMemory {
		add(false, "Docker has only "+gibibytes(info.MemTotal)+" of memory", "give it "+gibibytes(leastMemory)+", or programs may be killed")
	}
	v1 := info.CgroupVersion == "1"
	switch {
	case info.rootless() && v1:
		add(true, "Docker runs without root on cgroup v1", "use cgroup v2, or a Docker that runs as root")
	case info.rootless():
		add(false, "Docker runs without root", "see kind's page on rootless when the node does not start; a Docker that runs as root always works")
	case v1 && n.Built:
		add(false, "the machine has cgroup v1", "the node image that is built here works with it")
	case v1 && !older(n.Version, strictCgroups):
		add(false, "the machine has cgroup v1, which Kubernetes "+n.Version+" refuses by itself",
			"it is told to accept it; should the node not start, use E2E_IMAGES=built, or cgroup v2")
	}
	return problems
}

// MachineProblems judges what Docker's machine offers.
func (n Needs) MachineProblems(machine Machine) []Problem {
	var problems []Problem
	need := n.Bytes
	if need == 0 {
		need = defaultDisk
	}
	if machine.Free >= 0 && machine.Free < need {
		problems = append(problems, Problem{
			Fatal: true,
			What:  fmt.Sprintf("only %s are free where Docker keeps its images, %s are needed", gibibytes(machine.Free), gibibytes(need)),
			Do:    "make room: `docker system df` says what Docker itself could give up",
		})
	}
	limits := []struct {
		name        string
		have, least int64
	}{
		{"fs.inotify.max_user_instances", machine.Instances, leastInstances},
		{"fs.inotify.max_user_watches", machine.Watches, leastWatches},
	}
	for _, limit := range limits {
		if limit.have >= 0 && limit.have < limit.least {
			problems = append(problems, Problem{
				What: fmt.Sprintf("%s is %d", limit.name, limit.have),
				Do:   fmt.Sprintf("`sysctl %s=%d` as root, or pods may fail with \"too many open files\"", limit.name, 2*limit.least),
			})
		}
	}
	return problems
}

// older tells whether a version lies before another. One that cannot be read does not.
func older(v, than string) bool {
	have, err := version.ParseGeneric(v)
	return err == nil && have.LessThan(version.MustParseGeneric(than))
}
