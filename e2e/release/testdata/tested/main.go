// Command tested is a small program that is made of modules.
package main

import (
	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"
)

func main() {
	var group errgroup.Group
	group.Go(func() error { print(uuid.Nil.String()); return nil })
	_ = group.Wait()
}
