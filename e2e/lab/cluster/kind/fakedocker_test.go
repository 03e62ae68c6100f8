package kind_test

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// envFake names the folder of a fake Docker's state.
const envFake = "AMPERSAND_TEST_DOCKER"

// TestMain lets this test binary be the docker program too, for our code and for kind's.
func TestMain(m *testing.M) {
	if filepath.Base(os.Args[0]) == "docker" {
		os.Exit(playDocker(fake{os.Getenv(envFake)}, os.Args[1:]))
	}
	os.Exit(m.Run())
}

// fake is a Docker daemon: a folder with a file an image, network, container and volume, and files that say how it
// behaves. A container's file holds its cluster and its network, a network's its labels.
type fake struct{ dir string }

// newFake puts a fake docker on the PATH. Tests that use it cannot run at once.
func newFake(t *testing.T) fake {
	t.Helper()
	f := fake{t.TempDir()}
	program, err := os.Executable()
	require.NoError(t, err)
	bin := t.TempDir()
	require.NoError(t, os.Symlink(program, filepath.Join(bin, "docker")))
	t.Setenv("PATH", bin)
	t.Setenv("HOME", bin)
	t.Setenv("GORACE", "atexit_sleep_ms=0") // or each docker command takes a second under the race detector
	t.Setenv(envFake, f.dir)
	f.put("version", "1.41")
	f.put("info", healthy)
	f.put("image/node", "")
	return f
}

func (f fake) path(name string) string { return filepath.Join(f.dir, filepath.FromSlash(name)) }

func (f fake) put(name, text string) {
	if err := os.MkdirAll(filepath.Dir(f.path(name)), 0o755); err != nil {
		panic(err)
	}
	if err := os.WriteFile(f.path(name), []byte(text), 0o644); err != nil {
		panic(err)
	}
}

func (f fake) get(name string) string {
	text, _ := os.ReadFile(f.path(name))
	return string(text)
}

func (f fake) has(name string) bool {
	_, err := os.Stat(f.path(name))
	return err == nil
}

func (f fake) list(kind string) []string {
	entries, _ := os.ReadDir(f.path(kind))
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

// cluster puts a running cluster there.
func (f fake) cluster(name, owner string) {
	f.put("network/"+name, "ampersand.owner="+owner)
	f.put("container/"+name+"-control-plane", "io.x-k8s.kind.cluster="+name+" "+name)
	f.put("volume/"+name+"-control-plane", "")
}

// everything that is there of clusters.
func (f fake) everything() []string {
	return slices.Concat(f.list("container"), f.list("network"), f.list("volume"))
}

// option returns the values of an option, in either of its two forms.
func option(args []string, name string) []string {
	var values []string
	for i, arg := range args {
		if value, found := strings.CutPrefix(arg, name+"="); found {
			values = append(values, value)
		}
		if arg == name && i+1 < len(args) {
			values = append(values, args[i+1])
		}
	}
	return values
}

func playDocker(f fake, args []string) int {
	fail := func(format string, more ...any) int {
		_, _ = fmt.Fprintf(os.Stderr, format+"\n", more...)
		return 1
	}
	last := args[len(args)-1]
	switch command := strings.Join(args[:min(2, len(args))], " "); {
	case !f.has("version"):
		return fail("Cannot connect to the Docker daemon")
	case args[0] == "version":
		fmt.Println(f.get("version"))
	case args[0] == "info":
		fmt.Println(f.get("info"))
	case command == "image inspect" || command == "inspect --type=image":
		if !f.has("image/" + last) {
			return fail("No such image: %s", last)
		}
	case command == "network create":
		f.put("network/"+last, strings.Join(option(args, "--label"), " "))
	case command == "network inspect":
		fmt.Println("1400")
	case command == "network ls":
		f.print("network", args)
	case command == "network rm":
		for _, c := range f.list("container") {
			if strings.HasSuffix(f.get("container/"+c), " "+last) {
				return fail("network %s has active endpoints", last)
			}
		}
		_ = os.Remove(f.path("network/" + last))
	case args[0] == "ps":
		f.print("container", args)
	case args[0] == "rm":
		for _, name := range args[1:] {
			_ = os.Remove(f.path("container/" + name))
			if slices.Contains(args, "--volumes") {
				_ = os.Remove(f.path("volume/" + name))
			}
		}
	case args[0] == "inspect":
		fmt.Println("control-plane")
	case args[0] == "run":
		return f.run(args, fail)
	case args[0] == "save":
		fmt.Print("archive of ", strings.Join(args[1:], ", "))
	case args[0] == "exec":
		return f.exec(strings.Join(args, " "), fail)
	default:
		return fail("unexpected: docker %v", args)
	}
	return 0
}

// run makes a container as kind wants it, and then behaves as the test wants.
func (f fake) run(args []string, fail func(string, ...any) int) int {
	name := option(args, "--name")[0]
	f.put("container/"+name, strings.Join(option(args, "--label"), " ")+" "+option(args, "--net")[0])
	f.put("volume/"+name, "")
	f.put("arguments", strings.Join(args, " "))
	switch f.get("run") {
	case "hang":
		for f.has("container/" + name) {
			<-time.After(10 * time.Millisecond)
		}
		return fail("the container has gone")
	default:
		return fail("first line\nno space left on device")
	}
}

func (f fake) exec(line string, fail func(string, ...any) int) int {
	switch {
	case strings.Contains(line, "containerd config dump"):
		fmt.Println("version = 3\n[plugins.'io.containerd.cri.v1.images']\nsnapshotter = 'overlayfs'")
	case strings.Contains(line, "images import") && f.get("import") == "":
		text, _ := io.ReadAll(os.Stdin)
		f.put("imported", string(text))
	case strings.Contains(line, "iptables"):
		fmt.Print(f.get("iptables"))
	default:
		return fail("ctr: bad archive")
	}
	return 0
}

// print lists what all filters let through.
func (f fake) print(kind string, args []string) {
	for _, name := range f.list(kind) {
		shown := true
		for _, filter := range option(args, "--filter") {
			if want, isName := strings.CutPrefix(filter, "name="); isName {
				shown = shown && want == "^"+name+"$"
				continue
			}
			label := strings.TrimPrefix(filter, "label=")
			shown = shown && slices.ContainsFunc(strings.Fields(f.get(kind+"/"+name)), func(has string) bool {
				key, _, _ := strings.Cut(has, "=")
				return has == label || key == label
			})
		}
		if shown {
			fmt.Println(name)
		}
	}
}

// healthy is what a daemon says of itself that wants for nothing.
const healthy = `{"Name": "elsewhere", "ServerVersion": "28.2.2", "OperatingSystem": "Debian", "OSType": "linux", "Architecture": "x86_64",
"Driver": "overlay2", "DockerRootDir": "/var/lib/docker", "CgroupVersion": "2", "MemTotal": 17179869184, "NCPU": 4}`
