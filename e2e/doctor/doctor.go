// Package doctor walks a running chain, from the pods of a workload over collector, store and KEDA to its HPA, and names the hop
// at which it breaks. It only reads.
package doctor

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
)

// Config says what is examined, and how it is reached.
type Config struct {
	// REST is the cluster.
	REST *rest.Config
	// Namespace holds the ScaledObjects; empty means all namespaces.
	Namespace string
	// ScaledObject is one of them; empty means all.
	ScaledObject string
	// Collector is a label selector of the collector's pods; empty means that they are looked for by their images.
	Collector string
	// Credentials sign what KEDA would sign, and everything when Region is set.
	Credentials aws.CredentialsProvider
	// Region is signed for; empty means the trigger's own.
	Region string
	// HTTP reaches servers that are not Services of the cluster. Nil means a client that follows no redirect.
	HTTP *http.Client
	// Now is the clock; nil means the system's.
	Now func() time.Time
}

// State says how a hop is.
type State string

// The states of a hop.
const (
	OK      State = "ok"
	Broken  State = "broken"
	Unknown State = "unknown"
)

// The names of the hops, in the order in which a change passes them. Cluster and KEDA's API stand before all others.
const (
	HopCluster      = "cluster"
	HopKEDA         = "keda-api"
	HopPods         = "pods"
	HopCollector    = "collector"
	HopServer       = "server"
	HopSamples      = "samples"
	HopResult       = "result"
	HopScaledObject = "scaledobject"
	HopMetric       = "metric"
	HopHPA          = "hpa"
	HopReplicas     = "replicas"
	HopEvents       = "events"
)

// Hop is one hop of a chain.
type Hop struct {
	// Name is one of the constants.
	Name string `json:"name"`
	// State says how it is, and Evidence what shows that.
	State    State  `json:"state"`
	Evidence string `json:"evidence"`
	// Do says what to do about a broken hop.
	Do string `json:"do,omitempty"`
}

// Chain is what was found of one ScaledObject.
type Chain struct {
	// Namespace and Name are the ScaledObject's; both are empty when the cluster broke before any was found.
	Namespace string `json:"namespace"`
	Name      string `json:"name"`
	// Hops are in the order of the constants.
	Hops []Hop `json:"hops"`
	// Verdict is the first broken hop, nil when there is none.
	Verdict *Hop `json:"verdict"`
}

// Report is what was found in a cluster.
type Report struct {
	Chains []Chain `json:"chains"`
}

// Broken reports whether a chain is.
func (r Report) Broken() bool {
	for _, c := range r.Chains {
		if c.Verdict != nil {
			return true
		}
	}
	return false
}

// examiner has the clients.
type examiner struct {
	Config
	core    kubernetes.Interface
	dynamic dynamic.Interface
}

// Examine walks the chains of the ScaledObjects that the configuration names. What is broken or unreachable is part of the
// report; an error means that nothing could be examined.
func Examine(ctx context.Context, c Config) (Report, error) {
	if c.HTTP == nil {
		c.HTTP = &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	e := &examiner{Config: c}
	var err error
	if e.core, err = kubernetes.NewForConfig(c.REST); err != nil {
		return Report{}, fmt.Errorf("make a client of the cluster: %w", err)
	}
	if e.dynamic, err = dynamic.NewForConfig(c.REST); err != nil {
		return Report{}, fmt.Errorf("make a client of the cluster: %w", err)
	}
	cluster := e.cluster()
	if cluster.State == Broken {
		return Report{Chains: []Chain{newChain("", "", []Hop{cluster})}}, nil
	}
	common := []Hop{cluster, e.kedaAPI(ctx)}
	objects, err := e.scaledObjects(ctx)
	if err != nil {
		if common[1].State == Broken { // KEDA is not there at all
			return Report{Chains: []Chain{newChain(c.Namespace, c.ScaledObject, common)}}, nil
		}
		return Report{}, err
	}
	var r Report
	for _, o := range objects {
		hops := append(append([]Hop(nil), common...), e.walk(ctx, &o)...)
		r.Chains = append(r.Chains, newChain(o.GetNamespace(), o.GetName(), hops))
	}
	return r, ctx.Err()
}

func newChain(namespace, name string, hops []Hop) Chain {
	c := Chain{Namespace: namespace, Name: name, Hops: hops}
	for i := range hops {
		if hops[i].State == Broken {
			c.Verdict = &hops[i]
			break
		}
	}
	return c
}

// walk examines the hops of one ScaledObject.
func (e *examiner) walk(ctx context.Context, o *unstructured.Unstructured) []Hop {
	s := newSubject(o)
	e.target(ctx, s)
	hops := []Hop{s.pods(), e.collector(ctx)}
	hops = append(hops, e.store(ctx, s)...)
	return append(hops, s.conditions(), e.metric(ctx, s), e.hpa(ctx, s), e.replicas(s), e.events(ctx, s))
}

func ok(name, format string, args ...any) Hop {
	return Hop{Name: name, State: OK, Evidence: fmt.Sprintf(format, args...)}
}

func unknown(name, format string, args ...any) Hop {
	return Hop{Name: name, State: Unknown, Evidence: fmt.Sprintf(format, args...)}
}

func broken(name, do, format string, args ...any) Hop {
	return Hop{Name: name, State: Broken, Evidence: fmt.Sprintf(format, args...), Do: do}
}
