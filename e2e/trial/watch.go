package trial

import (
	"context"
	"fmt"
	"math"
	"strings"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/dynamic/dynamicinformer"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/tools/cache"

	"github.com/ampersand-amp/ampersand/e2e/lab"
	"github.com/ampersand-amp/ampersand/e2e/lab/component"
	"github.com/ampersand-amp/ampersand/e2e/load"
	"github.com/ampersand-amp/ampersand/e2e/timeline"
)

// pollInterval is how often hops are read that cannot be watched.
const pollInterval = 200 * time.Millisecond

// watch follows replicas, HPA and pods through the API server's watches, for exact instants, and polls the store and
// KEDA. Where Services lead nowhere, load goes to the pods that are ready.
func (t *Trial) watch(ctx context.Context) error {
	ctx, t.stop = context.WithCancel(ctx)
	t.recorder = timeline.NewRecorder(timeline.RecorderConfig{Interval: pollInterval})
	factory := informers.NewSharedInformerFactoryWithOptions(t.client, 0, informers.WithNamespace(t.config.Namespace))
	pods := factory.Core().V1().Pods()
	lister := pods.Lister().Pods(t.config.Namespace)
	workloadPods := labels.SelectorFromSet(labels.Set{"app": workload})
	count := func() {
		if list, err := lister.List(workloadPods); err == nil {
			t.sawPods(list)
		}
	}
	retarget := func() {}
	if t.config.Lab.LoadsPods() {
		selector := labels.SelectorFromSet(labels.Set{"app": t.config.Target})
		t.aim = newAim(func() []string {
			list, err := lister.List(selector)
			if err != nil {
				return nil // the lister reads a cache
			}
			return urls(list)
		}, t.load.SetTargets)
		retarget = t.aim.look
	}
	for informer, observe := range map[cache.SharedIndexInformer]func(object any){
		factory.Apps().V1().Deployments().Informer():                     t.sawDeployment,
		factory.Autoscaling().V2().HorizontalPodAutoscalers().Informer(): t.sawHPA,
		factory.Core().V1().Events().Informer():                          t.sawEvent,
		pods.Informer():                                                  func(any) { retarget(); count() },
	} {
		_, err := informer.AddEventHandler(cache.ResourceEventHandlerFuncs{
			AddFunc:    observe,
			UpdateFunc: func(_, object any) { observe(object) },
			DeleteFunc: func(any) { retarget(); count() },
		})
		if err != nil {
			return fmt.Errorf("watch %s: %w", t.config.Namespace, err)
		}
	}
	factory.Start(ctx.Done())
	t.watches.Go(func() {
		<-ctx.Done()
		factory.Shutdown()
	})
	for kind, synced := range factory.WaitForCacheSync(ctx.Done()) {
		if !synced {
			return fmt.Errorf("watch %s: the first list of %s did not arrive", t.config.Namespace, kind)
		}
	}
	if t.aim != nil {
		// The first list here, so that no load is due before it has a target.
		if err := t.aim.send(ctx); err != nil {
			return err
		}
		t.watches.Go(func() { t.aim.follow(ctx) })
	}
	if err := t.watchScaledObject(ctx); err != nil {
		return err
	}
	if t.config.Lab.AMP.Inspectable() {
		t.watches.Go(func() { t.watchEmulator(ctx) })
	}
	byCode, slowest := codes{recorder: t.recorder}, latency{}
	counts := &tally{read: t.load.Stats, now: time.Now, fresh: pollInterval / 2, saw: byCode.saw}
	err := t.recorder.Start(ctx,
		load.NewMeter(string(timeline.HopLoad), counts.count(func(s load.Stats) uint64 { return s.Offered }), 0, counts.readAt),
		load.NewMeter(string(timeline.HopAnswered), counts.count(func(s load.Stats) uint64 { return s.Answered }), 0, counts.readAt),
		timeline.SourceFunc(timeline.HopP99, func(ctx context.Context) (float64, bool, error) {
			stats, at, err := counts.get(ctx)
			if err != nil {
				return 0, false, err
			}
			value, found := slowest.read(at, stats)
			return value, found, nil
		}),
		timeline.SourceFunc(timeline.HopStored, func(ctx context.Context) (float64, bool, error) {
			return t.store.Value(ctx, t.config.Stored)
		}),
		timeline.SourceFunc(timeline.HopServed, func(ctx context.Context) (float64, bool, error) {
			return t.config.Lab.KEDA.Served(ctx, t.config.Namespace, lab.ScaledObjectName)
		}),
	)
	if err != nil {
		return fmt.Errorf("start recording: %w", err)
	}
	return nil
}

func (t *Trial) stopWatching() {
	if t.stop == nil {
		return
	}
	t.stop()
	t.recorder.Stop()
	t.watches.Wait()
	t.stop = nil
}

func (t *Trial) sawDeployment(object any) {
	d, ok := object.(*appsv1.Deployment)
	if !ok || d.Name != workload {
		return
	}
	now := time.Now()
	if d.Spec.Replicas != nil {
		t.recorder.Record(timeline.HopReplicas, now, float64(*d.Spec.Replicas))
	}
	t.recorder.Record(timeline.HopReady, now, float64(d.Status.ReadyReplicas))
	t.counted.add(now, d.Status.Replicas)
}

func (t *Trial) sawHPA(object any) {
	hpa, ok := object.(*autoscalingv2.HorizontalPodAutoscaler)
	if !ok {
		return
	}
	now := time.Now()
	for _, metric := range hpa.Status.CurrentMetrics {
		if metric.External != nil && metric.External.Current.AverageValue != nil {
			average := metric.External.Current.AverageValue.AsApproximateFloat64()
			served, _ := t.recorder.Latest(timeline.HopServed)
			total := t.counted.total(now, average, served.Value, hpa.Status.CurrentReplicas, func(total float64) bool {
				return t.asksFor(total) == hpa.Status.DesiredReplicas
			})
			t.recorder.Record(timeline.HopHPA, now, total)
		}
	}
	t.recorder.Record(timeline.HopDesired, now, float64(hpa.Status.DesiredReplicas))
	for _, c := range hpa.Status.Conditions {
		t.recorder.Condition("HPA "+string(c.Type), string(c.Status), condition(c.Reason, c.Message), now)
	}
}

// sawPods counts the workload's pods that exist, and those that have a node.
func (t *Trial) sawPods(pods []*corev1.Pod) {
	now, created, scheduled := time.Now(), 0, 0
	for _, pod := range pods {
		if pod.DeletionTimestamp != nil {
			continue
		}
		created++
		if pod.Spec.NodeName != "" {
			scheduled++
		}
	}
	t.recorder.Record(timeline.HopCreated, now, float64(created))
	t.recorder.Record(timeline.HopScheduled, now, float64(scheduled))
}

// watchScaledObject follows the ScaledObject's conditions, until ctx ends.
func (t *Trial) watchScaledObject(ctx context.Context) error {
	client, err := dynamic.NewForConfig(t.config.Lab.REST)
	if err != nil {
		return fmt.Errorf("make a client: %w", err)
	}
	factory := dynamicinformer.NewFilteredDynamicSharedInformerFactory(client, 0, t.config.Namespace, nil)
	informer := factory.ForResource(scaledObjects()).Informer()
	_, err = informer.AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc: t.sawScaledObject, UpdateFunc: func(_, object any) { t.sawScaledObject(object) },
	})
	if err != nil {
		return fmt.Errorf("watch the ScaledObject: %w", err)
	}
	factory.Start(ctx.Done())
	t.watches.Go(func() {
		<-ctx.Done()
		factory.Shutdown()
	})
	return nil
}

func (t *Trial) sawScaledObject(object any) {
	o, ok := object.(*unstructured.Unstructured)
	if !ok || o.GetName() != lab.ScaledObjectName {
		return
	}
	now := time.Now()
	conditions, _, _ := unstructured.NestedSlice(o.Object, "status", "conditions")
	for _, element := range conditions {
		c, _ := element.(map[string]any)
		kind, _ := c["type"].(string)
		state, _ := c["status"].(string)
		reason, _ := c["reason"].(string)
		message, _ := c["message"].(string)
		t.recorder.Condition("ScaledObject "+kind, state, condition(reason, message), now)
	}
}

// asksFor is the count of replicas that a metric asks for. An average has a thousandth's precision, hence the small change.
func (t *Trial) asksFor(total float64) int32 {
	const change = 0.05
	return int32(min(math.Ceil((total-change)/t.config.Periods.Threshold), float64(t.config.Expect.NeverAbove)))
}

func (t *Trial) sawEvent(object any) {
	event, ok := object.(*corev1.Event)
	if !ok {
		return
	}
	if event.InvolvedObject.Kind != "HorizontalPodAutoscaler" && event.InvolvedObject.Kind != "ScaledObject" {
		return
	}
	if event.CreationTimestamp.Time.Before(t.run.Start.Truncate(time.Second)) {
		return // the first list holds what was before the recording
	}
	message, _, _ := strings.Cut(event.Message, "; reason")
	t.recorder.MarkNow(timeline.MarkEvent, message)
}

// watchFirstSample looks for the first sample after the load step until it is seen or ctx ends.
func (t *Trial) watchFirstSample(ctx context.Context, step time.Time) {
	selector := fmt.Sprintf(`ho11y_total{k8s_namespace=%q,k8s_pod=~"%s-.*"}`, t.config.Namespace, t.config.Target)
	ticker := time.NewTicker(pollInterval / 4)
	defer ticker.Stop()
	for {
		at, found, err := t.store.FirstPositive(ctx, selector, step)
		if err == nil && found && t.recorder.SawSample(at, time.Now()) {
			return
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return
		}
	}
}

func urls(pods []*corev1.Pod) []string {
	var list []string
	for _, pod := range pods {
		if component.PodReady(pod) {
			list = append(list, "http://"+pod.Status.PodIP+":8765/")
		}
	}
	return list
}
