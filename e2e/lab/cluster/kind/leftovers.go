package kind

import (
	"context"
	"errors"
	"fmt"
	"strings"
)

// Leftovers returns the names of the clusters that an owner's labs have made and that are still there.
func Leftovers(ctx context.Context, owner string) ([]string, error) {
	names, err := words(ctx, "network", "ls", "--filter", "label="+ownerLabel+"="+owner, "--format", "{{.Name}}")
	if err != nil {
		return nil, fmt.Errorf("look for clusters that were left behind: %w", err)
	}
	return names, nil
}

// RemoveLeftovers removes the clusters of an owner's labs that were killed, and returns their names. Those whose lab
// lives and those that were kept on purpose stay.
func RemoveLeftovers(ctx context.Context, owner string, alive func(name string) bool) ([]string, error) {
	names, err := Leftovers(ctx, owner)
	if err != nil {
		return nil, err
	}
	var removed []string
	var errs []error
	for _, name := range names {
		if strings.HasPrefix(name, KeepPrefix) || alive(name) {
			continue
		}
		if err := remove(ctx, name); err != nil {
			errs = append(errs, fmt.Errorf("remove the cluster %s, which was left behind: %w", name, err))
			continue
		}
		removed = append(removed, name)
	}
	return removed, errors.Join(errs...)
}
