package emulator

import (
	"errors"
	"net/http"
	"net/url"

	"github.com/ampersand-amp/ampersand/emulator/awsapi"
	"github.com/ampersand-amp/ampersand/emulator/fault"
)

// SetFaults puts fault rules in place of all that there were; without any, nothing goes
// wrong any more. An error is of type fault.Errors, and changes nothing.
func (s *Server) SetFaults(rules ...fault.Rule) error {
	return s.faults.Replace(rules) //nolint:wrapcheck // says which field is wrong
}

// PutFault puts one fault rule, in place of the one of the same name.
func (s *Server) PutFault(rule fault.Rule) (fault.Report, error) {
	return s.faults.Put(rule) //nolint:wrapcheck // says which field is wrong
}

// DeleteFault removes a fault rule and reports whether it was there.
func (s *Server) DeleteFault(name string) bool { return s.faults.Delete(name) }

// Faults returns the fault rules with what became of them.
func (s *Server) Faults() []fault.Report { return s.faults.List() }

// serveFaults lists, replaces or removes all fault rules.
func (s *Server) serveFaults(x *exchange) {
	switch x.r.Method {
	case http.MethodGet:
	case http.MethodPut:
		body, ok := s.faultBody(x)
		if !ok {
			return
		}
		rules, err := fault.DecodeList(body)
		if err == nil {
			err = s.faults.Replace(rules)
		}
		if err != nil {
			s.answerBadFault(x, err)
			return
		}
		s.cfg.Logger.Info("fault rules replaced", "rules", len(rules))
	case http.MethodDelete:
		s.faults.Clear()
		s.cfg.Logger.Info("fault rules removed")
	default:
		s.answerMethod(x, "GET, PUT, DELETE")
		return
	}
	awsapi.WriteJSON(x.w, http.StatusOK, fault.List{Faults: s.faults.List()})
}

// serveFault shows, puts or removes one fault rule.
func (s *Server) serveFault(x *exchange, rawName string) {
	name, err := url.PathUnescape(rawName)
	if err != nil || name == "" {
		s.answerNoFault(x, rawName)
		return
	}
	switch x.r.Method {
	case http.MethodGet:
		for _, report := range s.faults.List() {
			if report.Rule.Name == name {
				awsapi.WriteJSON(x.w, http.StatusOK, report)
				return
			}
		}
		s.answerNoFault(x, name)
	case http.MethodPut:
		s.putFault(x, name)
	case http.MethodDelete:
		if !s.faults.Delete(name) {
			s.answerNoFault(x, name)
			return
		}
		s.cfg.Logger.Info("fault rule removed", "rule", name)
		x.w.WriteHeader(http.StatusNoContent)
	default:
		s.answerMethod(x, "GET, PUT, DELETE")
	}
}

// putFault puts a rule, whose name is the path's.
func (s *Server) putFault(x *exchange, name string) {
	body, ok := s.faultBody(x)
	if !ok {
		return
	}
	rule, err := fault.Decode(body)
	if err == nil && rule.Name != "" && rule.Name != name {
		err = fault.Errors{{Field: "name", Message: "is " + rule.Name + ", but the path says " + name}}
	}
	var report fault.Report
	if err == nil {
		rule.Name = name
		report, err = s.faults.Put(rule)
	}
	if err != nil {
		s.answerBadFault(x, err)
		return
	}
	s.cfg.Logger.Info("fault rule put", "rule", name)
	awsapi.WriteJSON(x.w, http.StatusOK, report)
}

func (s *Server) faultBody(x *exchange) ([]byte, bool) {
	body, err := readBody(x.r, maxOwnBody)
	switch {
	case errors.Is(err, errBodyTooLarge):
		s.answerBadFault(x, err)
		return nil, false
	case err != nil:
		x.err = err
		s.answerBadFault(x, err)
		return nil, false
	}
	return body, true
}

// answerBadFault says which fields are wrong, and how.
func (s *Server) answerBadFault(x *exchange, err error) {
	problem := fault.Problem{Message: err.Error()}
	_ = errors.As(err, &problem.Fields)
	awsapi.WriteJSON(x.w, http.StatusBadRequest, problem)
}

func (s *Server) answerNoFault(x *exchange, name string) {
	awsapi.WriteJSON(x.w, http.StatusNotFound, fault.Problem{Message: "there is no fault rule " + name})
}
