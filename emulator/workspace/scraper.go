package workspace

import (
	"strings"

	"github.com/google/uuid"
)

// scraper is a managed collector. It has no effect here: nothing is scraped.
type scraper struct {
	Alias         string            `json:"alias,omitempty"`
	RoleARN       string            `json:"roleArn"`
	Configuration *blob             `json:"scrapeConfiguration"`
	Source        scrapeSource      `json:"source"`
	Destination   scrapeDestination `json:"destination"`
	Roles         *scrapeRoles      `json:"roleConfiguration,omitempty"`
	Exporters     []scrapeExporter  `json:"exporters,omitempty"`
}

func (r *Registry) scrapers(s *state) place[scraper] { return at(r, kindScraper, s.Scrapers) }

// scraperInput is what Create and Update take; Update has neither source nor
// tags [D].
type scraperInput struct {
	Alias         *string              `json:"alias"`
	Configuration *scrapeConfiguration `json:"scrapeConfiguration"`
	Source        *scrapeSource        `json:"source"`
	Destination   *scrapeDestination   `json:"destination"`
	Roles         *scrapeRoles         `json:"roleConfiguration"`
	Exporters     []scrapeExporter     `json:"exporters"`
	Tags          map[string]string    `json:"tags"`
	ClientToken   *string              `json:"clientToken"`
}

// check says what is wrong with what is there.
func (in scraperInput) check(c *checker) {
	c.optional("alias", in.Alias, scraperAliasRule())
	if in.Configuration != nil {
		c.scrapeConfiguration(*in.Configuration)
	}
	if in.Destination != nil {
		c.scrapeDestination(*in.Destination)
	}
	c.scrapeRoles(in.Roles)
	c.scrapeExporters(in.Exporters)
	c.clientToken(in.ClientToken)
}

// onto returns the scraper with what the input names in place of what was there.
// An empty list takes the exporter away [D].
func (in scraperInput) onto(body scraper) scraper {
	if in.Alias != nil {
		body.Alias = *in.Alias
	}
	if in.Configuration != nil {
		body.Configuration = newBlob(in.Configuration.Blob)
	}
	if in.Destination != nil {
		body.Destination = *in.Destination
	}
	if in.Roles != nil {
		body.Roles = in.Roles
	}
	if in.Exporters != nil {
		body.Exporters = in.Exporters
	}
	return body
}

// scraperStarted is the answer to Create and Update [D].
type scraperStarted struct {
	ID     string            `json:"scraperId"`
	ARN    string            `json:"arn"`
	Status statusShape       `json:"status"`
	Tags   map[string]string `json:"tags,omitempty"`
}

func (r *Registry) scraperAnswer(i *item[scraper]) scraperStarted {
	return scraperStarted{ID: i.Name, ARN: r.scraperARN(i.Name), Status: i.Phase.started(), Tags: i.Tags}
}

func (r *Registry) createScraper(q request) (any, error) {
	var in scraperInput
	if err := q.decode(&in); err != nil {
		return nil, err
	}
	var c checker
	c.present("scrapeConfiguration", in.Configuration != nil)
	c.present("destination", in.Destination != nil)
	if c.present("source", in.Source != nil) {
		c.scrapeSource(*in.Source)
	}
	in.check(&c)
	c.tags(in.Tags)
	if err := c.err(); err != nil {
		return nil, err
	}
	return r.once(q, in.ClientToken, func(s *state) (answer, error) {
		if err := r.checkDestination(s, in.Destination); err != nil {
			return answer{}, err
		}
		id := uuid.NewString()
		body := in.onto(scraper{Source: *in.Source, RoleARN: r.scraperRole(id)})
		i, err := r.scrapers(s).create("", "s-"+id, in.Tags, body, nil)
		if err != nil {
			return answer{}, err
		}
		return answer{body: r.scraperAnswer(i), made: refOf(kindScraper, i.key())}, nil
	})
}

// scraperRole is the service-linked role that AMP makes for a scraper
// [D policy and path; the suffix O].
func (r *Registry) scraperRole(id string) string {
	suffix, _, _ := strings.Cut(id, "-")
	return "arn:" + r.cfg.Partition + ":iam::" + r.cfg.AccountID +
		":role/aws-service-role/scraper.aps.amazonaws.com/AWSServiceRoleForAmazonPrometheusScraper_" + suffix
}

// checkDestination looks for the workspace if it would be one of this account
// and region; of others nothing is known here [I from the declared
// ResourceNotFoundException].
func (r *Registry) checkDestination(s *state, d *scrapeDestination) error {
	if d == nil || d.AMP == nil {
		return nil
	}
	id, ours := strings.CutPrefix(*d.AMP.WorkspaceARN, r.ARN(""))
	if ws := s.Workspaces[id]; ours && (ws == nil || ws.Status == StatusDeleting) {
		return notFound(id)
	}
	return nil
}

// updateScraper changes what the request names [D].
func (r *Registry) updateScraper(q request) (any, error) {
	var in scraperInput
	if err := q.decode(&in); err != nil {
		return nil, err
	}
	var c checker
	c.path(q.Call)
	in.check(&c)
	if err := c.err(); err != nil {
		return nil, err
	}
	return r.once(q, in.ClientToken, func(s *state) (answer, error) {
		p := r.scrapers(s)
		old, err := p.settled("", q.Name)
		if err != nil {
			return answer{}, err
		}
		if err := r.checkDestination(s, in.Destination); err != nil {
			return answer{}, err
		}
		return answer{body: r.scraperAnswer(p.update(old, in.onto(old.Body), nil))}, nil
	})
}

// deleteScraper starts the deletion of a scraper and of its logging.
func (r *Registry) deleteScraper(q request) (any, error) {
	clientToken := q.optional("clientToken")
	var c checker
	c.path(q.Call)
	c.clientToken(clientToken)
	if err := c.err(); err != nil {
		return nil, err
	}
	return r.once(q, clientToken, func(s *state) (answer, error) {
		if err := r.scrapers(s).remove("", q.Name); err != nil {
			return answer{}, err
		}
		s.removeOwned(q.Name, r.cfg.Now())
		return answer{body: struct {
			ID     string      `json:"scraperId"`
			Status statusShape `json:"status"`
		}{q.Name, statusShape{Code: StatusDeleting}}}, nil
	})
}

// scraperShape is a scraper as the protocol writes it [D].
type scraperShape struct {
	ID            string               `json:"scraperId"`
	Alias         string               `json:"alias,omitempty"`
	ARN           string               `json:"arn"`
	RoleARN       string               `json:"roleArn"`
	Status        statusShape          `json:"status"`
	CreatedAt     epochSeconds         `json:"createdAt"`
	ModifiedAt    epochSeconds         `json:"lastModifiedAt"`
	Configuration *scrapeConfiguration `json:"scrapeConfiguration,omitempty"` // not in lists [D]
	Source        scrapeSource         `json:"source"`
	Destination   scrapeDestination    `json:"destination"`
	Roles         *scrapeRoles         `json:"roleConfiguration,omitempty"`
	Exporters     []scrapeExporter     `json:"exporters,omitempty"`
	Tags          map[string]string    `json:"tags,omitempty"`
}

func (r *Registry) scraperShape(p place[scraper], i *item[scraper]) scraperShape {
	b := i.Body
	return scraperShape{
		ID: i.Name, Alias: b.Alias, ARN: r.scraperARN(i.Name), RoleARN: b.RoleARN, Status: p.status(i),
		CreatedAt: epochSeconds(i.CreatedAt), ModifiedAt: epochSeconds(i.ModifiedAt),
		Source: b.Source, Destination: b.Destination, Roles: b.Roles, Exporters: b.Exporters, Tags: i.Tags,
	}
}

func (r *Registry) describeScraper(q request) (any, error) {
	var c checker
	c.path(q.Call)
	if err := c.err(); err != nil {
		return nil, err
	}
	p := r.scrapers(r.state.Load())
	i, err := p.find("", q.Name)
	if err != nil {
		return nil, err
	}
	shape := r.scraperShape(p, i)
	shape.Configuration = &scrapeConfiguration{Blob: i.Body.Configuration.bytes()}
	return struct {
		Scraper scraperShape `json:"scraper"`
	}{shape}, nil
}

// listScrapers lists the scrapers that pass all filters, those that are being
// created or deleted included [D].
func (r *Registry) listScrapers(q request) (any, error) {
	var c checker
	window := c.window(q.query)
	filters := c.scraperFilters(q)
	if err := c.err(); err != nil {
		return nil, err
	}
	p := r.scrapers(r.state.Load())
	page, next := p.list("", window, func(i *item[scraper]) bool { return filters.pass(p, i) })
	out := struct {
		Scrapers  []scraperShape `json:"scrapers"`
		NextToken string         `json:"nextToken,omitempty"`
	}{make([]scraperShape, 0, len(page)), next}
	for _, i := range page {
		out.Scrapers = append(out.Scrapers, r.scraperShape(p, i))
	}
	return out, nil
}

func (r *Registry) defaultScraper(request) (any, error) {
	return struct {
		Configuration []byte `json:"configuration"`
	}{[]byte(defaultScraperConfiguration)}, nil
}
