package image

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Repository is what the names of all our images begin with. kubeadm is told it as its imageRepository.
const Repository = "ampersand"

// PauseTag is the tag of the pause image, which containerd's configuration in the node image names.
const PauseTag = "v1"

// Versions are those of what a cluster's control plane consists of, with a leading v.
type Versions struct{ Kubernetes, Etcd, CoreDNS string }

// EtcdTag is the tag that kubeadm has to be told for etcd. It derives etcd's flags from it, in its own form.
func (v Versions) EtcdTag() string { return v.Etcd[1:] + "-0" }

// CoreDNSTag is the tag that kubeadm has to be told for CoreDNS.
func (v Versions) CoreDNSTag() string { return v.CoreDNS }

// ControlPlane are the images of a cluster's control plane, called as kubeadm calls them. proxy is the layer below
// kube-proxy: ProxyUserland. All but CoreDNS and pause run as root, because kubeadm's keys belong to root.
func ControlPlane(programs map[string]string, v Versions, proxy Layer) ([]Spec, error) {
	specs := []Spec{
		kubernetes("kube-apiserver", v.Kubernetes),
		kubernetes("kube-controller-manager", v.Kubernetes),
		kubernetes("kube-scheduler", v.Kubernetes),
		kubernetes("kube-proxy", v.Kubernetes),
		kubernetes("etcd", v.EtcdTag()),
		unprivileged("coredns", "coredns", "/coredns", nobody),
		unprivileged("pause", "pause", "/pause", nobody),
	}
	specs[3].Base = proxy
	specs[3].Files = append(specs[3].Files, iptablesLinks()...)
	specs[5].Tag, specs[6].Tag = v.CoreDNSTag(), PauseTag
	return withPrograms(specs, programs)
}

// Components are the images of what runs in the cluster: KEDA's programs and ours. Nobody among them is root, nobody
// writes outside a volume, and nobody speaks TLS with the world, so that none needs a bundle of certificates.
func Components(programs map[string]string) ([]Spec, error) {
	const keda = "1000:1000" // KEDA's manifests say so
	return withPrograms([]Spec{
		unprivileged("keda-operator", "keda-operator", "/keda", keda),
		unprivileged("keda-metrics-apiserver", "keda-adapter", "/keda-adapter", keda),
		unprivileged("keda-admission-webhooks", "keda-webhooks", "/keda-admission-webhooks", keda),
		unprivileged("collector", "collector", "/collector", nobody),
		unprivileged("sigv4proxy", "sigv4proxy", "/sigv4proxy", nobody),
		ho11y(), emulator(), load(),
	}, programs)
}

// Own are the images that nobody publishes.
func Own(programs map[string]string) ([]Spec, error) {
	return withPrograms([]Spec{emulator(), load()}, programs)
}

// Pushed are the images of ours that a cluster on AWS pulls. Neither speaks TLS: what does is public there, and brings the
// authorities that AWS's certificates are from.
func Pushed(programs map[string]string) ([]Spec, error) {
	return withPrograms([]Spec{ho11y(), load()}, programs)
}

func ho11y() Spec { return unprivileged("ho11y", "ho11y", "/ho11y", nobody) }

func emulator() Spec { return unprivileged("emulator", "ampersand", "/emulator", nobody) }

func load() Spec { return unprivileged("load", "load", "/load", nobody) }

// nobody is the user of images whose manifests do not ask for another.
const nobody = "65532:65532"

// kubernetes is an image of the control plane. Its program lies in the PATH: kubeadm's manifests call most by name.
func kubernetes(name, tag string) Spec {
	path := "/usr/local/bin/" + name
	return Spec{
		Name: Repository + "/" + name, Tag: tag, Entrypoint: []string{path},
		Env:   []string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin"},
		Files: []File{Program(path, name)},
	}
}

// unprivileged is an image of one program and a user.
func unprivileged(name, program, path, user string) Spec {
	id, _, _ := strings.Cut(user, ":")
	return Spec{
		Name: Repository + "/" + name, Entrypoint: []string{path}, User: user,
		Files: []File{
			Program(path, program),
			Text("/etc/passwd", fmt.Sprintf("user:x:%s:%s::/:/none\n", id, id)),
			Text("/etc/group", fmt.Sprintf("user:x:%s:\n", id)),
		},
	}
}

// withPrograms replaces the names of programs by the files that they were built into.
func withPrograms(specs []Spec, programs map[string]string) ([]Spec, error) {
	for _, spec := range specs {
		for i, f := range spec.Files {
			if f.Source == "" {
				continue
			}
			path, built := programs[f.Source]
			if !built {
				return nil, fmt.Errorf("the image %s needs the program %s, built are %v", spec.Name, f.Source, slices.Sorted(maps.Keys(programs)))
			}
			spec.Files[i].Source = path
		}
	}
	return specs, nil
}
