package workspace

// scraperLogging is where AMP would write what a scraper logs. It has no effect
// here.
type scraperLogging struct {
	Destination scraperLogDestination `json:"loggingDestination"`
	Components  []scraperComponent    `json:"scraperComponents"`
}

// scraperLogDestination is a union with one member, as the protocol writes it
// [D].
type scraperLogDestination struct {
	CloudWatchLogs *logGroup `json:"cloudWatchLogs"`
}

// scraperComponent is as the protocol writes it [D].
type scraperComponent struct {
	Type   string `json:"type"`
	Config *struct {
		Options map[string]string `json:"options,omitempty"`
	} `json:"config,omitempty"`
}

func (r *Registry) scraperLoggings(s *state) place[scraperLogging] {
	return at(r, kindScraperLogging, s.ScraperLogging)
}

// updateScraperLogging makes or replaces the logging configuration of a scraper:
// there is no operation that creates one [D]. Without components it is for all
// [I: the member is optional here and required in the description]. The
// operation has no clientToken [D].
func (r *Registry) updateScraperLogging(q request) (any, error) {
	var in struct {
		Destination *scraperLogDestination `json:"loggingDestination"`
		Components  []scraperComponent     `json:"scraperComponents"`
	}
	if err := q.decode(&in); err != nil {
		return nil, err
	}
	var c checker
	c.path(q.Call)
	if c.present("loggingDestination", in.Destination != nil) &&
		c.one("loggingDestination", in.Destination.CloudWatchLogs != nil) {
		c.required("loggingDestination.cloudWatchLogs.logGroupArn", in.Destination.CloudWatchLogs.LogGroupARN, logGroupRule())
	}
	c.scraperComponents(in.Components)
	if err := c.err(); err != nil {
		return nil, err
	}
	if in.Components == nil {
		in.Components = []scraperComponent{{Type: "SERVICE_DISCOVERY"}, {Type: "COLLECTOR"}, {Type: "EXPORTER"}}
	}
	body := scraperLogging{Destination: *in.Destination, Components: in.Components}
	return r.once(q, nil, func(s *state) (answer, error) {
		if _, err := r.scrapers(s).settled("", q.Name); err != nil {
			return answer{}, err
		}
		p := r.scraperLoggings(s)
		if !p.has(q.Name, "") {
			i, err := p.create(q.Name, "", nil, body, nil)
			if err != nil {
				return answer{}, err
			}
			return q.started(kindScraperLogging, i.life), nil
		}
		old, err := p.settled(q.Name, "")
		if err != nil {
			return answer{}, err
		}
		return q.started(kindScraperLogging, p.update(old, body, nil).life), nil
	})
}

func (c *checker) scraperComponents(components []scraperComponent) {
	if components != nil && len(components) == 0 {
		c.fail("scraperComponents", "Member must have length greater than or equal to 1")
	}
	for _, component := range components {
		switch component.Type {
		case "SERVICE_DISCOVERY", "COLLECTOR", "EXPORTER":
		default:
			c.fail("scraperComponents.type", "Member must satisfy enum value set: [SERVICE_DISCOVERY, COLLECTOR, EXPORTER]")
		}
	}
}

func (r *Registry) describeScraperLogging(q request) (any, error) {
	var c checker
	c.path(q.Call)
	if err := c.err(); err != nil {
		return nil, err
	}
	s := r.state.Load()
	if _, err := r.scrapers(s).find("", q.Name); err != nil {
		return nil, err
	}
	p := r.scraperLoggings(s)
	i, err := p.find(q.Name, "")
	if err != nil {
		return nil, err
	}
	return struct {
		Status     statusShape  `json:"status"`
		ScraperID  string       `json:"scraperId"`
		ModifiedAt epochSeconds `json:"modifiedAt"`
		scraperLogging
	}{p.status(i), i.Owner, epochSeconds(i.ModifiedAt), i.Body}, nil
}

func (r *Registry) deleteScraperLogging(q request) (any, error) {
	return r.remove(q, func(s *state) error {
		if _, err := r.scrapers(s).settled("", q.Name); err != nil {
			return err
		}
		return r.scraperLoggings(s).remove(q.Name, "")
	})
}
