package trial

import (
	"context"
	"fmt"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"

	"github.com/ampersand-amp/ampersand/e2e/lab"
	"github.com/ampersand-amp/ampersand/e2e/lab/component"
	"github.com/ampersand-amp/ampersand/e2e/timeline"
)

// Link is a link of the chain at which a change stops.
type Link string

const (
	// LinkNone says that the change passes every link.
	LinkNone Link = "none"
	// LinkLoad says that the load is not answered.
	LinkLoad Link = "load"
	// LinkIngest says that the workload's counter does not reach the store (scrape, export, remote write).
	LinkIngest Link = "ingest"
	// LinkScaler says that KEDA does not ask AMP at all.
	LinkScaler Link = "scaler"
	// LinkQuery says that AMP refuses KEDA's query.
	LinkQuery Link = "query"
	// LinkResult says that AMP answers, but not with the one number that KEDA accepts.
	LinkResult Link = "result"
	// LinkTarget says that the number arrives and does not ask for more replicas.
	LinkTarget Link = "target"
)

// Diagnosis says where the chain stops and why.
type Diagnosis struct {
	Link Link
	Why  string
}

// Diagnose follows the load from link to link while it is offered, and returns the first at which it stops.
func (t *Trial) Diagnose(ctx context.Context) (Diagnosis, error) {
	if answered, seen := t.recorder.Latest(timeline.HopAnswered); !seen || answered.Value == 0 {
		return Diagnosis{LinkLoad, "no request is answered"}, nil
	}
	counter := fmt.Sprintf(`sum(rate(ho11y_total{k8s_namespace=%q,k8s_pod=~"%s-.*"}[%s]))`,
		t.config.Namespace, t.config.Target, promDuration(t.config.Periods.RateWindow))
	if _, found, err := t.store.Value(ctx, counter); err != nil {
		return Diagnosis{}, err
	} else if !found {
		return Diagnosis{LinkIngest, "the store has no rate of the workload's counter"}, nil
	}
	if !t.config.Lab.AMP.Inspectable() {
		return t.diagnoseByKEDA(ctx)
	}
	asked, refused, err := t.kedaQueries(ctx)
	switch {
	case err != nil:
		return Diagnosis{}, err
	case !asked:
		return Diagnosis{LinkScaler, "AMP has received no query of this ScaledObject from KEDA"}, nil
	case refused != "":
		return Diagnosis{LinkQuery, refused}, nil
	}
	if result, err := t.diagnoseResult(ctx); err != nil || result.Link != LinkNone {
		return result, err
	}
	return t.diagnoseTarget(ctx)
}

// diagnoseByKEDA goes on where AMP does not show what it was asked: AWS's. What the query yields is asked for first, as KEDA's
// failures would hide it.
func (t *Trial) diagnoseByKEDA(ctx context.Context) (Diagnosis, error) {
	if result, err := t.diagnoseResult(ctx); err != nil || result.Link != LinkNone {
		return result, err
	}
	_, served, err := t.config.Lab.KEDA.Served(ctx, t.config.Namespace, lab.ScaledObjectName)
	if err != nil {
		return Diagnosis{}, err
	}
	if !served {
		status, message, err := t.ScaledObjectCondition(ctx, "Ready")
		if err != nil {
			return Diagnosis{}, err
		}
		return Diagnosis{LinkQuery, fmt.Sprintf("KEDA has served no value; the ScaledObject says Ready=%s: %s", status, message)}, nil
	}
	return t.diagnoseTarget(ctx)
}

// diagnoseResult looks at what AMP answers to the scaler's query.
func (t *Trial) diagnoseResult(ctx context.Context) (Diagnosis, error) {
	n, err := t.store.Series(ctx, t.config.Scaling.Query)
	switch {
	case err != nil:
		return Diagnosis{}, err
	case n == 0:
		return Diagnosis{LinkResult, "the query yields no series"}, nil
	case n > 1:
		return Diagnosis{LinkResult, fmt.Sprintf("the query yields %d series, and KEDA accepts one", n)}, nil
	}
	return Diagnosis{LinkNone, ""}, nil
}

// diagnoseTarget looks at what the HPA makes of the number.
func (t *Trial) diagnoseTarget(ctx context.Context) (Diagnosis, error) {
	hpa, err := t.HPA(ctx)
	if err != nil {
		return Diagnosis{}, fmt.Errorf("look at the HPA: %w", err)
	}
	if hpa.Status.DesiredReplicas <= 1 {
		seen, _ := t.recorder.Latest(timeline.HopHPA)
		return Diagnosis{LinkTarget, fmt.Sprintf("the HPA saw %.1f against a target of %s per replica", seen.Value, t.config.Scaling.Threshold)}, nil
	}
	return Diagnosis{LinkNone, fmt.Sprintf("the HPA desires %d replicas", hpa.Status.DesiredReplicas)}, nil
}

// kedaQueries looks into the emulator's last requests for this ScaledObject's query from anybody but ourselves, and
// returns how the newest was refused, if it was.
func (t *Trial) kedaQueries(ctx context.Context) (asked bool, refused string, err error) {
	requests, err := t.Asked(ctx)
	if err != nil || len(requests) == 0 {
		return false, "", err
	}
	if newest := requests[0]; !newest.Accepted() {
		return true, fmt.Sprintf("AMP answers %d: %s", newest.Status, newest.Reason), nil
	}
	return true, "", nil
}

// Asked returns those of the emulator's last requests that ask for this ScaledObject's query, the newest first, without our own.
func (t *Trial) Asked(ctx context.Context) ([]component.Request, error) {
	requests, err := t.config.Lab.AMP.Requests(ctx)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(requests, func(r component.Request) bool {
		return r.Query != t.config.Scaling.Query || strings.HasPrefix(r.UserAgent, userAgent)
	}), nil
}

// ScaledObjectCondition returns status and message of one of KEDA's conditions.
func (t *Trial) ScaledObjectCondition(ctx context.Context, kind string) (status, message string, err error) {
	client, err := dynamic.NewForConfig(t.config.Lab.REST)
	if err != nil {
		return "", "", fmt.Errorf("make a client: %w", err)
	}
	object, err := client.Resource(scaledObjects()).Namespace(t.config.Namespace).Get(ctx, lab.ScaledObjectName, metav1.GetOptions{})
	if err != nil {
		return "", "", fmt.Errorf("look at the ScaledObject: %w", err)
	}
	conditions, _, err := unstructured.NestedSlice(object.Object, "status", "conditions")
	if err != nil {
		return "", "", fmt.Errorf("read the ScaledObject's conditions: %w", err)
	}
	for _, element := range conditions {
		condition, _ := element.(map[string]any)
		if condition["type"] == kind {
			return fmt.Sprint(condition["status"]), fmt.Sprint(condition["message"]), nil
		}
	}
	return "", "", fmt.Errorf("the ScaledObject has no condition %s", kind)
}

// scaledObjects is KEDA's resource.
func scaledObjects() schema.GroupVersionResource {
	return schema.GroupVersionResource{Group: "keda.sh", Version: "v1alpha1", Resource: "scaledobjects"}
}
