// Package trial plays a scenario on a lab: it deploys the recipe's application and a ScaledObject into a namespace of
// their own, offers the load, and records what every hop of the chain shows.
package trial

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/kubernetes"

	"github.com/ampersand-amp/ampersand/e2e/lab"
	"github.com/ampersand-amp/ampersand/e2e/lab/component"
	"github.com/ampersand-amp/ampersand/e2e/lab/manifest"
	"github.com/ampersand-amp/ampersand/e2e/load"
	"github.com/ampersand-amp/ampersand/e2e/scenario"
	"github.com/ampersand-amp/ampersand/e2e/timeline"
)

// workload is the Deployment that is scaled.
const workload = "downstream0"

// readyTimeout bounds the waits for the application and for the first metric of the HPA.
const readyTimeout = 2 * time.Minute

// Config says what to deploy.
type Config struct {
	Lab *lab.Lab
	// Namespace is made for the trial and removed with it.
	Namespace string
	// Scenario, Variant and Profile name the run in its report.
	Scenario, Variant, Profile string
	// Periods are the settings of the profile; Expect what the scenario wants.
	Periods scenario.Profile
	Expect  scenario.Expect
	// Scaling is the ScaledObject. Namespace, periods and behavior are filled in.
	Scaling lab.Scaling
	// Target is the workload that receives the load, downstream0 when empty.
	Target string
	// Stored is the query whose value in the store is recorded, Scaling.Query when empty.
	Stored string
	// Faults are what goes wrong while Tell plays.
	Faults []scenario.Fault
	// Description and Environment are for the report.
	Description string
	Environment timeline.Environment
}

// Trial is what was deployed.
type Trial struct {
	config   Config
	client   kubernetes.Interface
	applier  *manifest.Applier
	objects  []*unstructured.Unstructured
	made     bool // the namespace
	store    *Store
	load     *load.Remote
	offered  load.Stats // what was offered before the recording
	aim      *aim       // nil where a Service finds the pods
	recorder *timeline.Recorder
	counted  counted
	asked    asked
	run      timeline.Run

	faults sync.WaitGroup
	faulty chan error // why faults did not come or go as they should

	stop    context.CancelFunc
	watches sync.WaitGroup
}

// SumQuery is the recipe's query, mended: the rate over all pods of the scaled workload in one namespace.
func SumQuery(namespace string, window timeline.Duration) string {
	return fmt.Sprintf(`sum(rate(ho11y_total{k8s_namespace=%q,k8s_pod=~"%s-.*"}[%s]))`, namespace, workload, promDuration(window))
}

// UpSelector selects what the collector says of the scaled workload's pods at each scrape.
func (t *Trial) UpSelector() string {
	return fmt.Sprintf(`up{job="ho11y",k8s_namespace=%q,k8s_pod=~"%s-.*"}`, t.config.Namespace, workload)
}

// promDuration writes a duration as PromQL reads it.
func promDuration(d timeline.Duration) string { return fmt.Sprintf("%dms", d.D().Milliseconds()) }

// Deploy deploys the application and the Job that offers its load, waits until both are ready and adds the ScaledObject. After an
// error, Remove removes what is there.
func Deploy(ctx context.Context, config Config) (*Trial, error) {
	t := &Trial{config: config}
	if err := t.deploy(ctx); err != nil {
		return t, fmt.Errorf("deploy %s: %w", config.Namespace, err)
	}
	return t, nil
}

func (t *Trial) deploy(ctx context.Context) error {
	var err error
	if t.client, err = kubernetes.NewForConfig(t.config.Lab.REST); err != nil {
		return fmt.Errorf("make a client: %w", err)
	}
	if t.applier, err = manifest.NewApplier(t.config.Lab.REST); err != nil {
		return err
	}
	if err := t.openStore(ctx); err != nil {
		return err
	}
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: t.config.Namespace, Labels: t.config.Lab.Labels()}}
	if _, err := t.client.CoreV1().Namespaces().Create(ctx, namespace, metav1.CreateOptions{}); err != nil {
		return fmt.Errorf("create the namespace: %w", err)
	}
	t.made = true
	if err := t.deployApplication(ctx); err != nil {
		return err
	}
	if err := t.addScaledObject(ctx); err != nil {
		return err
	}
	if t.config.Target == "" {
		t.config.Target = workload
	}
	if t.config.Stored == "" {
		t.config.Stored = t.config.Scaling.Query
	}
	if t.config.Lab.LoadsPods() {
		return nil // the pods are followed while there is a recording
	}
	return t.load.SetTargets(ctx, []string{fmt.Sprintf("http://%s.%s.svc.cluster.local/", t.config.Target, t.config.Namespace)})
}

// openStore makes the client that reads the store. Where programs of the chain are to fail by who they are, it is somebody else.
func (t *Trial) openStore(ctx context.Context) error {
	amp := t.config.Lab.AMP
	keys := amp.Keys
	if len(t.config.Faults) > 0 && !t.config.Lab.Roles() {
		var err error
		if keys, err = amp.Observer(ctx); err != nil {
			return err
		}
	}
	var err error
	t.store, err = NewStore(amp, keys)
	return err
}

// deployApplication deploys the application and the Job that offers its load, and waits for both.
func (t *Trial) deployApplication(ctx context.Context) error {
	for _, render := range []func(context.Context, string) ([]*unstructured.Unstructured, error){t.config.Lab.App, t.config.Lab.Load} {
		objects, err := render(ctx, t.config.Namespace)
		if err != nil {
			return err
		}
		t.objects = append(t.objects, objects...)
	}
	if err := t.applier.Apply(ctx, t.objects); err != nil {
		return err
	}
	err := t.await(ctx, "the application", func(ctx context.Context) error {
		var errs []error
		for _, name := range []string{"frontend", workload, "downstream1"} {
			errs = append(errs, component.DeploymentReady(ctx, t.client, t.config.Namespace, name))
		}
		return errors.Join(errs...)
	})
	if err != nil {
		return err
	}
	t.load, err = t.awaitLoad(ctx)
	return err
}

func (t *Trial) addScaledObject(ctx context.Context) error {
	scaling := t.config.Scaling
	scaling.Namespace = t.config.Namespace
	if scaling.Manifest == nil { // a user's own has its own periods
		behavior, err := behaviorMap(t.config.Periods.Behavior)
		if err != nil {
			return err
		}
		scaling.PollingSeconds = int64(t.config.Periods.PollingInterval.Seconds())
		scaling.CooldownSeconds = int64(t.config.Periods.Cooldown.Seconds())
		scaling.Behavior = behavior
	}
	objects, err := t.config.Lab.ScaledObject(ctx, scaling)
	if err != nil {
		return err
	}
	t.objects = append(t.objects, objects...)
	return t.applier.Apply(ctx, objects)
}

// Namespace is where the trial lives.
func (t *Trial) Namespace() string { return t.config.Namespace }

// Change applies the ScaledObject and what belongs to it once more, with other settings.
func (t *Trial) Change(ctx context.Context, change func(*lab.Scaling)) error {
	change(&t.config.Scaling)
	if err := t.addScaledObject(ctx); err != nil {
		return fmt.Errorf("change the ScaledObject of %s: %w", t.config.Namespace, err)
	}
	return nil
}

// AwaitMetric waits until the HPA has seen the metric for the first time: from then on it can act.
func (t *Trial) AwaitMetric(ctx context.Context) error {
	return t.await(ctx, "the HPA's first metric", func(ctx context.Context) error {
		hpa, err := t.HPA(ctx)
		if err != nil {
			return err
		}
		if len(hpa.Status.CurrentMetrics) == 0 || hpa.Status.CurrentMetrics[0].External == nil {
			return fmt.Errorf("the HPA has no metric yet: %s", Conditions(hpa))
		}
		return nil
	})
}

// AwaitScaler waits until KEDA has taken the ScaledObject up, for those that have no metric to begin with: paused ones, those that
// begin at 0, and those to which an empty result is an error.
func (t *Trial) AwaitScaler(ctx context.Context) error {
	if t.config.Expect.Start > 0 && !paused(t.config.Scaling) && !emptyIsError(t.config.Scaling) {
		return t.AwaitMetric(ctx)
	}
	return t.await(ctx, "KEDA to take the ScaledObject up", func(ctx context.Context) error {
		status, message, err := t.ScaledObjectCondition(ctx, "Ready")
		if err == nil && status == "Unknown" {
			return fmt.Errorf("it is not known to be ready: %s", message)
		}
		return err
	})
}

// HPA returns the HPA that KEDA made for the ScaledObject.
func (t *Trial) HPA(ctx context.Context) (*autoscalingv2.HorizontalPodAutoscaler, error) {
	return t.client.AutoscalingV2().HorizontalPodAutoscalers(t.config.Namespace).
		Get(ctx, "keda-hpa-"+lab.ScaledObjectName, metav1.GetOptions{})
}

// Remove stops the load, wants its Job to be complete and deletes the namespace's objects. Absent ones are no error, and a load
// that failed keeps nothing from being deleted.
func (t *Trial) Remove(ctx context.Context) error {
	t.stopWatching()
	if !t.made {
		return nil // a namespace that was there before is somebody else's
	}
	err := errors.Join(
		t.endLoad(ctx),
		t.applier.Delete(ctx, t.objects),
		t.client.CoreV1().Namespaces().Delete(ctx, t.config.Namespace, metav1.DeleteOptions{}),
	)
	if err != nil {
		return fmt.Errorf("remove %s: %w", t.config.Namespace, err)
	}
	return nil
}

func (t *Trial) await(ctx context.Context, what string, check func(context.Context) error) error {
	var last error
	err := wait.PollUntilContextTimeout(ctx, 50*time.Millisecond, readyTimeout, true, func(ctx context.Context) (bool, error) {
		last = check(ctx)
		return last == nil, nil
	})
	if err != nil {
		return fmt.Errorf("wait for %s: %w; last: %w", what, err, last)
	}
	return nil
}

// Conditions lists what the HPA says of itself.
func Conditions(hpa *autoscalingv2.HorizontalPodAutoscaler) string {
	text := ""
	for _, c := range hpa.Status.Conditions {
		text += fmt.Sprintf("%s=%s (%s: %s) ", c.Type, c.Status, c.Reason, c.Message)
	}
	if text == "" {
		return "no conditions"
	}
	return text
}
