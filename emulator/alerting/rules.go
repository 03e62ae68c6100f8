package alerting

import (
	"bytes"
	"context"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/rulefmt"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/rules"

	"github.com/ampersand-amp/ampersand/emulator/expression"
	"github.com/ampersand-amp/ampersand/emulator/storage"
)

const (
	// defaultRuleInterval is that of a group that names none. [D] UG: rules
	// file, as in Prometheus; [C] ruler.evaluation-interval
	defaultRuleInterval = time.Minute
	// How alerts come back after a restart and how often they are repeated to
	// the alert manager. [C] ruler.for-outage-tolerance, ruler.for-grace-period,
	// ruler.resend-delay
	outageTolerance = time.Hour
	forGracePeriod  = 10 * time.Minute
	resendDelay     = time.Minute
	// ruleExternalURL is put before /graph in an alert's source. What AMP sends
	// begins with /graph. [R]
	ruleExternalURL = ""
)

// ruleSet is the rules of one workspace on Prometheus' rule engine, a namespace
// in the place of a file.
type ruleSet struct {
	manager *rules.Manager
	files   *namespaces
	offset  atomic.Int64 // nanoseconds
	metrics *guests
	cancel  context.CancelFunc
	running sync.WaitGroup
	defined map[string][]byte

	// changing keeps readers out of groups that are being replaced: the engine
	// hands the alerts of a group on to the next one, guarded by that one's
	// lock only.
	changing sync.RWMutex
}

func newRuleSet(t *tenant, db *storage.DB) *ruleSet {
	ctx, cancel := context.WithCancel(context.Background())
	s := &ruleSet{
		files:   &namespaces{},
		metrics: newGuests(t.m.cfg.Registerer, t.id),
		cancel:  cancel,
	}
	opts := &rules.ManagerOptions{
		NameValidationScheme: model.LegacyValidation, // [C] name-validation-scheme
		QueryFunc: func(ctx context.Context, q string, at time.Time) (promql.Vector, error) {
			return rules.EngineQueryFunc(t.m.cfg.Engine(), db)(ctx, q, at)
		},
		NotifyFunc:             t.notify,
		Context:                ctx,
		Appendable:             db,
		Queryable:              db,
		Logger:                 t.logger,
		OutageTolerance:        outageTolerance,
		ForGracePeriod:         forGracePeriod,
		ResendDelay:            resendDelay,
		GroupLoader:            s.files,
		DefaultRuleQueryOffset: func() time.Duration { return time.Duration(s.offset.Load()) },
		Parser:                 expression.NewParser(),
	}
	if s.metrics != nil { // a nil *guests would be no nil Registerer
		opts.Registerer = s.metrics
	}
	s.manager = rules.NewManager(opts)
	s.running.Go(s.manager.Run)
	return s
}

// update puts new files in the place of the old ones. Groups that are the same
// are not touched.
func (s *ruleSet) update(files map[string][]byte, offset time.Duration) error {
	s.offset.Store(int64(offset))
	if maps.EqualFunc(s.defined, files, bytes.Equal) {
		return nil
	}
	parsed := make(map[string]*rulefmt.RuleGroups, len(files))
	for namespace, data := range files {
		groups, err := parseRules(data)
		if err != nil {
			return err
		}
		parsed[namespace] = groups
	}
	s.files.parsed = parsed
	names := slices.Sorted(maps.Keys(files))
	s.changing.Lock()
	defer s.changing.Unlock()
	if err := s.manager.Update(defaultRuleInterval, names, labels.EmptyLabels(), ruleExternalURL, nil); err != nil {
		return err
	}
	s.defined = maps.Clone(files)
	return nil
}

// read calls f with the groups, by namespace and name.
func (s *ruleSet) read(f func([]*rules.Group)) {
	s.changing.RLock()
	defer s.changing.RUnlock()
	f(s.manager.RuleGroups())
}

// stop ends evaluations, those at work included, and waits for them.
func (s *ruleSet) stop() {
	s.cancel()
	s.manager.Stop()
	s.running.Wait()
	s.metrics.leave()
}

// namespaces is the loader of rule files: they are parsed already.
type namespaces struct {
	parsed map[string]*rulefmt.RuleGroups
}

// Load implements rules.GroupLoader.
func (n *namespaces) Load(namespace string, _ bool, _ model.ValidationScheme) (*rulefmt.RuleGroups, []error) {
	return n.parsed[namespace], nil
}

// Parse implements rules.GroupLoader.
func (n *namespaces) Parse(query string) (parser.Expr, error) {
	return expression.NewParser().ParseExpr(query)
}
