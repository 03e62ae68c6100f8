package workspace

import (
	"strings"
	"time"

	"github.com/ampersand-amp/ampersand/emulator/awsapi"
	"github.com/ampersand-amp/ampersand/emulator/quota"
)

// CreateInput is what a workspace is created with. A nil member is an absent
// one [D].
type CreateInput struct {
	Alias     *string           `json:"alias"`
	Tags      map[string]string `json:"tags"`
	KMSKeyARN *string           `json:"kmsKeyArn"`
}

// Create makes a workspace. The result says CREATING, as the real service's
// does [D].
func (r *Registry) Create(in CreateInput) (*Workspace, error) {
	alias, err := in.check(nil)
	if err != nil {
		return nil, err
	}
	var out *Workspace
	err = r.update(func(s *state) (err error) {
		out, err = r.create(s, in, alias)
		return err
	})
	if err != nil {
		return nil, err
	}
	return out.clone(), nil
}

// check returns the alias as it is stored.
func (in CreateInput) check(clientToken *string) (alias string, err error) {
	var c checker
	if in.Alias != nil {
		alias = c.alias(*in.Alias)
	}
	c.optional("kmsKeyArn", in.KMSKeyARN, kmsKeyRule())
	c.clientToken(clientToken)
	c.tags(in.Tags)
	return alias, c.err()
}

func (r *Registry) create(s *state, in CreateInput, alias string) (*Workspace, error) {
	ws, err := r.add(s, NewID())
	if err != nil {
		return nil, err
	}
	ws.Alias = alias
	if in.KMSKeyARN != nil {
		ws.KMSKeyARN = *in.KMSKeyARN
	}
	if len(in.Tags) > 0 {
		ws.Tags = in.Tags
	}
	return ws, nil
}

// add puts a new workspace into s, within the quota. Workspaces that are being
// deleted do not count [I].
func (r *Registry) add(s *state, id string) (*Workspace, error) {
	n := int64(1)
	for _, ws := range s.Workspaces {
		if ws.Status != StatusDeleting {
			n++
		}
	}
	if r.cfg.Quotas.Exceeded(quota.Workspaces, n) {
		// Text [D troubleshooting page]; what the resource is called is not known
		// [I].
		return nil, awsapi.QuotaExceeded("Limit exceeded. Maximum workspaces per account.",
			r.cfg.Quotas.Code(quota.Workspaces), ResourceType, r.cfg.AccountID)
	}
	// A workspace of the same id may have left what is still DELETING.
	for _, sh := range s.shelves() {
		for l := range sh.all() {
			if l.Owner == id {
				sh.drop(l.key())
			}
		}
	}
	ws := &Workspace{ID: id, Status: StatusCreating, CreatedAt: r.cfg.Now().UTC().Truncate(time.Millisecond)}
	s.Workspaces[id] = ws
	return ws, nil
}

func (r *Registry) createWorkspace(q request) (any, error) {
	var in struct {
		CreateInput
		ClientToken *string `json:"clientToken"`
	}
	if err := q.decode(&in); err != nil {
		return nil, err
	}
	alias, err := in.check(in.ClientToken)
	if err != nil {
		return nil, err
	}
	return r.once(q, in.ClientToken, func(s *state) (answer, error) {
		ws, err := r.create(s, in.CreateInput, alias)
		if err != nil {
			return answer{}, err
		}
		return answer{made: refOf(ResourceType, ws.ID), body: createOutput{
			WorkspaceID: ws.ID, ARN: r.ARN(ws.ID), Status: statusShape{Code: ws.Status}, Tags: ws.Tags, KMSKeyARN: ws.KMSKeyARN,
		}}, nil
	})
}

func (r *Registry) describeWorkspace(q request) (any, error) {
	ws, err := r.visible(q)
	if err != nil {
		return nil, err
	}
	shape := r.shape(ws)
	// With a slash at its end: users append api/v1/... to it [O, moto].
	shape.Endpoint = q.BaseURL + "/workspaces/" + ws.ID + "/"
	return describeOutput{shape}, nil
}

// visible checks what the path names and returns the workspace.
func (r *Registry) visible(q request) (*Workspace, error) {
	var c checker
	c.path(q.Call)
	if err := c.err(); err != nil {
		return nil, err
	}
	ws, ok := r.find(q.WorkspaceID)
	if !ok {
		return nil, notFound(q.WorkspaceID)
	}
	return ws, nil
}

// listWorkspaces lists those that are being created or deleted too; the filter
// is the beginning of the alias [D].
func (r *Registry) listWorkspaces(q request) (any, error) {
	var c checker
	window := c.window(q.query)
	var alias string
	if a := q.optional("alias"); a != nil {
		alias = c.alias(*a)
	}
	if err := c.err(); err != nil {
		return nil, err
	}
	var found []*Workspace
	for _, ws := range r.All() {
		if strings.HasPrefix(ws.Alias, alias) {
			found = append(found, ws)
		}
	}
	page, next := paginate(found, window, (*Workspace).cursor)
	out := listOutput{Workspaces: make([]workspaceShape, 0, len(page)), NextToken: next}
	for _, ws := range page {
		out.Workspaces = append(out.Workspaces, r.shape(ws))
	}
	return out, nil
}

// updateAlias gives the workspace another alias. Without one the workspace loses
// the one it has [D member is optional; effect I].
func (r *Registry) updateAlias(q request) (any, error) {
	var in struct {
		Alias       *string `json:"alias"`
		ClientToken *string `json:"clientToken"`
	}
	if err := q.decode(&in); err != nil {
		return nil, err
	}
	var c checker
	c.path(q.Call)
	var alias string
	if in.Alias != nil {
		alias = c.alias(*in.Alias)
	}
	c.clientToken(in.ClientToken)
	if err := c.err(); err != nil {
		return nil, err
	}
	return r.once(q, in.ClientToken, func(s *state) (answer, error) {
		ws, err := r.active(s, q.WorkspaceID)
		if err != nil {
			return answer{}, err
		}
		ws.Alias = alias
		return answer{}, nil
	})
}

// deleteWorkspace starts the deletion of a workspace, of all below it and of its
// samples. The workspace is shown as DELETING for a while and then not found,
// which is what the SDK's waiter WorkspaceDeleted looks for [D waiters].
func (r *Registry) deleteWorkspace(q request) (any, error) {
	id, pending := q.WorkspaceID, false
	_, err := r.remove(q, func(s *state) error {
		if ws, ok := s.Workspaces[id]; ok && ws.Status == StatusDeleting && !ws.Erased {
			pending = true // an erasure that failed is tried again
			return nil
		}
		ws, err := r.active(s, id)
		if err != nil {
			return err
		}
		ws.Status, ws.DeletedAt = StatusDeleting, r.cfg.Now().UTC()
		s.removeOwned(id, r.cfg.Now())
		pending = true
		return nil
	})
	if err == nil && pending {
		r.erase(id)
	}
	return nil, err
}

// active returns the workspace in s that a change is asked for. One that is not
// ACTIVE cannot be changed, nor anything below it [I from the declared
// ConflictException].
func (r *Registry) active(s *state, id string) (*Workspace, error) {
	ws, ok := s.Workspaces[id]
	if !ok {
		return nil, notFound(id)
	}
	if seen, _ := r.view(ws, r.cfg.Now()); seen == nil || seen.Status != StatusActive {
		return nil, awsapi.Conflict("Workspace is not in ACTIVE state", ResourceType, id)
	}
	ws.Status = StatusActive
	return ws, nil
}

// notFound is the answer about a workspace that is not there
// [D type and members; O text, moto].
func notFound(id string) error { return awsapi.NotFound("Workspace not found", ResourceType, id) }

// The wire shapes [D botocore model].

type createOutput struct {
	WorkspaceID string            `json:"workspaceId"`
	ARN         string            `json:"arn"`
	Status      statusShape       `json:"status"`
	Tags        map[string]string `json:"tags,omitempty"`
	KMSKeyARN   string            `json:"kmsKeyArn,omitempty"`
}

type workspaceShape struct {
	WorkspaceID string            `json:"workspaceId"`
	Alias       string            `json:"alias,omitempty"`
	ARN         string            `json:"arn"`
	Status      statusShape       `json:"status"`
	Endpoint    string            `json:"prometheusEndpoint,omitempty"` // not in lists [D]
	CreatedAt   epochSeconds      `json:"createdAt"`
	Tags        map[string]string `json:"tags,omitempty"`
	KMSKeyARN   string            `json:"kmsKeyArn,omitempty"`
}

type describeOutput struct {
	Workspace workspaceShape `json:"workspace"`
}

type listOutput struct {
	Workspaces []workspaceShape `json:"workspaces"`
	NextToken  string           `json:"nextToken,omitempty"`
}

func (r *Registry) shape(ws *Workspace) workspaceShape {
	return workspaceShape{
		WorkspaceID: ws.ID, Alias: ws.Alias, ARN: r.ARN(ws.ID), Status: statusShape{Code: ws.Status},
		CreatedAt: epochSeconds(ws.CreatedAt), Tags: ws.Tags, KMSKeyARN: ws.KMSKeyARN,
	}
}
