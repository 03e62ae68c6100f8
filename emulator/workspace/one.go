package workspace

// What follows serves the resources of which a workspace has one at most.

// shelfOf is the shelf of a kind in a state.
type shelfOf[T any] func(*state) place[T]

func findOne[T any](r *Registry, q request, shelf shelfOf[T]) (place[T], *item[T], error) {
	if _, err := r.visible(q); err != nil {
		return place[T]{}, nil, err
	}
	p := shelf(r.state.Load())
	i, err := p.find(q.WorkspaceID, "")
	return p, i, err
}

func createOne[T any](r *Registry, q request, clientToken *string, shelf shelfOf[T], body T) (any, error) {
	return r.once(q, clientToken, func(s *state) (answer, error) {
		if _, err := r.active(s, q.WorkspaceID); err != nil {
			return answer{}, err
		}
		p := shelf(s)
		i, err := p.create(q.WorkspaceID, "", nil, body, nil)
		if err != nil {
			return answer{}, err
		}
		return q.started(p.kind, i.life), nil
	})
}

func updateOne[T any](r *Registry, q request, clientToken *string, shelf shelfOf[T], body T) (any, error) {
	return r.once(q, clientToken, func(s *state) (answer, error) {
		if _, err := r.active(s, q.WorkspaceID); err != nil {
			return answer{}, err
		}
		p := shelf(s)
		old, err := p.settled(q.WorkspaceID, "")
		if err != nil {
			return answer{}, err
		}
		return q.started(p.kind, p.update(old, body, nil).life), nil
	})
}

func deleteOne[T any](r *Registry, q request, shelf shelfOf[T]) (any, error) {
	return r.remove(q, func(s *state) error {
		if _, err := r.active(s, q.WorkspaceID); err != nil {
			return err
		}
		return shelf(s).remove(q.WorkspaceID, "")
	})
}
