package workspace

import (
	"fmt"
	"iter"
	"maps"
	"time"

	"github.com/ampersand-amp/ampersand/emulator/awsapi"
)

// kind is what errors call the resources of one kind. The spelling is moto's
// where moto has one [O], else CloudFormation's [D] or made after it [I]; that of
// the real service is not confirmed.
type kind string

const (
	kindRules          kind = "AWS::APS::RuleGroupNamespace" // moto's; CloudFormation says RuleGroupsNamespace
	kindAlertManager   kind = "AWS::APS::AlertManagerDefinition"
	kindLogging        kind = "AWS::APS::LoggingConfiguration"
	kindQueryLogging   kind = "AWS::APS::QueryLoggingConfiguration"
	kindConfiguration  kind = "AWS::APS::WorkspaceConfiguration"
	kindPolicy         kind = "AWS::APS::ResourcePolicy"
	kindScraper        kind = "AWS::APS::Scraper"
	kindScraperLogging kind = "AWS::APS::ScraperLoggingConfiguration"
	kindDetector       kind = "AWS::APS::AnomalyDetector"
)

// noun is how messages call the kind: moto's `RuleGroupNamespace not found` [O].
func (k kind) noun() string { return string(k)[len("AWS::APS::"):] }

// life is what all resources but workspaces have in common.
type life struct {
	// Owner is the workspace or the scraper that the resource belongs to; empty
	// for scrapers.
	Owner string `json:"owner,omitempty"`
	// Name is unique within the owner; empty where an owner has only one.
	Name       string            `json:"name,omitempty"`
	Tags       map[string]string `json:"tags,omitempty"`
	Phase      phase             `json:"phase"`
	CreatedAt  time.Time         `json:"createdAt"`
	ModifiedAt time.Time         `json:"modifiedAt"`
}

func (l *life) key() string { return keyOf(l.Owner, l.Name) }

// keyOf is the place of a resource on its shelf.
func keyOf(owner, name string) string {
	if owner == "" || name == "" {
		return owner + name
	}
	return owner + "/" + name
}

// id is what errors call the resource.
func (l *life) id() string {
	if l.Name == "" {
		return l.Owner
	}
	return l.Name
}

func (l *life) cursor() cursor { return cursor{CreatedAt: l.CreatedAt, ID: l.id()} }

// item is a resource: its life and what its kind adds. Items are never changed:
// another takes the place of one, so that states can share them.
type item[T any] struct {
	life
	Body T `json:"body"`
}

// shelf holds the resources of one kind by their keys.
type shelf[T any] map[string]*item[T]

// lives is a shelf without the kind's own part.
type lives interface {
	all() iter.Seq[*life]
	get(key string) *life
	edit(key string, change func(*life))
	drop(key string)
	damaged() (key string, damaged bool)
}

func (s shelf[T]) all() iter.Seq[*life] {
	return func(yield func(*life) bool) {
		for _, i := range s {
			if !yield(&i.life) {
				return
			}
		}
	}
}

func (s shelf[T]) get(key string) *life {
	if i, ok := s[key]; ok {
		return &i.life
	}
	return nil
}

func (s shelf[T]) edit(key string, change func(*life)) {
	next := *s[key]
	next.Tags = maps.Clone(next.Tags)
	change(&next.life)
	s[key] = &next
}

func (s shelf[T]) drop(key string) { delete(s, key) }

// damaged finds an entry that no emulator wrote.
func (s shelf[T]) damaged() (string, bool) {
	for key, i := range s {
		if i == nil || i.key() != key || i.Phase.Via == "" {
			return key, true
		}
	}
	return "", false
}

// place is a shelf at a moment.
type place[T any] struct {
	kind  kind
	items shelf[T]
	now   time.Time
	pace  pace
}

// at returns the shelf of a state as the registry sees it now.
func at[T any](r *Registry, k kind, items shelf[T]) place[T] {
	return place[T]{kind: k, items: items, now: r.cfg.Now(), pace: r.pace()}
}

// status returns what is seen of an item that find or list returned.
func (p place[T]) status(i *item[T]) statusShape {
	s, _ := i.Phase.at(p.now, p.pace)
	return s
}

// find returns the resource, one that is being deleted included.
func (p place[T]) find(owner, name string) (*item[T], error) {
	i, ok := p.items[keyOf(owner, name)]
	if ok {
		_, ok = i.Phase.at(p.now, p.pace)
	}
	if !ok {
		l := life{Owner: owner, Name: name}
		return nil, awsapi.NotFound(p.kind.noun()+" not found", string(p.kind), l.id())
	}
	return i, nil
}

// has reports whether find finds the resource.
func (p place[T]) has(owner, name string) bool {
	_, err := p.find(owner, name)
	return err == nil
}

// settled returns the resource if it may be changed.
func (p place[T]) settled(owner, name string) (*item[T], error) {
	i, err := p.find(owner, name)
	if err != nil {
		return nil, err
	}
	if s := p.status(i); !settled(s.Code) {
		return nil, awsapi.Conflict(fmt.Sprintf("%s is in %s state", p.kind.noun(), s.Code), string(p.kind), i.id())
	}
	return i, nil
}

// create puts a new resource onto the shelf. One that is there, even if it is
// being deleted, is a conflict [D CreateRuleGroupsNamespace; code I]. A failure
// is what the creation ends with.
func (p place[T]) create(owner, name string, tags map[string]string, body T, failure error) (*item[T], error) {
	if there, err := p.find(owner, name); err == nil {
		return nil, awsapi.Conflict(p.kind.noun()+" already exists", string(p.kind), there.id())
	}
	now := p.now.UTC().Truncate(time.Millisecond)
	i := &item[T]{
		life: life{
			Owner: owner, Name: name, CreatedAt: now, ModifiedAt: now,
			Phase: p.begin(StatusCreating, StatusCreationFailed, failure),
		},
		Body: body,
	}
	if len(tags) > 0 {
		i.Tags = tags
	}
	p.items[i.key()] = i
	return i, nil
}

// update gives the resource another body.
func (p place[T]) update(old *item[T], body T, failure error) *item[T] {
	next := *old
	next.Body, next.ModifiedAt = body, p.now.UTC().Truncate(time.Millisecond)
	next.Phase = p.begin(StatusUpdating, StatusUpdateFailed, failure)
	p.items[next.key()] = &next
	return &next
}

func (p place[T]) begin(via, failed Status, failure error) phase {
	ph := phase{Via: via, To: StatusActive, Since: p.now.UTC()}
	if failure != nil {
		ph.To, ph.Reason = failed, failure.Error()
	}
	return ph
}

// remove starts the deletion of the resource.
func (p place[T]) remove(owner, name string) error {
	i, err := p.settled(owner, name)
	if err != nil {
		return err
	}
	p.items.edit(i.key(), func(l *life) { l.Phase = phase{Via: StatusDeleting, Since: p.now.UTC()} })
	return nil
}

// list returns a page of the owner's resources that match, those that are being
// created or deleted included, the oldest first.
func (p place[T]) list(owner string, window window, match func(*item[T]) bool) ([]*item[T], string) {
	var found []*item[T]
	for _, i := range p.items {
		if _, ok := i.Phase.at(p.now, p.pace); ok && i.Owner == owner && match(i) {
			found = append(found, i)
		}
	}
	return paginate(found, window, func(i *item[T]) cursor { return i.cursor() })
}
