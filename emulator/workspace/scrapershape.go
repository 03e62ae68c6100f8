package workspace

import (
	"fmt"
	"regexp"
	"strings"

	"sigs.k8s.io/yaml"
)

// What scrapers are made of, as the protocol writes it [D].

// scrapeConfiguration is a union with one member.
type scrapeConfiguration struct {
	Blob []byte `json:"configurationBlob"`
}

// scrapeSource is a union.
type scrapeSource struct {
	EKS *eksSource `json:"eksConfiguration,omitempty"`
	VPC *vpcSource `json:"vpcConfiguration,omitempty"`
}

type eksSource struct {
	ClusterARN     *string  `json:"clusterArn"`
	SecurityGroups []string `json:"securityGroupIds,omitempty"`
	Subnets        []string `json:"subnetIds"`
}

type vpcSource struct {
	SecurityGroups []string `json:"securityGroupIds"`
	Subnets        []string `json:"subnetIds"`
}

// scrapeDestination is a union.
type scrapeDestination struct {
	AMP        *ampDestination        `json:"ampConfiguration,omitempty"`
	CloudWatch *cloudWatchDestination `json:"cloudWatchConfiguration,omitempty"`
}

type ampDestination struct {
	WorkspaceARN *string `json:"workspaceArn"`
}

type cloudWatchDestination struct {
	DatasetARN *string `json:"datasetArn"`
}

type scrapeRoles struct {
	Source *string `json:"sourceRoleArn,omitempty"`
	Target *string `json:"targetRoleArn,omitempty"`
}

// scrapeExporter is a union.
type scrapeExporter struct {
	OpenSearch *openSearchExporter `json:"openSearchConfiguration,omitempty"`
	Kafka      *kafkaExporter      `json:"kafkaConfiguration,omitempty"`
}

type openSearchExporter struct {
	DomainARN *string `json:"domainArn"`
}

type kafkaExporter struct {
	ClusterARN     *string `json:"clusterArn"`
	TopicFilter    *string `json:"topicFilter,omitempty"`
	ConsumerFilter *string `json:"consumerGroupFilter,omitempty"`
}

// arn returns the ARN that scrapers can be listed by; a VPC has none.
func (s scrapeSource) arn() string {
	if s.EKS == nil {
		return ""
	}
	return *s.EKS.ClusterARN
}

// arn returns the ARN of where the samples go.
func (d scrapeDestination) arn() string {
	if d.AMP != nil {
		return *d.AMP.WorkspaceARN
	}
	return *d.CloudWatch.DatasetARN
}

func (c *checker) scrapeSource(s scrapeSource) {
	if !c.one("source", s.EKS != nil, s.VPC != nil) {
		return
	}
	if s.VPC != nil {
		c.idList("source.vpcConfiguration.subnetIds", s.VPC.Subnets, true, subnetPattern)
		c.idList("source.vpcConfiguration.securityGroupIds", s.VPC.SecurityGroups, true, groupPattern)
		return
	}
	c.required("source.eksConfiguration.clusterArn", s.EKS.ClusterARN, rule{pattern: clusterPattern})
	c.idList("source.eksConfiguration.subnetIds", s.EKS.Subnets, true, subnetPattern)
	c.idList("source.eksConfiguration.securityGroupIds", s.EKS.SecurityGroups, false, groupPattern)
}

// idList checks ids of subnets or security groups: one to five [D].
func (c *checker) idList(name string, ids []string, required bool, p *regexp.Regexp) {
	if ids == nil {
		if required {
			c.present(name, false)
		}
		return
	}
	if len(ids) < 1 || len(ids) > 5 {
		c.fail(name, "Member must have length between 1 and 5, inclusive")
	}
	for _, id := range ids {
		c.text(name, id, rule{high: 255, pattern: p})
	}
}

func (c *checker) scrapeDestination(d scrapeDestination) {
	if !c.one("destination", d.AMP != nil, d.CloudWatch != nil) {
		return
	}
	if d.AMP != nil {
		c.required("destination.ampConfiguration.workspaceArn", d.AMP.WorkspaceARN, rule{pattern: workspacePattern})
	} else {
		c.required("destination.cloudWatchConfiguration.datasetArn", d.CloudWatch.DatasetARN, rule{pattern: datasetPattern})
	}
}

func (c *checker) scrapeRoles(roles *scrapeRoles) {
	if roles != nil {
		c.optional("roleConfiguration.sourceRoleArn", roles.Source, rule{pattern: rolePattern})
		c.optional("roleConfiguration.targetRoleArn", roles.Target, rule{pattern: rolePattern})
	}
}

// scrapeExporters checks exporters: one at most [D].
func (c *checker) scrapeExporters(exporters []scrapeExporter) {
	if len(exporters) > 1 {
		c.fail("exporters", "Member must have length less than or equal to 1")
	}
	for _, e := range exporters {
		if !c.one("exporters", e.OpenSearch != nil, e.Kafka != nil) {
			continue
		}
		if e.OpenSearch != nil {
			c.required("exporters.openSearchConfiguration.domainArn", e.OpenSearch.DomainARN, rule{pattern: openSearchPattern})
			continue
		}
		c.required("exporters.kafkaConfiguration.clusterArn", e.Kafka.ClusterARN, rule{pattern: kafkaPattern})
		c.anchored("exporters.kafkaConfiguration.topicFilter", e.Kafka.TopicFilter)
		c.anchored("exporters.kafkaConfiguration.consumerGroupFilter", e.Kafka.ConsumerFilter)
	}
}

// anchored checks a regular expression from ^ to $ [D].
func (c *checker) anchored(name string, expression *string) {
	if expression == nil {
		return
	}
	if !strings.HasPrefix(*expression, "^") || !strings.HasSuffix(*expression, "$") {
		c.fail(name, "Member must start with ^ and end with $")
	} else if _, err := regexp.Compile(*expression); err != nil {
		c.fail(name, "Member must be a regular expression: "+err.Error())
	}
}

// scrapeConfiguration checks a scrape configuration as far as all that the
// collector takes have it in common: YAML with jobs, each with a name of its own
// [D configuration is Prometheus's; how deep AMP looks I].
func (c *checker) scrapeConfiguration(s scrapeConfiguration) {
	const name = "scrapeConfiguration.configurationBlob"
	if !c.present(name, s.Blob != nil) {
		return
	}
	var file struct {
		Jobs []struct {
			Name string `json:"job_name"`
		} `json:"scrape_configs"`
	}
	if err := yaml.Unmarshal(s.Blob, &file); err != nil {
		c.fail(name, "Member must be a scrape configuration: "+err.Error())
		return
	}
	if len(file.Jobs) == 0 {
		c.fail(name, "Member must have scrape_configs")
	}
	seen := map[string]bool{}
	for _, job := range file.Jobs {
		switch {
		case job.Name == "":
			c.fail(name, "Every job of scrape_configs must have a job_name")
		case seen[job.Name]:
			c.fail(name, fmt.Sprintf("job_name %q is there twice", job.Name))
		}
		seen[job.Name] = true
	}
}
