package conformance

import (
	"context"
	"encoding/base64"
	"net/http"
	"net/url"

	"github.com/prometheus/common/promslog"
	"github.com/prometheus/prometheus/config"
	"go.yaml.in/yaml/v3"
)

// noScraper is the id of a scraper that is not there.
const noScraper = "s-00000000-0000-4000-8000-000000000000"

// scraperChecks make no scraper: that takes an EKS cluster, and costs.
func scraperChecks() []Check {
	return []Check{
		mustModel("scraper.default-configuration", "GetDefaultScraperConfiguration gives a file with jobs, in base64.",
			"API model [D]", func(_ context.Context, t *T) {
				var file struct {
					Jobs []struct {
						Name string `yaml:"job_name"`
					} `yaml:"scrape_configs"`
				}
				a, raw := t.defaultScraper()
				if err := yaml.Unmarshal(raw, &file); err != nil || len(file.Jobs) == 0 {
					t.Fatalf("expected YAML with scrape_configs (%v); %s", err, a)
				}
				for i, job := range file.Jobs {
					if job.Name == "" {
						t.Errorf("expected a job_name, job %d of scrape_configs has none; %s", i, a)
					}
				}
			}),
		shouldModel("scraper.default-configuration-is-prometheus", "Prometheus can read what GetDefaultScraperConfiguration gives.",
			"user guide AMP-collector-how-to: configuration compatible with Prometheus [D]; all of it [I]", func(_ context.Context, t *T) {
				a, raw := t.defaultScraper()
				var file struct {
					Jobs []map[string]any `yaml:"scrape_configs"`
				}
				if err := yaml.Unmarshal(raw, &file); err != nil {
					t.Fatalf("expected YAML (%v); %s", err, a)
				}
				for _, job := range file.Jobs { // what finds targets is compiled into few programs
					delete(job, "kubernetes_sd_configs")
				}
				plain, err := yaml.Marshal(map[string]any{"scrape_configs": file.Jobs})
				if err == nil {
					_, err = config.Load(string(plain), promslog.NewNopLogger())
				}
				if err != nil {
					t.Errorf("expected Prometheus to read it: %v; %s", err, a)
				}
			}),
		mustModel("scraper.list", "ListScrapers answers 200 with a list.",
			"API model [D]", func(_ context.Context, t *T) {
				t.Do(Get("/scrapers")).RequireStatus(http.StatusOK).Len("scrapers")
			}),
		mustModel("scraper.list-filter", "ListScrapers with filters that no scraper passes is an empty list.",
			"SDK, ListScrapersInput.Filters [D]", func(_ context.Context, t *T) {
				q := url.Values{"alias": {t.Name("a"), t.Name("b")}, "status": {"ACTIVE"}, "destinationArn": {t.Workspace().ARN()}}
				t.Do(Get("/scrapers?"+q.Encode())).ExpectStatus(http.StatusOK).ExpectJSON("scrapers", []any{}).ExpectNoJSON("nextToken")
			}),
		shouldModel("scraper.list-unknown-filter", "ListScrapers with a filter that it does not have is refused with 400 ValidationException.",
			"SDK, ListScrapersInput.Filters: list of keys [D]; refusal [I]", func(_ context.Context, t *T) {
				t.Do(Get("/scrapers?colour=red")).ExpectException(http.StatusBadRequest, "ValidationException")
			}),
	}
}

func (t *T) defaultScraper() (Answer, []byte) {
	a := t.Do(Get("/scraperconfiguration")).RequireStatus(http.StatusOK)
	raw, err := base64.StdEncoding.DecodeString(a.Text("configuration"))
	if err != nil {
		t.Fatalf("expected base64 (%v); %s", err, a)
	}
	return a, raw
}
