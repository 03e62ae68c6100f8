package doctor_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"k8s.io/client-go/rest"
)

// object is a Kubernetes object, or a list, as JSON.
type object = map[string]any

// cluster is an API server that only reads: objects, logs and answers by path. The real clients talk to it.
type cluster struct {
	t *testing.T

	mu      sync.Mutex
	objects map[string]any    // by path; an int is a status
	queries map[string]string // results by query, [] for what is not there
	refuse  func(r *http.Request) (int, string)
	methods map[string]bool
	forward string          // address of what a forwarded port leads to
	asked   []*http.Request // of the trigger's server
}

const (
	queryPath = "/api/v1/namespaces/keda/services/http:keda-sigv4:80/proxy/workspaces/ws-1/api/v1/query"
	query     = `sum(rate(x_total{namespace="shop"}[1m]))`
	metrics   = "/apis/external.metrics.k8s.io/v1beta1/namespaces/shop/s0-prometheus"
	apiPath   = "/apis/apiregistration.k8s.io/v1/apiservices/v1beta1.external.metrics.k8s.io"
	soPath    = "/apis/keda.sh/v1alpha1/namespaces/shop/scaledobjects"
	workload  = "/apis/apps/v1/namespaces/shop/deployments/web"
	hpaPath   = "/apis/autoscaling/v2/namespaces/shop/horizontalpodautoscalers/keda-hpa-web"
	podsPath  = "/api/v1/namespaces/shop/pods"
	allPods   = "/api/v1/pods"
	logPath   = "/api/v1/namespaces/ho11y/pods/adot-1/log"
)

func list(kind string, items ...object) object {
	if items == nil {
		items = []object{}
	}
	return object{"kind": kind + "List", "apiVersion": "v1", "metadata": object{}, "items": items}
}

func conditions(pairs ...string) []object {
	var all []object
	for i := 0; i < len(pairs); i += 2 {
		all = append(all, object{"type": pairs[i], "status": pairs[i+1], "reason": "Because", "message": "of " + pairs[i]})
	}
	return all
}

func pod(namespace, name, image, ready string) object {
	return object{
		"kind": "Pod", "apiVersion": "v1", "metadata": object{"name": name, "namespace": namespace, "labels": object{"app": "web"}},
		"spec":   object{"containers": []object{{"name": "main", "image": image}}},
		"status": object{"phase": "Running", "podIP": "10.0.0.1", "conditions": conditions("Ready", ready)},
	}
}

func scaledObject(address string, states ...string) object {
	return object{
		"apiVersion": "keda.sh/v1alpha1", "kind": "ScaledObject", "metadata": object{"name": "web", "namespace": "shop"},
		"spec": object{
			"scaleTargetRef": object{"name": "web"},
			"triggers":       []object{{"type": "prometheus", "metadata": object{"serverAddress": address, "threshold": "10", "query": query}}},
		},
		"status": object{
			"conditions": conditions(states...), "hpaName": "keda-hpa-web", "externalMetricNames": []string{"s0-prometheus"},
			"health": object{"s0-prometheus": object{"status": "Failing", "numberOfFailures": 4}},
		},
	}
}

func hpa(active string, desired int, limited string) object {
	return object{
		"kind": "HorizontalPodAutoscaler", "apiVersion": "autoscaling/v2", "metadata": object{"name": "keda-hpa-web", "namespace": "shop"},
		"spec": object{"maxReplicas": 3, "scaleTargetRef": object{"kind": "Deployment", "name": "web"}},
		"status": object{
			"desiredReplicas": desired, "conditions": conditions("AbleToScale", "True", "ScalingActive", active, "ScalingLimited", limited),
			"currentMetrics": []object{{"type": "External", "external": object{"metric": object{"name": "s0-prometheus"}, "current": object{"averageValue": "9500m"}}}},
		},
	}
}

// healthy is a cluster in which every hop is well.
func healthy(t *testing.T) *cluster {
	t.Helper()
	c := &cluster{t: t, methods: map[string]bool{}, queries: map[string]string{
		query:                              `[{"metric":{},"value":[1,"19"]}]`,
		`count(x_total{namespace="shop"})`: `[{"metric":{},"value":[1,"2"]}]`,
	}}
	web := pod("shop", "web-1", "shop/web:1", "True")
	c.objects = map[string]any{
		"/version": object{"gitVersion": "v1.36.3"},
		apiPath: object{
			"apiVersion": "apiregistration.k8s.io/v1", "kind": "APIService", "metadata": object{"name": "v1beta1.external.metrics.k8s.io"},
			"spec":   object{"service": object{"namespace": "keda", "name": "keda-operator-metrics-apiserver"}},
			"status": object{"conditions": conditions("Available", "True")},
		},
		soPath + "/web": scaledObject("http://keda-sigv4.keda.svc.cluster.local/workspaces/ws-1", "Ready", "True", "Active", "True", "Fallback", "False"),
		workload: object{
			"apiVersion": "apps/v1", "kind": "Deployment", "metadata": object{"name": "web", "namespace": "shop"},
			"spec": object{"replicas": 2, "selector": object{"matchLabels": object{"app": "web"}}},
		},
		podsPath:                           list("Pod", web, pod("shop", "web-2", "shop/web:1", "True")),
		allPods:                            list("Pod", web, pod("ho11y", "adot-1", "ampersand/collector:dev", "True")),
		logPath:                            "info everything is ready\n",
		"/api/v1/namespaces/shop/services": list("Service"),
		"/api/v1/namespaces/shop/events":   list("Event"),
		hpaPath:                            hpa("True", 2, "False"),
		metrics:                            object{"kind": "ExternalMetricValueList", "items": []object{{"metricName": "s0-prometheus", "value": "19"}}},
	}
	c.objects[soPath] = list("ScaledObject", c.objects[soPath+"/web"].(object))
	return c
}

// set replaces a ScaledObject.
func (c *cluster) setScaledObject(o object) {
	c.objects[soPath+"/web"], c.objects[soPath] = o, list("ScaledObject", o)
}

// start serves the cluster.
func (c *cluster) start() *rest.Config {
	server := httptest.NewServer(c)
	c.t.Cleanup(server.Close)
	return &rest.Config{Host: server.URL, Timeout: 10 * time.Second}
}

func (c *cluster) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if strings.HasSuffix(r.URL.Path, "/portforward") {
		forwarding(w, r, c.forward)
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.methods[r.Method] = true
	if strings.HasSuffix(r.URL.Path, "/api/v1/query") {
		c.answer(w, r)
		return
	}
	switch o := c.objects[r.URL.Path].(type) {
	case nil:
		c.status(w, http.StatusNotFound)
	case int:
		c.status(w, o)
	case string:
		_, _ = w.Write([]byte(o))
	default:
		if r.URL.Path == metrics && r.FormValue("labelSelector") != "scaledobject.keda.sh/name=web" {
			c.status(w, http.StatusBadRequest)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(o)
	}
}

// status answers as the API server does.
func (c *cluster) status(w http.ResponseWriter, code int) {
	reason := map[int]string{http.StatusNotFound: "NotFound", http.StatusForbidden: "Forbidden", http.StatusInternalServerError: "InternalError"}[code]
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(object{"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": code, "reason": reason, "message": "it is " + reason})
}

// answer is the trigger's server.
func (c *cluster) answer(w http.ResponseWriter, r *http.Request) {
	c.asked = append(c.asked, r)
	if c.refuse != nil {
		if status, body := c.refuse(r); status != 0 {
			w.WriteHeader(status)
			_, _ = w.Write([]byte(body))
			return
		}
	}
	q := r.FormValue("query")
	result, found := c.queries[q]
	if strings.HasPrefix(q, "up{") {
		if result, found = c.queries["up"]; !found {
			result, found = `[{"metric":{"instance":"10.0.0.1:80"},"value":[1,"1"]}]`, true
		}
	}
	if !found {
		result = "[]"
	}
	_, _ = w.Write([]byte(`{"status":"success","data":{"resultType":"vector","result":` + result + `}}`))
}
