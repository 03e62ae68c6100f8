package image

import (
	"context"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"

	"github.com/ampersand-amp/ampersand/fixtures/images"
)

// NodeUserland is what a node needs of the distribution.
func NodeUserland() Userland {
	return Userland{
		Name: "node",
		Packages: []string{
			"systemd", "systemd-sysv", "iptables", "nftables", "iproute2", "kmod", "procps", "util-linux", "mount",
			"coreutils", "bash", "dash", "grep", "sed", "tar", "gzip", "hostname",
		},
		Without: unneeded(),
		// Units and generators of a whole machine: what starts in a node, its own files say.
		Drop: append(slim(),
			"usr/lib/systemd/system/*.wants", "usr/lib/systemd/system-generators", "usr/lib/systemd/user*",
			"usr/lib/systemd/catalog", "usr/lib/udev", "etc/init.d", "etc/cron*", "etc/update-motd.d", "etc/skel",
			"usr/share/dbus-1", "usr/share/polkit-1", "usr/share/initramfs-tools", "usr/share/terminfo/[^lxv]",
			"var/lib/systemd", "usr/lib/modprobe.d", "usr/lib/sysctl.d", "usr/lib/kernel", "usr/lib/tmpfiles.d"),
	}
}

// ProxyUserland is what kube-proxy needs beside its program: iptables and nft with every library that they link to.
func ProxyUserland() Userland {
	return Userland{Name: "kube-proxy", Packages: []string{"iptables", "nftables"}, Without: unneeded(), Drop: slim()}
}

// unneeded are packages that only install, configure or describe others.
func unneeded() []string {
	return []string{"perl", "perl-base", "debconf", "dpkg", "usrmerge", "usr-is-merged", "init-system-helpers", "debianutils", "mawk", "libc-bin"}
}

// slim are files that no program here opens.
func slim() []string {
	return []string{"usr/lib/*/gconv", "usr/lib/*/perl-base", "usr/share/gcc", "usr/share/gdb", "usr/share/pixmaps"}
}

// iptablesLinks are those that the distribution makes when it installs iptables: commands for the kernel's nf_tables.
func iptablesLinks() []File {
	var links []File
	for _, name := range []string{"iptables", "ip6tables"} {
		for _, command := range []string{"", "-save", "-restore"} {
			at := "/etc/alternatives/" + name + command
			links = append(links, Symlink("/usr/sbin/"+name+command, at), Symlink(at, "/usr/sbin/"+name+"-nft"+command))
		}
	}
	return links
}

// nodePrograms are the programs of a node by the folder that kind, kubeadm and containerd look for them in.
func nodePrograms() map[string][]string {
	return map[string][]string{
		"/usr/bin":        {"kubelet", "kubeadm", "kubectl"},
		"/usr/local/bin":  {"containerd", "containerd-shim-runc-v2", "ctr"},
		"/usr/local/sbin": {"runc"},
		"/opt/cni/bin":    {"ptp", "host-local", "portmap", "loopback"},
	}
}

// Node is kind's node image: a userland, the node's own files and programs, and the archives of the control plane's
// images, which the node gives to its containerd when it starts.
func Node(programs map[string]string, v Versions, userland Layer, controlPlane []Image) (Spec, error) {
	spec := Spec{
		Name: Repository + "/node", Base: userland,
		// Under cgroup v1, a container cannot have systemd's hybrid layout. Where there is cgroup v2 the argument says nothing.
		Entrypoint: []string{"/sbin/init", "systemd.legacy_systemd_cgroup_controller=1"},
		Env:        []string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "container=docker"},
		StopSignal: "SIGRTMIN+3",
		Labels:     map[string]string{"ampersand.kubernetes": v.Kubernetes},
	}
	for dir, names := range nodePrograms() {
		for _, name := range names {
			spec.Files = append(spec.Files, Program(dir+"/"+name, name))
		}
	}
	if _, err := withPrograms([]Spec{spec}, programs); err != nil {
		return Spec{}, err
	}
	own, err := images.Node()
	if err != nil {
		return Spec{}, err
	}
	files, err := Tree(own)
	if err != nil {
		return Spec{}, err
	}
	spec.Files = append(spec.Files, files...)
	spec.Files = append(spec.Files, nodeUnits()...)
	spec.Files = append(spec.Files, iptablesLinks()...)
	spec.Files = append(spec.Files, nodeFolders()...)
	spec.Files = append(spec.Files, Text("/kind/version", v.Kubernetes), Text("/kind/packages.txt", listing(userland.Packages)))
	for _, img := range controlPlane {
		archive := File{Path: "/kind/images/" + filepath.Base(img.Name) + "-" + img.Tag + ".tar", Source: img.Archive, Mode: 0o644}
		spec.Files = append(spec.Files, archive)
	}
	return spec, nil
}

// nodeUnits says what systemd starts.
func nodeUnits() []File {
	units := []File{
		Symlink("/etc/systemd/system/default.target", "/usr/lib/systemd/system/multi-user.target"),
		Symlink("/etc/systemd/system/systemd-journald-audit.socket", "/dev/null"), // the whole machine's, not the node's
		Symlink("/etc/systemd/system/sysinit.target.wants/node-prep.service", "/etc/systemd/system/node-prep.service"),
		Symlink("/etc/systemd/system/sysinit.target.wants/systemd-journald.service", "/usr/lib/systemd/system/systemd-journald.service"),
	}
	for _, name := range []string{"containerd", "node-images", "kubelet"} {
		unit := name + ".service"
		units = append(units, Symlink("/etc/systemd/system/multi-user.target.wants/"+unit, "/etc/systemd/system/"+unit))
	}
	return units
}

// nodeFolders are those that programs take for granted, and files that must be there empty.
func nodeFolders() []File {
	return []File{
		Folder("/tmp", 0o777|fs.ModeSticky), Folder("/var/tmp", 0o777|fs.ModeSticky), Folder("/root", 0o700),
		Folder("/run", 0o755), Folder("/proc", 0o755), Folder("/sys", 0o755), Folder("/dev", 0o755), Folder("/var/log", 0o755),
		Folder("/etc/cni/net.d", 0o755), Folder("/etc/kubernetes/manifests", 0o755), Folder("/usr/lib/modules", 0o755),
		Text("/etc/machine-id", ""), // systemd gives each node one of its own
		Symlink("/usr/bin/sh", "dash"),
	}
}

func listing(packages []Package) string {
	var lines strings.Builder
	for _, p := range packages {
		fmt.Fprintf(&lines, "%s %s %s\n", p.Name, p.Version, p.Architecture)
	}
	return lines.String()
}

// Node makes the node image and all that goes into it.
func (b *Builder) Node(ctx context.Context, programs map[string]string, v Versions) (Image, error) {
	debian := &Debian{Cache: b.Cache, Logf: b.Logf, Now: b.Now}
	proxy, err := debian.Layer(ctx, ProxyUserland())
	if err != nil {
		return Image{}, err
	}
	userland, err := debian.Layer(ctx, NodeUserland())
	if err != nil {
		return Image{}, err
	}
	specs, err := ControlPlane(programs, v, proxy)
	if err != nil {
		return Image{}, err
	}
	controlPlane, err := b.Build(ctx, specs...)
	if err != nil {
		return Image{}, err
	}
	spec, err := Node(programs, v, userland, controlPlane)
	if err != nil {
		return Image{}, err
	}
	made, err := b.Build(ctx, spec)
	if err != nil {
		return Image{}, err
	}
	return made[0], nil
}
