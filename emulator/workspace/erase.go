package workspace

import (
	"context"
	"fmt"

	"github.com/ampersand-amp/ampersand/emulator/awsapi"
)

// erase removes the samples of a workspace that is DELETING, in the background,
// because readers at work finish first, and then says so in the file.
func (r *Registry) erase(id string) {
	r.erasing.Go(func() {
		if err := r.removeData(r.ctx, id); err != nil {
			r.cfg.Logger.Error("samples of a deleted workspace could not be erased; it stays in DELETING until it is deleted again or the emulator restarts",
				"workspace", id, "error", err)
			return
		}
		if err := r.erased(id); err != nil {
			r.cfg.Logger.Error("the end of a deletion could not be written", "workspace", id, "error", err)
		}
	})
}

// erased notes that the samples of a workspace are gone.
func (r *Registry) erased(id string) error {
	return r.update(func(s *state) error {
		if ws, ok := s.Workspaces[id]; ok && ws.Status == StatusDeleting {
			ws.Erased = true
		}
		return nil
	})
}

// removeData erases what is stored of a workspace that was marked as DELETING.
func (r *Registry) removeData(ctx context.Context, id string) error {
	// Wait for those who found it before it was marked and are opening it.
	r.held.Lock()
	r.held.Unlock() //nolint:staticcheck // a barrier, nothing to do inside
	if err := r.cfg.Data.Remove(ctx, id); err != nil {
		return fmt.Errorf("erase samples of %s: %w", id, err)
	}
	return nil
}

// Reset deletes everything the control plane holds, without the time in
// DELETING, and returns when the samples are erased. It is the emulator's own
// operation, not one of AWS's.
func (r *Registry) Reset(ctx context.Context) error {
	var ids []string
	err := r.update(func(s *state) error {
		now := r.cfg.Now()
		for id, ws := range s.Workspaces {
			ws.Status, ws.DeletedAt, ws.Erased = StatusDeleting, now.UTC(), false
			ids = append(ids, id)
		}
		for _, sh := range s.shelves() {
			for l := range sh.all() {
				sh.drop(l.key())
			}
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
