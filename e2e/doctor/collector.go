package doctor

import (
	"bytes"
	"context"
	"fmt"
	"regexp"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

const (
	// logAge is how old a line of the collector's log may be to count: a collector that is cut off retries within seconds.
	logAge = 2 * time.Minute
	// logLines bounds what is read of a log.
	logLines = 500
)

// collector judges the pods that scrape and write, and the last lines of their logs.
func (e *examiner) collector(ctx context.Context) Hop {
	list, err := e.core.CoreV1().Pods(metav1.NamespaceAll).List(ctx, metav1.ListOptions{LabelSelector: e.Collector})
	if err != nil {
		return unknown(HopCollector, "cannot list the pods: %s", err)
	}
	var pods []corev1.Pod
	for _, p := range list.Items {
		if e.Collector != "" || collects(&p) {
			pods = append(pods, p)
		}
	}
	switch {
	case len(pods) == 0 && e.Collector != "":
		return broken(HopCollector, "Deploy the collector, or correct the selector.", "no pod matches %s", e.Collector)
	case len(pods) == 0:
		return unknown(HopCollector, "no pod runs a collector by the name of its image; a label selector would name it")
	}
	var unread error
	for _, p := range pods {
		at := p.Namespace + "/" + p.Name
		if is, why := podReady(&p); !is {
			return broken(HopCollector, "Look at the pod's events and log: a configuration that it does not take ends it.", "%s is not ready: %s", at, why)
		}
		refused, err := e.refused(ctx, &p)
		if err != nil {
			unread = err
		}
		if refused != "" {
			return broken(HopCollector, "Look at endpoint, region and identity of the collector's remote write.", "%s cannot write: %s", at, refused)
		}
	}
	if unread != nil {
		return unknown(HopCollector, "%d pods are ready; a log cannot be read: %s", len(pods), unread)
	}
	return ok(HopCollector, "%d pods are ready, and their logs of the last %s show no failed write", len(pods), logAge)
}

// collects reports whether a pod runs one of the usual scrapers.
func collects(p *corev1.Pod) bool {
	image := regexp.MustCompile(`otelcol|otel-collector|opentelemetry-collector|/collector[:@]|adot|aws-otel|prometheus/prometheus|grafana/(agent|alloy)|vmagent`)
	for _, c := range p.Spec.Containers {
		if image.MatchString(c.Image) && !strings.Contains(c.Image, "operator") {
			return true
		}
	}
	return false
}

// refused finds the newest failed remote write in a pod's log: the exporter's text holds status and body.
func (e *examiner) refused(ctx context.Context, p *corev1.Pod) (string, error) {
	lines, age := int64(logLines), int64(logAge/time.Second)
	var found string
	var unread error
	for _, c := range p.Spec.Containers {
		body, err := e.core.CoreV1().Pods(p.Namespace).GetLogs(p.Name, &corev1.PodLogOptions{
			Container: c.Name, TailLines: &lines, SinceSeconds: &age,
		}).DoRaw(ctx)
		if err != nil {
			unread = fmt.Errorf("read the log of %s: %w", p.Name, err)
			continue
		}
		for line := range bytes.Lines(body) {
			if text := failedWrite(string(line)); text != "" {
				found = text
			}
		}
	}
	return found, unread
}

// failedWrite returns what a line of a log says about a failed write, or nothing. It knows the collector's exporter ("remote
// write returned HTTP status 403 Forbidden") and Prometheus's queue ("server returned HTTP status 403").
func failedWrite(line string) string {
	failed := regexp.MustCompile(`(?i)(returned HTTP status (4|5)\d\d|Exporting failed|non-recoverable error|failed to (send|make|write).*remote.?write)`)
	if !failed.MatchString(line) {
		return ""
	}
	if m := regexp.MustCompile(`(?i)(?:remote write |server )?returned HTTP status .*`).FindString(line); m != "" {
		line = m
	}
	line = strings.Join(strings.Fields(line), " ")
	if len(line) > 300 {
		line = line[:300] + "..."
	}
	return line
}
