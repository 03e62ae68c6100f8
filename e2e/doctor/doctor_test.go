package doctor_test

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/stretchr/testify/require"

	"github.com/ampersand-amp/ampersand/e2e/doctor"
)

func examine(t *testing.T, c *cluster, change ...func(*doctor.Config)) doctor.Report {
	t.Helper()
	config := doctor.Config{
		REST: c.start(), Namespace: "shop", Now: time.Now,
		Credentials: credentials.NewStaticCredentialsProvider("AKIAIOSFODNN7EXAMPLE", "secret", ""),
	}
	for _, f := range change {
		f(&config)
	}
	r, err := doctor.Examine(t.Context(), config)
	require.NoError(t, err)
	require.Len(t, r.Chains, 1)
	return r
}

func hop(t *testing.T, r doctor.Report, name string) doctor.Hop {
	t.Helper()
	for _, h := range r.Chains[0].Hops {
		if h.Name == name {
			return h
		}
	}
	t.Fatalf("there is no hop %s in %+v", name, r.Chains[0].Hops)
	return doctor.Hop{}
}

func TestHealthy(t *testing.T) {
	c := healthy(t)
	r := examine(t, c)
	require.False(t, r.Broken())
	for _, name := range []string{
		doctor.HopCluster, doctor.HopKEDA, doctor.HopPods, doctor.HopCollector, doctor.HopServer, doctor.HopSamples, doctor.HopResult,
		doctor.HopScaledObject, doctor.HopMetric, doctor.HopHPA, doctor.HopReplicas, doctor.HopEvents,
	} {
		require.Equal(t, doctor.OK, hop(t, r, name).State, "%+v", hop(t, r, name))
	}
	require.Equal(t, map[string]bool{http.MethodGet: true}, c.methods, "it only reads")
	require.Equal(t, queryPath, c.asked[0].URL.Path)
	require.Empty(t, c.asked[0].Header.Get("Authorization"), "the proxy signs")

	var out bytes.Buffer
	require.NoError(t, r.Print(&out, false))
	require.Contains(t, out.String(), "ScaledObject shop/web\n  ok      cluster      Kubernetes v1.36.3 answers\n")
	require.Contains(t, out.String(), "verdict: no hop is broken\n")
}

// TestBroken breaks one hop after the other; the hops behind it break too where they would.
func TestBroken(t *testing.T) {
	const address = "http://keda-sigv4.keda.svc.cluster.local/workspaces/ws-1"
	refuse := func(status int, body string) func(*cluster) {
		return func(c *cluster) {
			c.refuse = func(*http.Request) (int, string) { return status, body }
			c.objects[metrics] = http.StatusInternalServerError
			c.setScaledObject(scaledObject(address, "Ready", "False", "Fallback", "True"))
		}
	}
	results := func(result string) func(*cluster) {
		return func(c *cluster) { c.queries[query] = result }
	}
	for _, c := range []struct {
		name, hop, evidence string
		spoil               func(*cluster)
		change              func(*doctor.Config)
	}{
		{name: "no api server", hop: doctor.HopCluster, evidence: "does not answer", spoil: func(c *cluster) { c.objects["/version"] = 500 }},
		{name: "no keda", hop: doctor.HopKEDA, evidence: "no APIService", spoil: func(c *cluster) { delete(c.objects, apiPath); delete(c.objects, soPath) }},
		{name: "keda not available", hop: doctor.HopKEDA, evidence: "not available: Because: of Available", spoil: func(c *cluster) {
			c.objects[apiPath].(object)["status"] = object{"conditions": conditions("Available", "False")}
		}},
		{name: "no workload", hop: doctor.HopPods, evidence: "no Deployment web", spoil: func(c *cluster) { delete(c.objects, workload) }},
		{name: "no pod ready", hop: doctor.HopPods, evidence: "none of 1 pods of Deployment web is ready; web-1 is not ready: Because: of Ready", spoil: func(c *cluster) {
			c.objects[podsPath] = list("Pod", pod("shop", "web-1", "x", "False"))
		}},
		{name: "collector not ready", hop: doctor.HopCollector, evidence: "ho11y/adot-1 is not ready", spoil: func(c *cluster) {
			c.objects[allPods] = list("Pod", pod("ho11y", "adot-1", "otel/opentelemetry-collector-contrib:1", "False"))
		}},
		{name: "no collector of that label", hop: doctor.HopCollector, evidence: "no pod matches app=adot", spoil: func(c *cluster) { c.objects[allPods] = list("Pod") }, change: func(c *doctor.Config) { c.Collector = "app=adot" }},
		{name: "write refused", hop: doctor.HopCollector, evidence: "remote write returned HTTP status 403 Forbidden", spoil: func(c *cluster) {
			c.objects[logPath] = "info ok\nerror internal/retry.go Exporting failed. Dropping data. {\"error\": \"Permanent error: remote write returned HTTP status 403 Forbidden; err = Missing Authentication Token\"}\n"
		}},
		{name: "query refused", hop: doctor.HopServer, evidence: "answers 403 (through the API server's proxy): {\"message\":\"x\"}", spoil: refuse(403, `{"message":"x"}`)},
		{name: "no proxy pod", hop: doctor.HopServer, evidence: "no endpoints", spoil: refuse(503, `{"kind":"Status","message":"no endpoints available for service"}`)},
		{name: "no prometheus", hop: doctor.HopServer, evidence: "no result of a query", spoil: refuse(200, "<html>")},
		{name: "scrapes fail", hop: doctor.HopSamples, evidence: "10.0.0.1:80 is down", spoil: func(c *cluster) {
			c.queries["up"] = `[{"metric":{"instance":"10.0.0.1:80"},"value":[1,"0"]}]`
		}},
		{name: "nothing in the store", hop: doctor.HopSamples, evidence: `nothing in the store matches x_total{namespace="shop"}; there is no up`, spoil: func(c *cluster) {
			c.queries = map[string]string{"up": "[]"}
		}},
		{name: "several elements", hop: doctor.HopResult, evidence: "2 elements, which differ in pod", spoil: results(`[{"metric":{"pod":"a"},"value":[1,"1"]},{"metric":{"pod":"b"},"value":[1,"1"]}]`)},
		{name: "empty result", hop: doctor.HopResult, evidence: "the result is empty, which KEDA takes for 0", spoil: results("[]")},
		{name: "not ready", hop: doctor.HopScaledObject, evidence: "Ready is False: Because: of Ready", spoil: func(c *cluster) { c.setScaledObject(scaledObject(address, "Ready", "False")) }},
		{name: "not looked at", hop: doctor.HopScaledObject, evidence: "KEDA has not looked at it", spoil: func(c *cluster) { c.setScaledObject(scaledObject(address)) }},
		{name: "paused", hop: doctor.HopScaledObject, evidence: "paused", spoil: func(c *cluster) { c.setScaledObject(scaledObject(address, "Ready", "True", "Paused", "True")) }},
		{name: "fallback", hop: doctor.HopScaledObject, evidence: "s0-prometheus is Failing after 4 failures", spoil: func(c *cluster) {
			c.setScaledObject(scaledObject(address, "Ready", "True", "Fallback", "True"))
		}},
		{name: "metric not served", hop: doctor.HopMetric, evidence: "KEDA does not serve s0-prometheus", spoil: func(c *cluster) { c.objects[metrics] = 500 }},
		{name: "no value", hop: doctor.HopMetric, evidence: "serves no value", spoil: func(c *cluster) { c.objects[metrics] = object{"items": []object{}} }},
		{name: "no hpa", hop: doctor.HopHPA, evidence: "no HPA keda-hpa-web", spoil: func(c *cluster) { delete(c.objects, hpaPath) }},
		{name: "hpa not active", hop: doctor.HopHPA, evidence: "ScalingActive is False: Because: of ScalingActive", spoil: func(c *cluster) { c.objects[hpaPath] = hpa("False", 2, "False") }},
		{name: "somebody else scales", hop: doctor.HopReplicas, evidence: "3 desired, 2 in the workload's spec", spoil: func(c *cluster) { c.objects[hpaPath] = hpa("True", 3, "False") }},
		{name: "pods do not start", hop: doctor.HopReplicas, evidence: "1 ready", spoil: func(c *cluster) {
			c.objects[podsPath] = list("Pod", pod("shop", "web-1", "x", "True"), pod("shop", "web-2", "x", "False"))
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			cl := healthy(t)
			c.spoil(cl)
			if c.change == nil {
				c.change = func(*doctor.Config) {}
			}
			r := examine(t, cl, c.change)
			require.True(t, r.Broken())
			v := r.Chains[0].Verdict
			require.Equal(t, c.hop, v.Name, "%+v", r.Chains[0].Hops)
			require.Contains(t, v.Evidence, c.evidence)
			require.NotEmpty(t, v.Do)
			var out bytes.Buffer
			require.NoError(t, r.Print(&out, true))
			require.Contains(t, out.String(), "verdict: the chain breaks at "+c.hop+": ")
		})
	}
}

// TestUnknown is about what cannot be seen: it breaks nothing.
func TestUnknown(t *testing.T) {
	for name, spoil := range map[string]func(*cluster){
		doctor.HopKEDA:      func(c *cluster) { c.objects[apiPath] = 403 },
		doctor.HopPods:      func(c *cluster) { c.objects[workload] = 403 },
		doctor.HopCollector: func(c *cluster) { c.objects[logPath] = 500 },
		doctor.HopMetric:    func(c *cluster) { c.objects[metrics] = 403 },
		doctor.HopHPA:       func(c *cluster) { c.objects[hpaPath] = 403 },
		doctor.HopEvents:    func(c *cluster) { c.objects["/api/v1/namespaces/shop/events"] = 403 },
		doctor.HopResult: func(c *cluster) { // scaled to 0, and so without samples
			c.objects[workload].(object)["spec"].(object)["replicas"] = 0
			c.objects[podsPath] = list("Pod")
			c.objects[hpaPath] = hpa("True", 0, "False")
			c.queries = nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			c := healthy(t)
			spoil(c)
			r := examine(t, c)
			require.False(t, r.Broken(), "%+v", r.Chains[0].Verdict)
			require.Equal(t, doctor.Unknown, hop(t, r, name).State)
		})
	}
}

func TestEvidence(t *testing.T) {
	c := healthy(t)
	c.objects[hpaPath] = hpa("True", 3, "True")
	c.objects[workload].(object)["spec"].(object)["replicas"] = 3
	c.objects[podsPath] = list("Pod", pod("shop", "a", "x", "True"), pod("shop", "b", "x", "True"), pod("shop", "c", "x", "True"))
	c.objects["/api/v1/namespaces/shop/services"] = list("Service", object{
		"metadata": object{"name": "web", "annotations": object{"prometheus.io/scrape": "true"}}, "spec": object{"selector": object{"app": "web"}},
	})
	now := time.Now()
	event := func(name string, age time.Duration) object {
		return object{
			"metadata": object{"name": name}, "type": "Warning", "reason": "FailedGetExternalMetric", "message": name,
			"involvedObject": object{"kind": "HorizontalPodAutoscaler", "name": "keda-hpa-web"}, "lastTimestamp": now.Add(-age).UTC().Format(time.RFC3339),
		}
	}
	c.objects["/api/v1/namespaces/shop/events"] = list("Event", event("recent", time.Minute), event("old", time.Hour))
	r := examine(t, c)
	require.Contains(t, hop(t, r, doctor.HopReplicas).Evidence, "at its maximum and would go further")
	require.Contains(t, hop(t, r, doctor.HopPods).Evidence, "3 are annotated")
	require.Contains(t, hop(t, r, doctor.HopEvents).Evidence, "recent")
	require.NotContains(t, hop(t, r, doctor.HopEvents).Evidence, "old")
	require.Contains(t, hop(t, r, doctor.HopHPA).Evidence, "s0-prometheus is 9500m per replica")
}

// TestSignsForAMP asks a server that KEDA reaches by itself.
func TestSignsForAMP(t *testing.T) {
	c := healthy(t)
	amp := httptest.NewServer(c)
	t.Cleanup(amp.Close)
	o := scaledObject(amp.URL+"/workspaces/ws-1", "Ready", "True")
	o["spec"].(object)["triggers"].([]object)[0]["metadata"].(object)["awsRegion"] = "eu-west-1"
	c.setScaledObject(o)
	c.refuse = func(r *http.Request) (int, string) {
		if r.Header.Get("Authorization") == "" {
			return 403, "unsigned"
		}
		return 0, ""
	}
	r := examine(t, c)
	require.Equal(t, doctor.OK, hop(t, r, doctor.HopServer).State, "%+v", hop(t, r, doctor.HopServer))
	require.Contains(t, c.asked[0].Header.Get("Authorization"), "/eu-west-1/aps/aws4_request")
}

func TestExamineErrors(t *testing.T) {
	for name, c := range map[string]struct {
		scaledObject, want string
		spoil              func(*cluster)
	}{
		"no such scaledobject": {"other", "find the ScaledObject other", func(*cluster) {}},
		"none":                 {"", "no ScaledObject in namespace shop", func(c *cluster) { c.objects[soPath] = list("ScaledObject") }},
		"elsewhere": {"", "no ScaledObject in namespace shop; there are some in bar, foo", func(c *cluster) {
			c.objects[soPath] = list("ScaledObject")
			c.objects["/apis/keda.sh/v1alpha1/scaledobjects"] = list("ScaledObject",
				object{"metadata": object{"namespace": "foo", "name": "a"}}, object{"metadata": object{"namespace": "bar", "name": "b"}},
				object{"metadata": object{"namespace": "foo", "name": "c"}})
		}},
		"forbidden": {"", "list the ScaledObjects", func(c *cluster) { c.objects[soPath] = 403 }},
	} {
		t.Run(name, func(t *testing.T) {
			cl := healthy(t)
			c.spoil(cl)
			_, err := doctor.Examine(t.Context(), doctor.Config{REST: cl.start(), Namespace: "shop", ScaledObject: c.scaledObject})
			require.ErrorContains(t, err, c.want)
		})
	}
}
