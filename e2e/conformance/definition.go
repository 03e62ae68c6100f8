package conformance

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/amp"
	"github.com/aws/aws-sdk-go-v2/service/amp/types"
)

// DefineRules creates a rule namespace of a Prometheus rule file, waits until it
// is ACTIVE, and removes it after the check. That it does not get there is fatal.
func (w *Workspace) DefineRules(name, file string) {
	client := w.t.Control()
	_, err := client.CreateRuleGroupsNamespace(w.t.ctx, &amp.CreateRuleGroupsNamespaceInput{
		WorkspaceId: &w.id, Name: &name, Data: []byte(file),
	})
	if err != nil {
		w.t.Fatalf("create rule namespace %s: %v", name, err)
	}
	w.t.Cleanup(func(ctx context.Context) error { return w.RemoveRules(ctx, name) })
	w.t.active("rule namespace "+name, func() (string, *string, error) {
		out, err := client.DescribeRuleGroupsNamespace(w.t.ctx, &amp.DescribeRuleGroupsNamespaceInput{WorkspaceId: &w.id, Name: &name})
		if err != nil {
			return "", nil, err
		}
		s := out.RuleGroupsNamespace.Status
		return string(s.StatusCode), s.StatusReason, nil
	})
}

// RemoveRules deletes a rule namespace, if it is there, and returns when it is
// gone: for the Cleanup of a check that creates one by hand.
func (w *Workspace) RemoveRules(ctx context.Context, name string) error {
	client := w.t.Control()
	err := untilGone(ctx, func() error {
		_, err := client.DeleteRuleGroupsNamespace(ctx, &amp.DeleteRuleGroupsNamespaceInput{WorkspaceId: &w.id, Name: &name})
		return err
	})
	if err != nil {
		return fmt.Errorf("delete rule namespace %s: %w", name, err)
	}
	return nil
}

// DefineAlertManager creates the alert manager definition of a file with
// alertmanager_config in it, waits until it is ACTIVE, and removes it after the
// check. That it does not get there is fatal.
func (w *Workspace) DefineAlertManager(file string) {
	client := w.t.Control()
	_, err := client.CreateAlertManagerDefinition(w.t.ctx, &amp.CreateAlertManagerDefinitionInput{
		WorkspaceId: &w.id, Data: []byte(file),
	})
	if err != nil {
		w.t.Fatalf("create the alert manager definition: %v", err)
	}
	w.t.Cleanup(w.RemoveAlertManager)
	w.t.active("the alert manager definition", func() (string, *string, error) {
		out, err := client.DescribeAlertManagerDefinition(w.t.ctx, &amp.DescribeAlertManagerDefinitionInput{WorkspaceId: &w.id})
		if err != nil {
			return "", nil, err
		}
		s := out.AlertManagerDefinition.Status
		return string(s.StatusCode), s.StatusReason, nil
	})
}

// RemoveAlertManager deletes the alert manager definition, if there is one, and
// returns when it is gone.
func (w *Workspace) RemoveAlertManager(ctx context.Context) error {
	client := w.t.Control()
	err := untilGone(ctx, func() error {
		_, err := client.DeleteAlertManagerDefinition(ctx, &amp.DeleteAlertManagerDefinitionInput{WorkspaceId: &w.id})
		return err
	})
	if err != nil {
		return fmt.Errorf("delete the alert manager definition: %w", err)
	}
	return nil
}

// active waits until a resource is ACTIVE. A definition is put into effect by
// the same machinery as a workspace, and gets as long.
func (t *T) active(what string, status func() (code string, reason *string, err error)) {
	t.within(activeTime, what+" becomes ACTIVE", func() error {
		code, reason, err := status()
		switch {
		case err != nil:
			return fmt.Errorf("describe: %w", err)
		case code == "ACTIVE":
			return nil
		case reason != nil:
			return fmt.Errorf("it is %s: %s", code, *reason)
		default:
			return fmt.Errorf("it is %s", code)
		}
	})
}

// untilGone deletes something until it is not found. A conflict is a change in
// progress, the deletion itself among them.
func untilGone(ctx context.Context, remove func() error) error {
	pause := 20 * time.Millisecond
	for {
		err := remove()
		var (
			gone *types.ResourceNotFoundException
			busy *types.ConflictException
		)
		switch {
		case errors.As(err, &gone):
			return nil
		case err != nil && !errors.As(err, &busy):
			return err
		}
		next := time.NewTimer(pause)
		select {
		case <-next.C:
			pause = min(2*pause, 2*time.Second)
		case <-ctx.Done():
			next.Stop()
			return fmt.Errorf("it is still there: %w", errors.Join(ctx.Err(), err))
		}
	}
}
