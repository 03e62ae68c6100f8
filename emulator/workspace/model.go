package workspace

import (
	"maps"
	"time"

	"github.com/google/uuid"
)

// ResourceType is what errors call a workspace. It is moto's spelling, which is
// CloudFormation's; the real service's is not confirmed [O].
const ResourceType = "AWS::APS::Workspace"

// Workspace is one workspace as it is kept and as callers see it.
type Workspace struct {
	ID        string            `json:"id"`
	Alias     string            `json:"alias,omitempty"`
	Status    Status            `json:"status"`
	KMSKeyARN string            `json:"kmsKeyArn,omitempty"`
	Tags      map[string]string `json:"tags,omitempty"`
	CreatedAt time.Time         `json:"createdAt"`
	// DeletedAt is when DeleteWorkspace was called, zero before.
	DeletedAt time.Time `json:"deletedAt,omitzero"`
	// Erased says that the samples of a deleted workspace are gone. Until then
	// the workspace stays in DELETING.
	Erased bool `json:"erased,omitempty"`
}

// NewID returns a fresh workspace id: ws- and a lower-case UUID version 4
// [D examples].
func NewID() string { return "ws-" + uuid.NewString() }

// clone returns a copy that shares nothing with w.
func (w *Workspace) clone() *Workspace {
	c := *w
	c.Tags = maps.Clone(w.Tags)
	return &c
}

func (w *Workspace) cursor() cursor { return cursor{CreatedAt: w.CreatedAt, ID: w.ID} }
