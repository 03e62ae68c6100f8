package ampcontainer_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"strings"

	"github.com/testcontainers/testcontainers-go"

	"github.com/ampersand-amp/ampersand/emulator/ampcontainer"
)

func ExampleRun() {
	ctx := context.Background()

	ctr, err := ampcontainer.Run(ctx, os.Getenv("AMPERSAND_IMAGE"), // ampersand:latest, as make image makes it
		ampcontainer.WithWorkspace("AMP-KEDA"),
	)
	defer func() {
		if err := testcontainers.TerminateContainer(ctr); err != nil {
			log.Printf("terminate the container: %s", err)
		}
	}()
	if err != nil {
		log.Print(err)
		return
	}

	url, err := ctr.RemoteWriteURL(ctx, "AMP-KEDA")
	if err != nil {
		log.Print(err)
		return
	}
	id, err := ctr.Workspace(ctx, "AMP-KEDA")
	if err != nil {
		log.Print(err)
		return
	}
	fmt.Println(strings.HasSuffix(url, "/workspaces/"+id+"/api/v1/remote_write"))

	// Output:
	// true
}

func ExampleContainer_SetFaults() {
	ctx := context.Background()

	ctr, err := ampcontainer.Run(ctx, os.Getenv("AMPERSAND_IMAGE"),
		ampcontainer.WithFaults(filepath.Join("testdata", "faults.yaml")), // from the start
	)
	defer func() {
		if err := testcontainers.TerminateContainer(ctr); err != nil {
			log.Printf("terminate the container: %s", err)
		}
	}()
	if err != nil {
		log.Print(err)
		return
	}

	fmt.Println(ctr.SetFaults(ctx, `[{name: slow, action: "aps:QueryMetrics", delay: 4s}]`)) // others, from now on
	fmt.Println(ctr.SetFaults(ctx, `[]`))                                                    // none any more

	// Output:
	// <nil>
	// <nil>
}
