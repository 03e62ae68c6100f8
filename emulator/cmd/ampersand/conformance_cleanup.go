package main

import (
	"context"
	"fmt"
	"time"

	"github.com/ampersand-amp/ampersand/e2e/conformance"
)

// removeLeftovers removes what earlier runs left at the target, after asking.
func (f *conformanceFlags) removeLeftovers(ctx context.Context, env lookup, at conformance.Target) error {
	var err error
	if at.Credentials, err = f.at.credentials(ctx, env, at.Credentials, f.stderr); err != nil {
		return err
	}
	all, err := conformance.Leftovers(ctx, at)
	if err != nil {
		return fmt.Errorf("look for what earlier runs left: %w", err)
	}
	byAge(all)
	var sure []conformance.Leftover
	for _, l := range all {
		about := fmt.Sprintf("%s  %s  created %s", l.ID, l.Alias, l.Created.UTC().Format(time.RFC3339))
		if !l.Sure {
			_, _ = fmt.Fprintf(f.stderr, "%s: only one of its alias and its tags says that a run made it, so it stays\n", about)
			continue
		}
		_, _ = fmt.Fprintf(f.stderr, "%s: left by run %s\n", about, l.Run)
		sure = append(sure, l)
	}
	if len(sure) == 0 {
		_, err := fmt.Fprintf(f.stdout, "Nothing to remove at %s.\n", at.Name)
		return err
	}
	if err := f.confirm(ctx, fmt.Sprintf("Remove %s from %s? A run in progress would lose its own.", counted(len(sure), "workspace"), at.Name)); err != nil {
		return err
	}
	if err := conformance.RemoveLeftovers(ctx, at, sure); err != nil {
		return fmt.Errorf("remove what earlier runs left: %w", err)
	}
	_, err = fmt.Fprintf(f.stdout, "Removed %s.\n", counted(len(sure), "workspace"))
	return err
}
