package ingest

import (
	"maps"
	"sync"
	"time"

	"github.com/prometheus/prometheus/prompb"

	"github.com/ampersand-amp/ampersand/emulator/quota"
)

const (
	// The labels by which AMP deduplicates replicas. [D] amp-api.md 4
	clusterLabel = "cluster"
	replicaLabel = "__replica__"
	// failover is the silence after which a leader is replaced. Cortex notes a
	// leader's time at most every 15 s, so that it waits up to 15 s less; here
	// every request counts, which is what the documentation says. [D] HA_FAQ
	failover = 30 * time.Second
	// retirement is the silence after which a cluster no longer counts for the
	// quota. [C] ha_tracker.go deletionTimeout
	retirement = 30 * time.Minute
)

// replicas elects, for each cluster of a workspace, the one replica whose
// samples are taken. It lives in memory, as AMP's election is not of interest
// for longer than the fail-over takes.
type replicas struct {
	quotas *quota.Set

	mu      sync.Mutex
	leaders map[string]map[string]leader // by workspace and cluster
}

type leader struct {
	replica string
	heard   time.Time
}

func newReplicas(quotas *quota.Set) *replicas {
	return &replicas{quotas: quotas, leaders: make(map[string]map[string]leader)}
}

// elect returns nil if the samples of this replica are to be taken.
// [C] ha_tracker.go for texts; for the second the older one, which AWS shows
// [D] amp-api.md 1.6
func (r *replicas) elect(workspaceID, cluster, replica string, now time.Time) *discard {
	r.mu.Lock()
	defer r.mu.Unlock()
	clusters := r.leaders[workspaceID]
	elected, known := clusters[cluster]
	if known && elected.replica != replica && now.Sub(elected.heard) < failover {
		return discardf(reasonDeduplicated, "replicas did not match, rejecting sample: replica=%s, elected=%s",
			replica, elected.replica).accepted()
	}
	if !known {
		maps.DeleteFunc(clusters, func(_ string, l leader) bool { return now.Sub(l.heard) >= retirement })
		if limit := r.quotas.Get(quota.HAClusters); over(len(clusters)+1, limit) {
			return discardf(reasonTooManyClusters, "too many HA clusters (limit: %d)", limit)
		}
	}
	if clusters == nil {
		clusters = make(map[string]leader, 1)
		r.leaders[workspaceID] = clusters
	}
	clusters[cluster] = leader{replica, now}
	return nil
}

func (r *replicas) forget(workspaceID string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.leaders, workspaceID)
}

// replicaOf returns the labels that decide about a request. Without both it is
// not highly available, and taken as it is. [C] distributor.go
func replicaOf(ls []prompb.Label) (cluster, replica string, ok bool) {
	for _, l := range ls {
		switch l.Name {
		case clusterLabel:
			cluster = l.Value
		case replicaLabel:
			replica = l.Value
		}
	}
	return cluster, replica, cluster != "" && replica != ""
}
