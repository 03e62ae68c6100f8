package workspace

import (
	"reflect"
	"sync"
	"time"
)

// LabelSetLimit bounds the active series that carry a set of labels. An empty
// set is the default bucket; MaxSeries 0 is no limit [D].
type LabelSetLimit struct {
	Labels    map[string]string
	MaxSeries int64
}

// InForce is what the data plane has to follow of one workspace. It is shared:
// readers must not change what it refers to.
type InForce struct {
	WorkspaceID string
	// Rules are the rules files by namespace, the last of each that was good.
	Rules map[string][]byte
	// AlertManager is the last alert manager definition that was good; nil is
	// none.
	AlertManager []byte
	// Retention is how long samples are kept, OutOfOrderWindow how much older
	// than the newest a sample may be, zero for not at all, and RuleQueryOffset
	// how far in the past rules are evaluated.
	Retention, OutOfOrderWindow, RuleQueryOffset time.Duration
	LabelSets                                    []LabelSetLimit
	// Policy is the resource policy's document; nil is none.
	Policy []byte
}

// InForce returns what is in force for a workspace that exists and is not being
// deleted. A definition is in force from the moment it was accepted, even while
// it is shown as CREATING or UPDATING, until its deletion was asked for [I].
func (r *Registry) InForce(id string) (InForce, bool) { return r.inForce(r.state.Load(), id) }

func (r *Registry) inForce(s *state, id string) (InForce, bool) {
	ws, ok := s.Workspaces[id]
	if !ok || ws.Status == StatusDeleting {
		return InForce{}, false
	}
	f := InForce{
		WorkspaceID: id, Rules: map[string][]byte{},
		Retention: r.cfg.DefaultRetention, OutOfOrderWindow: r.cfg.DefaultOutOfOrderWindow,
	}
	for _, i := range s.Rules {
		if i.Owner == id && i.Phase.Via != StatusDeleting && i.Body.Good != nil {
			f.Rules[i.Name] = i.Body.Good.data
		}
	}
	if i, ok := s.AlertManagers[id]; ok && i.Phase.Via != StatusDeleting && i.Body.Good != nil {
		f.AlertManager = i.Body.Good.data
	}
	if i, ok := s.Policies[id]; ok && i.Phase.Via != StatusDeleting {
		f.Policy = i.Body.Document.data
	}
	if i, ok := s.Configurations[id]; ok {
		i.Body.apply(&f)
	}
	return f, true
}

// changes returns the workspaces for which something else is in force in next
// than in last.
func (r *Registry) changes(last, next *state) []string {
	var ids []string
	for id := range last.Workspaces {
		if _, ok := next.Workspaces[id]; !ok {
			if _, was := r.inForce(last, id); was {
				ids = append(ids, id)
			}
		}
	}
	for id := range next.Workspaces {
		before, was := r.inForce(last, id)
		after, is := r.inForce(next, id)
		// Contents are compared by where they are, which DeepEqual sees first.
		if was != is || !reflect.DeepEqual(before, after) {
			ids = append(ids, id)
		}
	}
	return ids
}

// notifier tells of changes, for each workspace by one goroutine at a time. Who
// comes while another is telling leaves it to that one to tell again.
type notifier struct {
	mu sync.Mutex
	// telling holds the workspaces that are being told of, and whether to do so
	// once more.
	telling map[string]bool
}

func (n *notifier) tell(id string, onChange func(string)) {
	if !n.begin(id) {
		return
	}
	for {
		onChange(id)
		if !n.again(id) {
			return
		}
	}
}

func (n *notifier) begin(id string) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	if _, busy := n.telling[id]; busy {
		n.telling[id] = true
		return false
	}
	if n.telling == nil {
		n.telling = map[string]bool{}
	}
	n.telling[id] = false
	return true
}

func (n *notifier) again(id string) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.telling[id] {
		n.telling[id] = false
		return true
	}
	delete(n.telling, id)
	return false
}
