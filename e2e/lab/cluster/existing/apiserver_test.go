package existing_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/tools/clientcmd/api"
)

// apiServer answers for a cluster as far as it is looked at and swept: objects by their paths.
type apiServer struct {
	*httptest.Server
	mu      sync.Mutex
	objects map[string]map[string]any
	deleted []string
	// finalizers holds how often an object that was deleted is still seen.
	finalizers map[string]int
}

// The paths of what Look and Sweep ask for.
const (
	namespaces  = "/api/v1/namespaces"
	deployments = "/apis/apps/v1/deployments"
	webhooks    = "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations"
	definitions = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
)

func newAPIServer(t *testing.T) *apiServer {
	t.Helper()
	s := &apiServer{finalizers: map[string]int{}, objects: map[string]map[string]any{
		"/version":                          {"gitVersion": "v1.36.3"},
		"/.well-known/openid-configuration": {"issuer": "https://oidc.eks.us-east-1.amazonaws.com/id/EXAMPLE"},
	}}
	s.add("/api/v1/nodes/one", nil)
	s.Server = httptest.NewServer(s)
	t.Cleanup(s.Close)
	return s
}

// add puts an object with labels at a path.
func (s *apiServer) add(path string, labels map[string]string) {
	name := path[strings.LastIndex(path, "/")+1:]
	metadata := map[string]any{"name": name, "uid": "uid-of-" + name}
	// A list over all namespaces finds /apis/G/V/namespaces/NS/RESOURCE/NAME too.
	if _, in, found := strings.Cut(path, "/namespaces/"); found && strings.Count(in, "/") == 2 {
		metadata["namespace"], _, _ = strings.Cut(in, "/")
	}
	if labels != nil {
		metadata["labels"] = labels
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.objects[path] = map[string]any{"apiVersion": version(path), "kind": kind(path), "metadata": metadata}
}

// version is the API version of a path: /api/v1/... or /apis/GROUP/VERSION/...
func version(path string) string {
	parts := strings.Split(path, "/")
	if parts[1] == "api" || len(parts) < 4 {
		return "v1"
	}
	return parts[2] + "/" + parts[3]
}

// kind is the kind of a path, as far as a typed client asks for it.
func kind(path string) string {
	kinds := map[string]string{
		"nodes": "Node", "namespaces": "Namespace", "deployments": "Deployment", "mutatingwebhookconfigurations": "MutatingWebhookConfiguration",
	}
	for _, resource := range []string{filepath.Base(path), filepath.Base(filepath.Dir(path))} {
		if k := kinds[resource]; k != "" {
			return k
		}
	}
	return "Thing"
}

// ServeHTTP implements http.Handler.
func (s *apiServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	object, found := s.objects[r.URL.Path]
	switch {
	case found && r.Method == http.MethodDelete:
		var options struct {
			Preconditions struct{ UID string }
		}
		_ = json.NewDecoder(r.Body).Decode(&options)
		if options.Preconditions.UID != object["metadata"].(map[string]any)["uid"] {
			status(w, http.StatusConflict, "Conflict")
			return
		}
		s.deleted = append(s.deleted, r.URL.Path)
		if s.finalizers[r.URL.Path] == 0 {
			delete(s.objects, r.URL.Path)
		}
		_ = json.NewEncoder(w).Encode(object)
	case found:
		_ = json.NewEncoder(w).Encode(object)
		if left, waits := s.finalizers[r.URL.Path]; waits && slices.Contains(s.deleted, r.URL.Path) {
			if s.finalizers[r.URL.Path] = left - 1; left <= 1 {
				delete(s.objects, r.URL.Path)
			}
		}
	case r.Method == http.MethodGet && s.isCollection(r.URL.Path):
		_ = json.NewEncoder(w).Encode(map[string]any{"apiVersion": version(r.URL.Path), "kind": kind(r.URL.Path) + "List", "metadata": map[string]any{}, "items": s.list(r)})
	default:
		status(w, http.StatusNotFound, "NotFound")
	}
}

func status(w http.ResponseWriter, code int, reason string) {
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(map[string]any{"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": reason, "code": code})
}

// isCollection tells whether a path is that of a list: of all resources that are swept there is one, be it empty.
func (s *apiServer) isCollection(path string) bool {
	last := path[strings.LastIndex(path, "/")+1:]
	return strings.HasSuffix(last, "s") && !strings.Contains(strings.TrimPrefix(path, "/api/v1/namespaces"), "/keda") && !strings.Contains(last, ".") &&
		!strings.HasPrefix(path, namespaces+"/")
}

func (s *apiServer) list(r *http.Request) []map[string]any {
	items := []map[string]any{}
	slash := strings.LastIndex(r.URL.Path, "/")
	base, resource := r.URL.Path[:slash], r.URL.Path[slash+1:]
	key, value, exact := strings.Cut(r.URL.Query().Get("labelSelector"), "=")
	name := strings.TrimPrefix(r.URL.Query().Get("fieldSelector"), "metadata.name=")
	for path, object := range s.objects {
		metadata, _ := object["metadata"].(map[string]any)
		labels, _ := metadata["labels"].(map[string]string)
		dir, last := filepath.Split(path)
		if !strings.HasPrefix(path, base+"/") || filepath.Base(dir) != resource || name != "" && last != name {
			continue
		}
		if got, has := labels[key]; key == "" || has && (!exact || got == value) {
			items = append(items, object)
		}
	}
	slices.SortFunc(items, func(a, b map[string]any) int {
		return strings.Compare(a["metadata"].(map[string]any)["name"].(string), b["metadata"].(map[string]any)["name"].(string))
	})
	return items
}

// kubeconfig is a person's, with two contexts, the second of which is current.
func (s *apiServer) kubeconfig(t *testing.T) {
	t.Helper()
	config := api.NewConfig()
	config.Clusters["c"] = &api.Cluster{Server: s.URL}
	config.Clusters["elsewhere"] = &api.Cluster{Server: "http://127.0.0.1:1"}
	config.AuthInfos["person"] = &api.AuthInfo{Token: "secret"}
	config.Contexts["mine"] = &api.Context{Cluster: "c", AuthInfo: "person"}
	config.Contexts["other"] = &api.Context{Cluster: "elsewhere", AuthInfo: "person"}
	config.CurrentContext = "other"
	path := filepath.Join(t.TempDir(), "config")
	require.NoError(t, clientcmd.WriteToFile(*config, path))
	t.Setenv("KUBECONFIG", path)
}
