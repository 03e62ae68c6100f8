package kind

import (
	"context"
	"fmt"
	"strings"

	"sigs.k8s.io/kind/pkg/apis/config/v1alpha4"
)

// podResolvConf is where our node image keeps the name server of pods.
const podResolvConf = "/etc/pod-resolv.conf"

// clusterConfig is the configuration that kind is given.
func (c *Cluster) clusterConfig(ctx context.Context) *v1alpha4.Cluster {
	info, err := ReadInfo(ctx)
	if err != nil {
		// Creating will fail with more to say.
		c.config.Logger.Debug("no information from Docker", "error", err)
	}
	return &v1alpha4.Cluster{
		TypeMeta: v1alpha4.TypeMeta{APIVersion: "kind.x-k8s.io/v1alpha4", Kind: "Cluster"},
		Name:     c.config.Name,
		Nodes:    []v1alpha4.Node{{Role: v1alpha4.ControlPlaneRole, Image: c.config.Image}},
		Networking: v1alpha4.Networking{
			IPFamily:          v1alpha4.IPv4Family,
			APIServerAddress:  "127.0.0.1",
			DisableDefaultCNI: c.config.Built != nil,
		},
		FeatureGates:         c.featureGates(),
		KubeadmConfigPatches: c.patches(info.CgroupVersion == "1"),
	}
}

// featureGates are the gates as kind wants them. It hands them to every part of Kubernetes.
func (c *Cluster) featureGates() map[string]bool {
	gates := map[string]bool{}
	for _, gate := range c.config.FeatureGates {
		gates[gate] = true
	}
	return gates
}

// patches changes what kind writes for kubeadm. kind writes v1beta3 up to Kubernetes 1.35 and v1beta4 from 1.36 on;
// arguments are a map in the one and a list in the other. A patch applies only to the version it names, and one of a list
// replaces it: so kind's own arguments are there again.
func (c *Cluster) patches(cgroupV1 bool) []string {
	var patches []string
	if period := c.config.HPASyncPeriod; period > 0 {
		var gates string
		if len(c.config.FeatureGates) > 0 {
			gates = fmt.Sprintf("  - name: feature-gates\n    value: %q\n", strings.Join(c.config.FeatureGates, "=true,")+"=true")
		}
		patches = append(patches, fmt.Sprintf(`apiVersion: kubeadm.k8s.io/v1beta3
kind: ClusterConfiguration
controllerManager:
  extraArgs:
    horizontal-pod-autoscaler-sync-period: %q
`, period), fmt.Sprintf(`apiVersion: kubeadm.k8s.io/v1beta4
kind: ClusterConfiguration
controllerManager:
  extraArgs:
  - name: enable-hostpath-provisioner
    value: "true"
  - name: horizontal-pod-autoscaler-sync-period
    value: %q
`, period)+gates)
	}
	if built := c.config.Built; built != nil {
		patches = append(patches, fmt.Sprintf(`kind: ClusterConfiguration
imageRepository: %q
etcd:
  local:
    imageTag: %q
dns:
  imageTag: %q
`, built.Repository, built.Etcd, built.CoreDNS))
	}
	if kubelet := c.kubelet(cgroupV1); kubelet != "" {
		patches = append(patches, "kind: KubeletConfiguration\n"+kubelet)
	}
	return patches
}

func (c *Cluster) kubelet(cgroupV1 bool) string {
	var lines strings.Builder
	if cgroupV1 {
		lines.WriteString("failCgroupV1: false\n") // the default is true from Kubernetes 1.35 on
	}
	if c.config.Built != nil {
		// kind's /kubelet is made by a script of its own image.
		lines.WriteString("cgroupRoot: /\nresolvConf: " + podResolvConf + "\n")
	}
	return lines.String()
}
