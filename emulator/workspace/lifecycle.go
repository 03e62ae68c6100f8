package workspace

import (
	"context"
	"strings"

	"github.com/ampersand-amp/ampersand/emulator/awsapi"
)

// CreateInput is what CreateWorkspace takes. A nil member is an absent one [D].
type CreateInput struct {
	Alias       *string           `json:"alias"`
	ClientToken *string           `json:"clientToken"`
	Tags        map[string]string `json:"tags"`
	KMSKeyARN   *string           `json:"kmsKeyArn"`
}

// Create makes a workspace. The result says CREATING, as the real service's
// does [D].
func (r *Registry) Create(in CreateInput) (*Workspace, error) {
	var c checker
	var alias, kmsKey string
	if in.Alias != nil {
		alias = c.alias(*in.Alias)
	}
	if in.KMSKeyARN != nil {
		kmsKey = *in.KMSKeyARN
		c.kmsKey(kmsKey)
	}
	c.clientToken(in.ClientToken)
	c.tags(in.Tags)
	if err := c.err(); err != nil {
		return nil, err
	}

	once := newIdempotency(CreateWorkspace, in.ClientToken, alias, kmsKey, in.Tags)
	var out *Workspace
	err := r.update(func(s *state) error {
		id, ok, err := once.seen(s, r.cfg.Now())
		if err != nil {
			return err
		}
		if ok && s.Workspaces[id] != nil {
			out = s.Workspaces[id]
			return nil
		}
		if out, err = r.add(s, NewID()); err != nil {
			return err
		}
		out.Alias, out.KMSKeyARN = alias, kmsKey
		if len(in.Tags) > 0 {
			out.Tags = in.Tags
		}
		once.record(s, out.ID, r.cfg.Now())
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out.clone(), nil
}

// Describe returns one workspace.
func (r *Registry) Describe(id string) (*Workspace, error) {
	var c checker
	c.id(id)
	if err := c.err(); err != nil {
		return nil, err
	}
	ws, ok := r.find(id)
	if !ok {
		return nil, notFound(id)
	}
	return ws, nil
}

// ListInput is what ListWorkspaces takes. A nil member is an absent one [D].
type ListInput struct {
	Alias      *string
	NextToken  *string
	MaxResults *int
}

// Page is one page of ListWorkspaces.
type Page struct {
	Workspaces []*Workspace
	// NextToken is empty on the last page.
	NextToken string
}

// List returns one page of the workspaces, those that are being created or
// deleted included, whose alias begins with the filter [D].
func (r *Registry) List(in ListInput) (Page, error) {
	size := defaultPageSize
	var alias string
	var c checker
	if in.MaxResults != nil {
		if size = *in.MaxResults; size < 1 || size > maxPageSize {
			c.fail("maxResults", "Member must be between 1 and 1000, inclusive")
		}
	}
	if in.Alias != nil {
		alias = c.alias(*in.Alias)
	}
	if in.NextToken != nil {
		c.length("nextToken", *in.NextToken, 0, maxPageToken)
	}
	if err := c.err(); err != nil {
		return Page{}, err
	}
	var after cursor
	if in.NextToken != nil && *in.NextToken != "" {
		var err error
		if after, err = parseCursor(*in.NextToken); err != nil {
			return Page{}, err
		}
	}

	var page Page
	for _, ws := range r.All() {
		if !strings.HasPrefix(ws.Alias, alias) || after.ID != "" && cursorOf(ws).compare(after) <= 0 {
			continue
		}
		if len(page.Workspaces) == size {
			page.NextToken = cursorOf(page.Workspaces[size-1]).token()
			break
		}
		page.Workspaces = append(page.Workspaces, ws)
	}
	return page, nil
}

// UpdateAliasInput is what UpdateWorkspaceAlias takes besides the id. Without an
// alias the workspace loses the one it has [D member is optional; effect I].
type UpdateAliasInput struct {
	Alias       *string `json:"alias"`
	ClientToken *string `json:"clientToken"`
}

// UpdateAlias gives the workspace another alias.
func (r *Registry) UpdateAlias(id string, in UpdateAliasInput) error {
	var c checker
	c.id(id)
	var alias string
	if in.Alias != nil {
		alias = c.alias(*in.Alias)
	}
	c.clientToken(in.ClientToken)
	if err := c.err(); err != nil {
		return err
	}
	once := newIdempotency(UpdateWorkspaceAlias, in.ClientToken, id, alias)
	return r.update(func(s *state) error {
		if _, ok, err := once.seen(s, r.cfg.Now()); ok || err != nil {
			return err
		}
		ws, err := r.active(s, id)
		if err != nil {
			return err
		}
		ws.Alias = alias
		once.record(s, id, r.cfg.Now())
		return nil
	})
}

// Delete starts the deletion of a workspace and of its samples. The workspace is
// shown as DELETING for a while and then not found, which is what the SDK's
// waiter WorkspaceDeleted looks for [D waiters].
func (r *Registry) Delete(id string, clientToken *string) error {
	var c checker
	c.id(id)
	c.clientToken(clientToken)
	if err := c.err(); err != nil {
		return err
	}
	once := newIdempotency(DeleteWorkspace, clientToken, id)
	pending := false
	err := r.update(func(s *state) error {
		_, again, err := once.seen(s, r.cfg.Now())
		if err != nil {
			return err
		}
		ws, ok := s.Workspaces[id]
		switch {
		case ok && ws.Status == StatusDeleting && !ws.Erased:
			pending = true // an erasure that failed is tried again
			return nil
		case again:
			return nil
		}
		if ws, err = r.active(s, id); err != nil {
			return err
		}
		ws.Status, ws.DeletedAt = StatusDeleting, r.cfg.Now().UTC()
		once.record(s, id, r.cfg.Now())
		pending = true
		return nil
	})
	if err == nil && pending {
		r.erase(id)
	}
	return err
}

// Reset deletes every workspace, without the time in DELETING, and returns when
// their samples are erased. It is the emulator's own operation, not one of
// AWS's.
func (r *Registry) Reset(ctx context.Context) error {
	var ids []string
	err := r.update(func(s *state) error {
		for id, ws := range s.Workspaces {
			ws.Status, ws.DeletedAt, ws.Erased = StatusDeleting, r.cfg.Now().UTC(), false
			ids = append(ids, id)
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, id := range ids {
		if err := r.removeData(ctx, id); err != nil {
			return awsapi.Internal(err)
		}
	}
	return r.update(func(s *state) error {
		for _, id := range ids {
			delete(s.Workspaces, id)
		}
		clear(s.Tokens)
		return nil
	})
}

// active returns the workspace in s that a change is asked for. One that is not
// ACTIVE cannot be changed [I from the declared ConflictException].
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
