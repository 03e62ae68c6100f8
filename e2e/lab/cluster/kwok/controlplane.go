package kwok

import (
	"fmt"
	"path/filepath"
)

func (c *Cluster) etcdArgs() []string {
	client := fmt.Sprintf("http://127.0.0.1:%d", c.ports.etcdClient)
	peer := fmt.Sprintf("http://127.0.0.1:%d", c.ports.etcdPeer)
	return []string{
		"--name=ampersand",
		"--data-dir=" + c.path("etcd"),
		"--listen-client-urls=" + client,
		"--advertise-client-urls=" + client,
		"--listen-peer-urls=" + peer,
		"--initial-advertise-peer-urls=" + peer,
		"--initial-cluster=ampersand=" + peer,
		// The cluster does not outlive the machine: nothing is gained by waiting for the disk.
		"--unsafe-no-fsync",
		"--log-level=warn",
	}
}

func (c *Cluster) apiserverArgs() []string {
	pki := c.PKI()
	return append([]string{
		fmt.Sprintf("--etcd-servers=http://127.0.0.1:%d", c.ports.etcdClient),
		"--bind-address=127.0.0.1",
		fmt.Sprintf("--secure-port=%d", c.ports.apiserver),
		"--advertise-address=127.0.0.1",
		// The API server refuses loopback addresses in its own EndpointSlice.
		"--endpoint-reconciler-type=none",
		"--tls-cert-file=" + filepath.Join(pki, "apiserver.crt"),
		"--tls-private-key-file=" + filepath.Join(pki, "apiserver.key"),
		"--client-ca-file=" + filepath.Join(pki, "ca.crt"),
		"--authorization-mode=RBAC",
		"--service-cluster-ip-range=10.96.0.0/16",
		"--service-account-issuer=https://kubernetes.default.svc.cluster.local",
		"--service-account-key-file=" + filepath.Join(pki, "sa.key"),
		"--service-account-signing-key-file=" + filepath.Join(pki, "sa.key"),
		// How the API server speaks to the metrics server behind it.
		"--requestheader-client-ca-file=" + filepath.Join(pki, "front-proxy-ca.crt"),
		"--requestheader-allowed-names=front-proxy-client",
		"--requestheader-username-headers=X-Remote-User",
		"--requestheader-group-headers=X-Remote-Group",
		"--requestheader-extra-headers-prefix=X-Remote-Extra-",
		"--proxy-client-cert-file=" + filepath.Join(pki, "front-proxy-client.crt"),
		"--proxy-client-key-file=" + filepath.Join(pki, "front-proxy-client.key"),
	}, c.featureGates()...)
}

func (c *Cluster) featureGates() []string {
	var args []string
	for _, gate := range c.config.FeatureGates {
		args = append(args, "--feature-gates="+gate+"=true")
	}
	return args
}

func (c *Cluster) controllerManagerArgs() []string {
	kubeconfig := c.path("controller-manager.kubeconfig")
	return append([]string{
		"--kubeconfig=" + kubeconfig,
		"--authentication-kubeconfig=" + kubeconfig,
		"--authorization-kubeconfig=" + kubeconfig,
		"--bind-address=127.0.0.1",
		fmt.Sprintf("--secure-port=%d", c.ports.controllerManager),
		"--leader-elect=false",
		"--service-account-private-key-file=" + filepath.Join(c.PKI(), "sa.key"),
		"--root-ca-file=" + filepath.Join(c.PKI(), "ca.crt"),
		"--use-service-account-credentials=true",
		"--horizontal-pod-autoscaler-sync-period=" + c.config.HPASyncPeriod.String(),
		// EndpointSlices cannot hold the pods' loopback addresses; without their controllers the log is readable.
		"--controllers=*,-endpoints-controller,-endpointslice-controller,-endpointslice-mirroring-controller",
	}, c.featureGates()...)
}

func (c *Cluster) schedulerArgs() []string {
	kubeconfig := c.path("scheduler.kubeconfig")
	return []string{
		"--kubeconfig=" + kubeconfig,
		"--authentication-kubeconfig=" + kubeconfig,
		"--authorization-kubeconfig=" + kubeconfig,
		"--bind-address=127.0.0.1",
		fmt.Sprintf("--secure-port=%d", c.ports.scheduler),
		"--leader-elect=false",
	}
}

func (c *Cluster) kwokArgs() []string {
	args := []string{
		"--kubeconfig=" + c.Kubeconfig(),
		"--manage-all-nodes=true",
		"--cidr=" + c.pods.CIDR,
		"--node-ip=127.0.0.1",
		"--node-lease-duration-seconds=40",
		fmt.Sprintf("--server-address=127.0.0.1:%d", c.ports.kwok),
		"--config=" + c.path("pod-start.yaml"),
	}
	for _, stage := range c.config.Stages {
		args = append(args, "--config="+stage)
	}
	return args
}
