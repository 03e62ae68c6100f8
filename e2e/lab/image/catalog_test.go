package image_test

import (
	"path"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ampersand-amp/ampersand/e2e/lab/image"
)

func versions() image.Versions {
	return image.Versions{Kubernetes: "v1.36.3", Etcd: "v3.6.16", CoreDNS: "v1.14.2"}
}

// programs are stand-ins for all programs that images hold.
func programs(t *testing.T) map[string]string {
	t.Helper()
	all := map[string]string{}
	for name := range strings.FieldsSeq(`kube-apiserver kube-controller-manager kube-scheduler kube-proxy kubelet kubeadm kubectl etcd coredns pause
		containerd containerd-shim-runc-v2 ctr runc ptp host-local portmap loopback
		keda-operator keda-adapter keda-webhooks ampersand collector sigv4proxy ho11y load`) {
		all[name] = source(t, name)
	}
	return all
}

func TestControlPlane(t *testing.T) {
	t.Parallel()
	specs, err := image.ControlPlane(programs(t), versions(), image.Layer{Path: "proxy.tar"})
	require.NoError(t, err)
	users, entrypoints := map[string]string{}, map[string]string{}
	for _, s := range specs {
		users[s.Name+":"+s.Tag], entrypoints[path.Base(s.Name)] = s.User, s.Entrypoint[0]
		require.Equal(t, s.Name == "ampersand/kube-proxy", s.Base.Path != "", s.Name)
	}
	require.Equal(t, map[string]string{
		"ampersand/kube-apiserver:v1.36.3": "", "ampersand/kube-controller-manager:v1.36.3": "", "ampersand/kube-scheduler:v1.36.3": "",
		"ampersand/kube-proxy:v1.36.3": "", "ampersand/etcd:3.6.16-0": "",
		"ampersand/coredns:v1.14.2": "65532:65532", "ampersand/pause:v1": "65532:65532",
	}, users)
	require.Equal(t, "/usr/local/bin/kube-proxy", entrypoints["kube-proxy"], "kubeadm calls it by its path")
}

func TestComponents(t *testing.T) {
	t.Parallel()
	specs, err := image.Components(programs(t))
	require.NoError(t, err)
	w := newWorkshop(t)
	images, err := w.Build(t.Context(), specs...)
	require.NoError(t, err)
	for i, want := range []struct{ name, program, path, user string }{
		{"keda-operator", "keda-operator", "/keda", "1000:1000"},
		{"keda-metrics-apiserver", "keda-adapter", "/keda-adapter", "1000:1000"},
		{"keda-admission-webhooks", "keda-webhooks", "/keda-admission-webhooks", "1000:1000"},
		{"collector", "collector", "/collector", "65532:65532"},
		{"sigv4proxy", "sigv4proxy", "/sigv4proxy", "65532:65532"},
		{"ho11y", "ho11y", "/ho11y", "65532:65532"},
		{"emulator", "ampersand", "/emulator", "65532:65532"},
		{"load", "load", "/load", "65532:65532"},
	} {
		require.Equal(t, "ampersand/"+want.name, images[i].Name)
		img := read(t, images[i])
		config, err := img.ConfigFile()
		require.NoError(t, err)
		require.Equal(t, []string{want.path}, config.Config.Entrypoint, want.name)
		require.Equal(t, want.user, config.Config.User, want.name)
		order, headers, texts := contents(t, img)
		require.Len(t, order, 4, "%s holds its program and its user, nothing else: %v", want.name, order)
		require.Equal(t, want.program, texts[want.path[1:]], want.name)
		require.Equal(t, int64(0o755), headers[want.path[1:]].Mode, want.name)
		uid, _, _ := strings.Cut(want.user, ":")
		require.Contains(t, texts["etc/passwd"], ":"+uid+":"+uid+":", want.name)
	}
}

func TestOwn(t *testing.T) {
	t.Parallel()
	all := programs(t)
	specs, err := image.Own(map[string]string{"ampersand": all["ampersand"], "load": all["load"]})
	require.NoError(t, err)
	everything, err := image.Components(all)
	require.NoError(t, err)
	require.Equal(t, everything[len(everything)-2:], specs)
}

func TestMissingProgram(t *testing.T) {
	t.Parallel()
	all := programs(t)
	for _, name := range []string{"etcd", "load", "kubelet"} {
		delete(all, name)
	}
	_, err := image.ControlPlane(all, versions(), image.Layer{})
	require.ErrorContains(t, err, "the image ampersand/etcd needs the program etcd")
	_, err = image.Components(all)
	require.ErrorContains(t, err, "the image ampersand/load needs the program load")
	_, err = image.Node(all, versions(), image.Layer{}, nil)
	require.ErrorContains(t, err, "the image ampersand/node needs the program kubelet")
}

func TestNode(t *testing.T) {
	t.Parallel()
	w := newWorkshop(t)
	all := programs(t)
	specs, err := image.ControlPlane(all, versions(), image.Layer{})
	require.NoError(t, err)
	controlPlane, err := w.Build(t.Context(), specs...)
	require.NoError(t, err)
	userland := image.Layer{Packages: []image.Package{{Name: "systemd", Version: "252", Architecture: "amd64"}}}
	spec, err := image.Node(all, versions(), userland, controlPlane)
	require.NoError(t, err)
	made := w.build(t, spec)
	img := read(t, made)
	config, err := img.ConfigFile()
	require.NoError(t, err)
	require.Equal(t, "/sbin/init", config.Config.Entrypoint[0])
	_, headers, texts := contents(t, img)

	require.Equal(t, "v1.36.3", texts["kind/version"], "kind reads one line")
	require.Equal(t, "systemd 252 amd64\n", texts["kind/packages.txt"])
	require.NotEmpty(t, texts["kind/manifests/default-storage.yaml"])
	for file, program := range map[string]string{
		"usr/bin/kubelet": "kubelet", "usr/bin/kubeadm": "kubeadm", "usr/bin/kubectl": "kubectl",
		"usr/local/bin/containerd": "containerd", "usr/local/sbin/runc": "runc", "opt/cni/bin/ptp": "ptp",
	} {
		require.Equal(t, program, texts[file], file)
	}
	for name, h := range headers {
		if dir := path.Base(path.Dir(name)); dir == "bin" || (dir == "sbin" && h.Linkname == "") {
			require.Equal(t, int64(0o111), h.Mode&0o111, "%s can be executed", name)
		}
		if strings.Contains(name, ".wants/") && strings.HasPrefix(h.Linkname, "/etc") {
			require.NotEmpty(t, texts[strings.TrimPrefix(h.Linkname, "/")], "%s names a unit of ours", name)
		}
	}

	var pause string
	for _, i := range controlPlane {
		file := "kind/images/" + filepath.Base(i.Name) + "-" + i.Tag + ".tar"
		require.NotEmpty(t, texts[file], file)
		if i.Name == "ampersand/pause" {
			pause = i.Ref()
		}
	}
	require.Contains(t, texts["etc/containerd/config.toml"], "sandbox = 'docker.io/"+pause+"'")
}

// The node closes its way out before anything else, and nothing that talks starts without that.
func TestNodeStartsBehindAClosedDoor(t *testing.T) {
	t.Parallel()
	spec, err := image.Node(programs(t), versions(), image.Layer{}, nil)
	require.NoError(t, err)
	texts := map[string]string{}
	for _, f := range spec.Files {
		texts[f.Path] = f.Content
	}
	prep := texts["/usr/local/sbin/node-prep"]
	require.NotEmpty(t, prep)
	_, after, found := strings.Cut(prep, "close_way_out iptables ")
	require.True(t, found)
	for _, opening := range []string{"mount --make-rshared", "ip route replace", "--dport 53"} {
		require.Contains(t, after, opening, "it comes after the door is closed")
	}
	for _, unit := range []string{"containerd", "kubelet"} {
		require.Contains(t, texts["/etc/systemd/system/"+unit+".service"], "Requires=node-prep.service", unit)
	}
}
