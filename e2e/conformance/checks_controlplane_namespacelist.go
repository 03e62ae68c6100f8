package conformance

import (
	"context"
	"net/http"
	"net/url"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/amp"
)

func ruleNamespaceListChecks() []Check {
	return []Check{
		slow(mustModel("rules.list", "ListRuleGroupsNamespaces shows what Describe shows, but no data.",
			"API model, RuleGroupsNamespaceSummary [D]", func(_ context.Context, t *T) {
				ws, name := t.BorrowWorkspace(), t.Name("made")
				ws.DefineRules(name, rulesFileOfOne)
				one := ws.Control(Get("/rulegroupsnamespaces/" + name)).RequireStatus(http.StatusOK)
				t.Eventually("the namespace is listed", func() error {
					a := ws.Control(Get("/rulegroupsnamespaces")).ExpectStatus(http.StatusOK).ExpectNoJSON("ruleGroupsNamespaces.1").
						ExpectNoJSON("ruleGroupsNamespaces.0.data").ExpectNoJSON("nextToken")
					for _, member := range []string{"name", "arn", "status", "createdAt", "modifiedAt"} {
						want, _ := one.JSON("ruleGroupsNamespace." + member)
						a.ExpectJSON("ruleGroupsNamespaces.0."+member, want)
					}
					return nil
				})
			})),
		mustModel("rules.list-empty", "ListRuleGroupsNamespaces of a workspace without any is an empty list.",
			"API model [D]", func(_ context.Context, t *T) {
				t.BorrowWorkspace().Control(Get("/rulegroupsnamespaces")).ExpectStatus(http.StatusOK).
					ExpectJSON("ruleGroupsNamespaces", []any{}).ExpectNoJSON("nextToken")
			}),
		slow(mustModel("rules.list-prefix", "ListRuleGroupsNamespaces with name lists the namespaces whose names begin with it.",
			"SDK, ListRuleGroupsNamespacesInput.Name [D]", func(_ context.Context, t *T) {
				ws := t.BorrowWorkspace()
				for _, name := range []string{"abc", "abd", "xab"} {
					ws.DefineRules(name, rulesFileOfOne)
				}
				for _, want := range [][]string{{"ab", "abc", "abd"}, {"abc", "abc"}, {"b"}, {"abcd"}} {
					prefix, want := want[0], want[1:]
					t.Eventually("the namespaces that begin with "+prefix+" are listed", func() error {
						a := ws.Control(Get("/rulegroupsnamespaces?" + url.Values{"name": {prefix}}.Encode())).RequireStatus(http.StatusOK)
						if got := a.texts("ruleGroupsNamespaces", "name"); text(sortedTexts(got)) != text(want) {
							t.Errorf("expected %q; %s", want, a)
						}
						return nil
					})
				}
			})),
		slow(mustModel("rules.list-pages", "ListRuleGroupsNamespaces gives maxResults namespaces at a time, each once, and no token with the last.",
			"SDK, ListRuleGroupsNamespacesInput.NextToken [D]", listsNamespacesInPages)),
	}
}

func sortedTexts(s []string) []string {
	slices.Sort(s)
	return s
}

func listsNamespacesInPages(ctx context.Context, t *T) {
	ws := t.BorrowWorkspace()
	want := []string{"a", "b", "c"}
	for _, name := range want {
		ws.DefineRules(name, rulesFileOfOne)
	}
	id := ws.ID()
	t.Eventually("all namespaces are in the pages", func() error {
		var got []string
		var sizes []int
		pages := amp.NewListRuleGroupsNamespacesPaginator(t.Control(),
			&amp.ListRuleGroupsNamespacesInput{WorkspaceId: &id, MaxResults: aws.Int32(2)})
		for pages.HasMorePages() {
			page, err := pages.NextPage(ctx)
			if err != nil {
				return err
			}
			sizes = append(sizes, len(page.RuleGroupsNamespaces))
			for _, ns := range page.RuleGroupsNamespaces {
				got = append(got, aws.ToString(ns.Name))
			}
		}
		if text(sortedTexts(got)) != text(want) || slices.Max(sizes) > 2 || len(sizes) < 2 {
			t.Errorf("expected %q in pages of two at most, got %q in pages of %d", want, got, sizes)
		}
		return nil
	})
}
