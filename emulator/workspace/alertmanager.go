package workspace

import "github.com/ampersand-amp/ampersand/emulator/quota"

func (r *Registry) alertManagers(s *state) place[definition] {
	return at(r, kindAlertManager, s.AlertManagers)
}

// createAlertManager makes the alert manager definition of a workspace that has
// none [D].
func (r *Registry) createAlertManager(q request) (any, error) {
	return r.setAlertManager(q, func(p place[definition], v verdict) (*item[definition], error) {
		return p.create(q.WorkspaceID, "", nil, v.after(definition{}), v.failure)
	})
}

// putAlertManager replaces the definition of a workspace that has one [D].
func (r *Registry) putAlertManager(q request) (any, error) {
	return r.setAlertManager(q, func(p place[definition], v verdict) (*item[definition], error) {
		old, err := p.settled(q.WorkspaceID, "")
		if err != nil {
			return nil, err
		}
		return p.update(old, v.after(old.Body), v.failure), nil
	})
}

func (r *Registry) setAlertManager(q request, set func(place[definition], verdict) (*item[definition], error)) (any, error) {
	var in struct {
		Data        []byte  `json:"data"`
		ClientToken *string `json:"clientToken"`
	}
	if err := q.decode(&in); err != nil {
		return nil, err
	}
	var c checker
	c.path(q.Call)
	c.present("data", in.Data != nil)
	c.clientToken(in.ClientToken)
	if err := c.err(); err != nil {
		return nil, err
	}
	v, err := r.judge(quota.AlertManagerSize, kindAlertManager, q.WorkspaceID, in.Data, func() (int, error) {
		return 0, r.cfg.Judge.CheckAlertManager(in.Data)
	})
	if err != nil {
		return nil, err
	}
	return r.once(q, in.ClientToken, func(s *state) (answer, error) {
		if _, err := r.active(s, q.WorkspaceID); err != nil {
			return answer{}, err
		}
		i, err := set(r.alertManagers(s), v)
		if err != nil {
			return answer{}, err
		}
		return q.started(kindAlertManager, i.life), nil
	})
}

func (r *Registry) describeAlertManager(q request) (any, error) {
	p, i, err := findOne(r, q, r.alertManagers)
	if err != nil {
		return nil, err
	}
	type shape struct {
		Status     statusShape  `json:"status"`
		Data       []byte       `json:"data"`
		CreatedAt  epochSeconds `json:"createdAt"`
		ModifiedAt epochSeconds `json:"modifiedAt"`
	}
	return struct {
		Definition shape `json:"alertManagerDefinition"`
	}{shape{p.status(i), i.Body.Data.bytes(), epochSeconds(i.CreatedAt), epochSeconds(i.ModifiedAt)}}, nil
}

func (r *Registry) deleteAlertManager(q request) (any, error) {
	return deleteOne(r, q, r.alertManagers)
}
