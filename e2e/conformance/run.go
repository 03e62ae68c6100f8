package conformance

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/amp/types"
	"github.com/google/uuid"
)

// What a run's workspaces are known by.
const (
	// AliasPrefix begins the alias of every workspace that a run creates.
	AliasPrefix = "ampersand-conformance-"
	// TagCreatedBy is the key of the tag with the value CreatedBy.
	TagCreatedBy = "created-by"
	// CreatedBy is what TagCreatedBy says.
	CreatedBy = "ampersand-conformance"
	// TagRun is the key of the tag with the run's id.
	TagRun = "run"
)

// Defaults of Config.
const (
	DefaultParallel = 4
	DefaultTimeout  = 3 * time.Minute
)

// How long removal may take: of a check's things, and of all that is left at the
// run's end, where a workspace that is still being made has to be waited for.
const (
	cleanupTime = time.Minute
	removalTime = activeTime + time.Minute
)

// Config says what Run does.
type Config struct {
	Target Target
	// Checks are carried out; nil is All.
	Checks []Check
	// Without leaves out the checks that need any of these.
	Without Needs
	// Parallel is how many checks run at once; zero is DefaultParallel. A run has
	// at most 4 + 3*Parallel workspaces.
	Parallel int
	// Timeout is a check's time; zero is DefaultTimeout.
	Timeout time.Duration
	// OnResult is called with each result as it comes, one at a time.
	OnResult func(Result)
	// Now is the clock of samples, signatures and reports; nil is time.Now.
	Now func() time.Time
}

// run is one run in progress.
type run struct {
	id     string
	cfg    Config
	target Target
	now    func() time.Time
	pacer  *pacer
	setup  *wire // what no check sends
	shared place

	mu    sync.Mutex
	alive []string // workspaces that were created and not removed
	idle  []place  // workspaces of the pool that nobody uses
}

// Run carries out the checks. It returns an error if it could not begin, was
// interrupted, or left a workspace behind; that checks failed is no error. The
// report is valid in any case, and everything was tried to remove what the run
// created.
func Run(ctx context.Context, cfg Config) (Report, error) {
	r, err := newRun(ctx, cfg)
	if err != nil {
		return Report{}, err
	}
	report := Report{Run: r.id, Target: r.target.Name, Region: r.target.Region, Began: r.now()}
	r.shared, err = r.create(ctx, r.setup, r.alias("shared"), "")
	reason := "interrupted"
	if err != nil {
		reason = "the run could not begin"
		err = fmt.Errorf("prepare the run: %w", err)
	}
	report.Results = r.checks(ctx, err == nil, reason)
	if err == nil && ctx.Err() != nil {
		err = fmt.Errorf("interrupted: %w", ctx.Err())
	}
	leftErr := r.removeAll(ctx)
	report.Leftovers = r.left()
	report.Took, report.Interrupted = r.now().Sub(report.Began), err != nil
	return report, errors.Join(err, leftErr)
}

func newRun(ctx context.Context, cfg Config) (*run, error) {
	target, err := cfg.Target.withDefaults(ctx)
	if err != nil {
		return nil, err
	}
	if cfg.Checks == nil {
		cfg.Checks = All()
	}
	if cfg.Parallel <= 0 {
		cfg.Parallel = DefaultParallel
	}
	if cfg.Timeout <= 0 {
		cfg.Timeout = DefaultTimeout
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.OnResult == nil {
		cfg.OnResult = func(Result) {}
	}
	cfg.Checks = sorted(slices.Clone(cfg.Checks))
	seen := make(map[string]bool, len(cfg.Checks))
	for _, c := range cfg.Checks {
		if seen[c.ID] {
			return nil, fmt.Errorf("two checks are called %s", c.ID)
		}
		seen[c.ID] = true
	}
	// Eight digits at random tell the runs of an account apart.
	r := &run{id: uuid.NewString()[:8], cfg: cfg, target: target, now: cfg.Now, pacer: newPacer(target.Pace)}
	r.setup = r.wire(SetupID, func(string) {})
	return r, nil
}

// wire makes the way of a check's requests; created is told of its workspaces
// besides the run.
func (r *run) wire(check string, created func(string)) *wire {
	return &wire{check: check, next: r.target.transport(), pacer: r.pacer, created: func(id string) {
		r.mu.Lock()
		r.alive = append(r.alive, id)
		r.mu.Unlock()
		created(id)
	}}
}

func (r *run) alias(suffix string) string { return AliasPrefix + r.id + "-" + suffix }

func (r *run) tags() map[string]string {
	return map[string]string{TagCreatedBy: CreatedBy, TagRun: r.id}
}

// checks carries out the checks, the slow ones first, so that they do not make
// the rest wait at the end. What is not run has the reason.
func (r *run) checks(ctx context.Context, begin bool, reason string) []Result {
	results := make([]Result, len(r.cfg.Checks))
	order := make([]int, len(results))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		return int(r.cfg.Checks[b].Needs&NeedsSlow) - int(r.cfg.Checks[a].Needs&NeedsSlow)
	})
	var (
		workers sync.WaitGroup
		report  sync.Mutex
		next    = make(chan int)
	)
	for range r.cfg.Parallel {
		workers.Go(func() {
			for i := range next {
				c := r.cfg.Checks[i]
				res := Result{Check: c, Outcome: NotRun, Reason: missing(c, r.target.Role, r.cfg.Without)}
				switch {
				case res.Reason != "":
				case !begin || ctx.Err() != nil:
					res.Reason = reason
				default:
					res = r.one(ctx, c)
				}
				report.Lock()
				results[i] = res
				r.cfg.OnResult(res)
				report.Unlock()
			}
		})
	}
	for _, i := range order {
		next <- i
	}
	close(next)
	workers.Wait()
	return results
}

// missing says what a check needs and does not have.
func missing(c Check, role string, without Needs) string {
	switch {
	case c.Needs&NeedsRole != 0 && role == "":
		return "needs a role to assume, and the target has none"
	case c.Needs&without != 0:
		return "left out by the run's settings"
	default:
		return ""
	}
}

func (r *run) one(ctx context.Context, c Check) Result {
	bounded, cancel := context.WithTimeout(ctx, r.cfg.Timeout)
	defer cancel()
	t := &T{ctx: bounded, check: c, run: r, prefix: "c" + r.id + "_" + strings.NewReplacer("-", "_", ".", "_").Replace(c.ID)}
	t.wire = r.wire(c.ID, t.adopt)
	began := r.now()
	t.do(cleanupTime)
	res := t.result()
	if ctx.Err() != nil && res.Outcome == Fail {
		res.Outcome, res.Reason = NotRun, "interrupted"
	}
	res.Took, res.Requests = r.now().Sub(began), int(t.wire.requests.Load())
	return res
}

func (r *run) takeIdle() (place, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.idle) == 0 {
		return place{}, false
	}
	p := r.idle[len(r.idle)-1]
	r.idle = r.idle[:len(r.idle)-1]
	return p, true
}

func (r *run) giveBack(p place) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.idle = append(r.idle, p)
}

func (r *run) forget(id string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.alive = slices.DeleteFunc(r.alive, func(other string) bool { return other == id })
}

// left returns the workspaces that were created and not removed.
func (r *run) left() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.alive)
}

// removeAll removes what is left of the run, interrupted or not: what it saw
// come into being, and what bears its id although the answer to its creation
// never arrived.
func (r *run) removeAll(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), removalTime)
	defer cancel()
	err := r.removeEach(ctx, r.left())
	var unseen []string
	listErr := r.each(ctx, func(ws types.WorkspaceSummary) {
		if r.made(ws) {
			unseen = append(unseen, aws.ToString(ws.WorkspaceId))
		}
	})
	return errors.Join(err, listErr, r.removeEach(ctx, unseen))
}

// removeEach removes workspaces at the same time: one that cannot go yet does not
// keep the others.
func (r *run) removeEach(ctx context.Context, ids []string) error {
	var removals sync.WaitGroup
	errs := make([]error, len(ids))
	for i, id := range ids {
		removals.Go(func() { errs[i] = r.remove(ctx, id) })
	}
	removals.Wait()
	return errors.Join(errs...)
}

// made reports whether a workspace is this run's, by its tags or its alias. The
// run's id is random: nobody else's begins like that.
func (r *run) made(ws types.WorkspaceSummary) bool {
	return ws.Tags[TagCreatedBy] == CreatedBy && ws.Tags[TagRun] == r.id ||
		strings.HasPrefix(aws.ToString(ws.Alias), r.alias(""))
}
