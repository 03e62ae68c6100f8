package workspace

import "math"

// logging is where AMP would write what rules and the alert manager log. It has
// no effect here: nothing is written anywhere.
type logging struct {
	LogGroupARN string `json:"logGroupArn"`
}

// queryLogging is where AMP would log expensive queries. It has no effect here.
type queryLogging struct {
	Destinations []loggingDestination `json:"destinations"`
}

// loggingDestination is as the protocol writes it [D].
type loggingDestination struct {
	CloudWatchLogs *logGroup `json:"cloudWatchLogs"`
	Filters        *struct {
		QSPThreshold *int64 `json:"qspThreshold"`
	} `json:"filters"`
}

// logGroup is as the protocol writes it [D].
type logGroup struct {
	LogGroupARN *string `json:"logGroupArn"`
}

func (r *Registry) loggings(s *state) place[logging] { return at(r, kindLogging, s.Logging) }

func (r *Registry) queryLoggings(s *state) place[queryLogging] {
	return at(r, kindQueryLogging, s.QueryLogging)
}

// loggingInput reads what Create and Update take.
func (q request) loggingInput() (body logging, clientToken *string, err error) {
	var in struct {
		logGroup
		ClientToken *string `json:"clientToken"`
	}
	if err := q.decode(&in); err != nil {
		return logging{}, nil, err
	}
	var c checker
	c.path(q.Call)
	c.required("logGroupArn", in.LogGroupARN, logGroupRule())
	c.clientToken(in.ClientToken)
	if err := c.err(); err != nil {
		return logging{}, nil, err
	}
	return logging{LogGroupARN: *in.LogGroupARN}, in.ClientToken, nil
}

func (q request) queryLoggingInput() (body queryLogging, clientToken *string, err error) {
	var in struct {
		queryLogging
		ClientToken *string `json:"clientToken"`
	}
	if err := q.decode(&in); err != nil {
		return queryLogging{}, nil, err
	}
	var c checker
	c.path(q.Call)
	if n := len(in.Destinations); c.present("destinations", in.Destinations != nil) && n != 1 {
		c.fail("destinations", "Member must have length 1")
	}
	for _, d := range in.Destinations {
		if c.present("destinations.cloudWatchLogs", d.CloudWatchLogs != nil) {
			c.required("destinations.cloudWatchLogs.logGroupArn", d.CloudWatchLogs.LogGroupARN, logGroupRule())
		}
		if c.present("destinations.filters", d.Filters != nil) &&
			c.present("destinations.filters.qspThreshold", d.Filters.QSPThreshold != nil) {
			c.between("destinations.filters.qspThreshold", d.Filters.QSPThreshold, 0, math.MaxInt64)
		}
	}
	c.clientToken(in.ClientToken)
	return in.queryLogging, in.ClientToken, c.err()
}

func (r *Registry) createLogging(q request) (any, error) {
	body, clientToken, err := q.loggingInput()
	if err != nil {
		return nil, err
	}
	return createOne(r, q, clientToken, r.loggings, body)
}

func (r *Registry) updateLogging(q request) (any, error) {
	body, clientToken, err := q.loggingInput()
	if err != nil {
		return nil, err
	}
	return updateOne(r, q, clientToken, r.loggings, body)
}

func (r *Registry) deleteLogging(q request) (any, error) { return deleteOne(r, q, r.loggings) }

func (r *Registry) describeLogging(q request) (any, error) {
	p, i, err := findOne(r, q, r.loggings)
	if err != nil {
		return nil, err
	}
	type shape struct {
		Status     statusShape  `json:"status"`
		Workspace  string       `json:"workspace"`
		LogGroup   string       `json:"logGroupArn"`
		CreatedAt  epochSeconds `json:"createdAt"`
		ModifiedAt epochSeconds `json:"modifiedAt"`
	}
	return struct {
		Configuration shape `json:"loggingConfiguration"`
	}{shape{p.status(i), i.Owner, i.Body.LogGroupARN, epochSeconds(i.CreatedAt), epochSeconds(i.ModifiedAt)}}, nil
}

func (r *Registry) createQueryLogging(q request) (any, error) {
	body, clientToken, err := q.queryLoggingInput()
	if err != nil {
		return nil, err
	}
	return createOne(r, q, clientToken, r.queryLoggings, body)
}

func (r *Registry) updateQueryLogging(q request) (any, error) {
	body, clientToken, err := q.queryLoggingInput()
	if err != nil {
		return nil, err
	}
	return updateOne(r, q, clientToken, r.queryLoggings, body)
}

func (r *Registry) deleteQueryLogging(q request) (any, error) {
	return deleteOne(r, q, r.queryLoggings)
}

func (r *Registry) describeQueryLogging(q request) (any, error) {
	p, i, err := findOne(r, q, r.queryLoggings)
	if err != nil {
		return nil, err
	}
	type shape struct {
		Status       statusShape          `json:"status"`
		Workspace    string               `json:"workspace"`
		Destinations []loggingDestination `json:"destinations"`
		CreatedAt    epochSeconds         `json:"createdAt"`
		ModifiedAt   epochSeconds         `json:"modifiedAt"`
	}
	return struct {
		Configuration shape `json:"queryLoggingConfiguration"`
	}{shape{p.status(i), i.Owner, i.Body.Destinations, epochSeconds(i.CreatedAt), epochSeconds(i.ModifiedAt)}}, nil
}
