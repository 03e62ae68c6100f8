package doctor

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strings"

	"github.com/prometheus/prometheus/promql/parser"

	"github.com/ampersand-amp/ampersand/e2e/check"
)

// store asks the triggers' servers: whether they answer, have the pods' samples, and yield what KEDA can read.
func (e *examiner) store(ctx context.Context, s *subject) []Hop {
	if len(s.triggers) == 0 {
		why := "the ScaledObject has no trigger of type prometheus"
		return []Hop{unknown(HopServer, "%s", why), unknown(HopSamples, "%s", why), unknown(HopResult, "%s", why)}
	}
	var hops []Hop
	for _, t := range s.triggers {
		next := e.trigger(ctx, s, t)
		if len(hops) == 0 || newChain("", "", next).Verdict != nil {
			hops = next
		}
		if newChain("", "", hops).Verdict != nil {
			break
		}
	}
	return hops
}

// trigger examines one trigger's server.
func (e *examiner) trigger(ctx context.Context, s *subject, t check.Trigger) []Hop {
	signer := e.signer(t)
	way, err := e.reach(ctx, t, signer != nil)
	if errors.Is(err, errNoPod) {
		hop := broken(HopServer, "Look at the pods behind the Service, its selector and its ports.", "%s", err)
		return []Hop{hop, unknown(HopSamples, "the server was not asked"), unknown(HopResult, "the server was not asked")}
	}
	if err != nil {
		return []Hop{unknown(HopServer, "%s", err), unknown(HopSamples, "the server was not asked"), unknown(HopResult, "the server was not asked")}
	}
	defer way.close()
	how := way.how
	if signer != nil {
		how += ", signed"
	}
	ask := func(query string) (check.Answer, error) {
		q := t
		q.Query = query
		return check.Ask(ctx, way.client, signer, q, way.address, e.Now())
	}
	answer, err := ask(t.Query)
	if hop := judge(t, answer, err, how); hop.State != OK {
		return []Hop{hop, unknown(HopSamples, "the server refuses the query"), unknown(HopResult, "the server refuses the query")}
	}
	server := ok(HopServer, "%s answers 200 (%s)", t.ServerAddress, how)
	if s.targetErr == nil && s.wanted == 0 && answer.Kind == "vector" && answer.Null() != "" {
		why := "the result is " + answer.Null() + ", as it may be while the workload is scaled to 0"
		return []Hop{server, unknown(HopSamples, "%s", why), unknown(HopResult, "%s", why)}
	}
	return []Hop{server, s.samples(t, ask), result(t, answer)}
}

// judge says whether a server takes the query.
func judge(t check.Trigger, answer check.Answer, err error, how string) Hop {
	switch {
	case err != nil && answer.Status == 0:
		return broken(HopServer, "Look at address, Service and network; the name may be one of the cluster's that is not known here.", "%s does not answer (%s): %s", t.ServerAddress, how, err)
	case err != nil:
		return broken(HopServer, "serverAddress must be that of a Prometheus API.", "%s: %s", t.ServerAddress, err)
	case answer.Status < 200 || answer.Status > 299:
		do := "The answer says why; KEDA hides it."
		switch {
		case answer.Status == http.StatusForbidden:
			do = "Look at region, credentials and policy of whoever signs (aps:QueryMetrics); `ampersand explain` says more about an emulator's refusal."
		case strings.Contains(answer.Body, `"kind":"Status"`):
			do = "The API server answers for the Service: look at its name, port and endpoints."
		}
		return broken(HopServer, do, "%s answers %d (%s): %s", t.ServerAddress, answer.Status, how, answer.Body)
	}
	return Hop{State: OK}
}

// result judges what KEDA would read.
func result(t check.Trigger, answer check.Answer) Hop {
	switch null := answer.Null(); {
	case answer.Kind != "vector":
		return broken(HopResult, "Write a query that yields a vector.", "the result is a %s", answer.Kind)
	case len(answer.Series) > 1:
		return broken(HopResult, "Aggregate: sum(...).", "the query yields %d elements, which differ in %s; KEDA takes one", len(answer.Series), strings.Join(answer.Differing(), ", "))
	case null != "":
		as := "0"
		if !t.EmptyIsZero {
			as = "a failure"
		}
		return broken(HopResult, "Compare the query's names and labels with what is in the store (the hop before).", "the result is %s, which KEDA takes for %s", null, as)
	}
	return ok(HopResult, "one element, %v", answer.Values[0])
}

// samples looks for the pods' samples: by `up`, which each scrape writes, and by the query's own selectors.
func (s *subject) samples(t check.Trigger, ask func(string) (check.Answer, error)) Hop {
	var texts []string
	if query := s.upQuery(); query != "" {
		answer, err := ask(query)
		if err != nil || answer.Status != http.StatusOK {
			return unknown(HopSamples, "up was not answered: %d %v", answer.Status, err)
		}
		up := 0
		for i, value := range answer.Values {
			if value == 1 {
				up++
				continue
			}
			texts = append(texts, fmt.Sprintf("%s is down", answer.Series[i]["instance"]))
		}
		if len(answer.Values) > 0 && up == 0 {
			return broken(HopSamples, "The collector finds the pods and cannot scrape them: look at port, path and network policy.", "no scrape of the pods succeeds: %s", strings.Join(texts, ", "))
		}
		texts = append([]string{fmt.Sprintf("up is 1 for %d targets of the pods", up)}, texts...)
		if len(answer.Values) == 0 {
			texts = []string{"there is no up of the pods"}
		}
	}
	found, missing := 0, []string{}
	for _, selector := range selectors(t.Query) {
		answer, err := ask("count(" + selector + ")")
		if err != nil || answer.Status != http.StatusOK {
			return unknown(HopSamples, "%s was not answered: %d %v", selector, answer.Status, err)
		}
		if answer.Null() == "empty" {
			missing = append(missing, selector)
			continue
		}
		found++
		texts = append(texts, fmt.Sprintf("%s has %v series", selector, answer.Values[0]))
	}
	if found == 0 && len(missing) > 0 {
		return broken(HopSamples, "Look at what the collector scrapes and drops, and at the names and labels in the query.", "nothing in the store matches %s; %s", strings.Join(missing, ", "), strings.Join(texts, ", "))
	}
	return ok(HopSamples, "%s", strings.Join(texts, ", "))
}

// upQuery asks for the up of the workload's pods, by the labels that collectors usually give, or by address.
func (s *subject) upQuery() string {
	var names, addresses []string
	for _, p := range s.running {
		names = append(names, regexp.QuoteMeta(p.Name))
		if p.Status.PodIP != "" {
			addresses = append(addresses, regexp.QuoteMeta(p.Status.PodIP)+":.*")
		}
	}
	if len(names) == 0 {
		return ""
	}
	var parts []string
	for _, label := range []string{"pod", "k8s_pod", "k8s_pod_name", "kubernetes_pod_name"} {
		parts = append(parts, fmt.Sprintf("up{%s=~%q}", label, strings.Join(names, "|")))
	}
	if len(addresses) > 0 {
		parts = append(parts, fmt.Sprintf("up{instance=~%q}", strings.Join(addresses, "|")))
	}
	return strings.Join(parts, " or ")
}

// selectors are those of a query, each once.
func selectors(query string) []string {
	e, err := parser.NewParser(parser.Options{}).ParseExpr(query)
	if err != nil {
		return nil
	}
	seen := map[string]bool{}
	var all []string
	parser.Inspect(e, func(n parser.Node, _ []parser.Node) error {
		if s, ok := n.(*parser.VectorSelector); ok && !seen[s.String()] {
			seen[s.String()] = true
			all = append(all, s.String())
		}
		return nil
	})
	return all
}
