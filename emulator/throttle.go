package emulator

import (
	"net/http"
	"time"

	"github.com/ampersand-amp/ampersand/emulator/awsapi"
	"github.com/ampersand-amp/ampersand/emulator/quota"
)

// throttleBurst is for how many seconds a full bucket feeds requests above the
// rate. AWS does not say how large its buckets are [I].
const throttleBurst = 10

// throttleRetry is what a throttled client is told to wait [I].
const throttleRetry = time.Second

const reasonThrottled = "throttled"

// throttle refuses a request that comes above its rate and reports whether it
// did. Whose rate that is: the workspace's on the data plane, the account's on
// the control plane [D quotas page].
func (s *Server) throttle(x *exchange) bool {
	id, key := rateOf(x.route), x.route.workspaceID
	if id == quota.ControlPlaneTPS {
		key = s.cfg.AccountID
	}
	if s.buckets.Take(id, key, 1, s.quotas.Get(id)*throttleBurst) {
		return false
	}
	x.refuse(awsapi.RateExceeded(x.route.kind == kindControl, s.quotas.Code(id), throttleRetry), reasonThrottled)
	return true
}

// rateOf returns the quota that a route's requests count against
// [D quotas page names these groups].
func rateOf(rt route) quota.ID {
	switch {
	case rt.kind == kindControl:
		return quota.ControlPlaneTPS
	case rt.kind == kindWrite:
		return quota.RemoteWriteTPS
	case rt.name == "query" || rt.name == "query_range":
		return quota.QueryTPS
	case rt.kind == kindQuery:
		return quota.MetadataTPS
	default:
		return quota.OtherTPS
	}
}

// serveQuotas lists the quotas or, with PATCH and a JSON object of names and
// values, changes some of them until the emulator ends.
func (s *Server) serveQuotas(x *exchange) {
	switch x.r.Method {
	case http.MethodGet:
	case http.MethodPatch:
		if !s.changeQuotas(x) {
			return
		}
	default:
		s.answerMethod(x, "GET, PATCH")
		return
	}
	awsapi.WriteJSON(x.w, http.StatusOK, map[string]any{"quotas": s.quotas.List()})
}

func (s *Server) changeQuotas(x *exchange) bool {
	body, err := readBody(x.r, maxOwnBody)
	var values map[string]string
	if err == nil {
		values, err = quota.ParseJSON(body)
	}
	if err == nil {
		err = s.quotas.Assign(values)
	}
	if err != nil {
		awsapi.WriteJSON(x.w, http.StatusBadRequest, map[string]string{"message": err.Error()})
		return false
	}
	s.cfg.Logger.Info("quotas changed", "values", values)
	return true
}
