package kwok

import (
	"context"
	"fmt"
	"path/filepath"

	authenticationv1 "k8s.io/api/authentication/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/tools/clientcmd/api"
)

// writeKubeconfig writes a kubeconfig for one user of the cluster.
func writeKubeconfig(path, server, caFile string, user api.AuthInfo) error {
	config := api.NewConfig()
	config.Clusters["ampersand"] = &api.Cluster{Server: server, CertificateAuthority: caFile}
	config.AuthInfos["user"] = &user
	config.Contexts["ampersand"] = &api.Context{Cluster: "ampersand", AuthInfo: "user"}
	config.CurrentContext = "ampersand"
	if err := clientcmd.WriteToFile(*config, path); err != nil {
		return fmt.Errorf("write kubeconfig %s: %w", path, err)
	}
	return nil
}

// certificateUser is a user that identifies itself with PKI/base.crt.
func certificateUser(pki, base string) api.AuthInfo {
	return api.AuthInfo{
		ClientCertificate: filepath.Join(pki, base+".crt"),
		ClientKey:         filepath.Join(pki, base+".key"),
	}
}

// tokenSeconds is how long a service account's token lasts: longer than any run, because nothing renews it in a file.
const tokenSeconds int64 = 24 * 60 * 60

// TokenKubeconfig writes a kubeconfig for a service account, with a token that the API server issues: what a pod of
// that account would find mounted.
func (c *Cluster) TokenKubeconfig(ctx context.Context, path, namespace, serviceAccount string) error {
	client, err := kubernetes.NewForConfig(c.rest)
	if err != nil {
		return fmt.Errorf("make a client: %w", err)
	}
	seconds := tokenSeconds
	request := &authenticationv1.TokenRequest{Spec: authenticationv1.TokenRequestSpec{ExpirationSeconds: &seconds}}
	token, err := client.CoreV1().ServiceAccounts(namespace).CreateToken(ctx, serviceAccount, request, metav1.CreateOptions{})
	if err != nil {
		return fmt.Errorf("request a token for service account %s/%s: %w", namespace, serviceAccount, err)
	}
	return writeKubeconfig(path, c.Server(), filepath.Join(c.PKI(), "ca.crt"), api.AuthInfo{Token: token.Status.Token})
}
