package main

import (
	"fmt"
	"io"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/ampersand-amp/ampersand/emulator/quota"
)

// newQuotas lists what --quota takes.
func newQuotas(stdout io.Writer) *cobra.Command {
	return &cobra.Command{
		Use:   "quotas",
		Short: "List the quotas and AMP's defaults",
		Long: "List the names that `ampersand serve --quota` and /_ampersand/api/quotas take, with\n" +
			"AMP's defaults and the quotas' codes in Service Quotas. A value is a number,\n" +
			"a size (512KiB), a time (90s, 32d), \"unlimited\" or \"default\".",
		Args: noArgs,
		RunE: func(*cobra.Command, []string) error {
			w := tabwriter.NewWriter(stdout, 0, 0, 2, ' ', 0)
			_, _ = fmt.Fprintln(w, "NAME\tDEFAULT\tCODE\tLIMITS") // Flush tells
			for _, v := range quota.New().List() {
				_, _ = fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", v.Name, v.Default, v.Code, v.Description)
			}
			if err := w.Flush(); err != nil {
				return fmt.Errorf("print the quotas: %w", err)
			}
			return nil
		},
	}
}
