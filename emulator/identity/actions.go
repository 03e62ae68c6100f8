package identity

import (
	"fmt"
	"net/http"
)

// DataAction returns the IAM action of a data-plane route of the emulator, by the
// route's name and the request's method [D AMP user guide, API reference]. An action of
// the control plane is named like its operation, aps:CreateWorkspace [D SAR].
func DataAction(route, method string) (string, bool) {
	switch route {
	case "remote_write":
		return "aps:RemoteWrite", true
	case "query", "query_range":
		return "aps:QueryMetrics", true
	case "series":
		return "aps:GetSeries", true
	case "labels", "label_values":
		return "aps:GetLabels", true
	case "metadata":
		return "aps:GetMetricMetadata", true
	case "rules":
		return "aps:ListRules", true
	case "alerts":
		return "aps:ListAlerts", true
	case "alertmanager_alerts":
		if method == http.MethodPost {
			return "aps:CreateAlertManagerAlerts", true
		}
		return "aps:ListAlertManagerAlerts", true
	case "alertmanager_groups":
		return "aps:ListAlertManagerAlertGroups", true
	case "alertmanager_receivers":
		return "aps:ListAlertManagerReceivers", true
	case "alertmanager_silences":
		if method == http.MethodPost {
			return "aps:PutAlertManagerSilences", true
		}
		return "aps:ListAlertManagerSilences", true
	case "alertmanager_silence":
		if method == http.MethodDelete {
			return "aps:DeleteAlertManagerSilence", true
		}
		return "aps:GetAlertManagerSilence", true
	case "alertmanager_status":
		return "aps:GetAlertManagerStatus", true
	}
	return "", false
}

// shareable reports whether a workspace's resource policy can open an action to others:
// the Prometheus-compatible ones, all others in the document being passed over [D].
func shareable(action string) bool {
	switch action {
	case "aps:RemoteWrite", "aps:QueryMetrics", "aps:GetSeries", "aps:GetLabels", "aps:GetMetricMetadata",
		"aps:ListRules", "aps:ListAlerts", "aps:ListAlertManagerAlerts", "aps:ListAlertManagerAlertGroups",
		"aps:ListAlertManagerReceivers", "aps:ListAlertManagerSilences", "aps:GetAlertManagerSilence",
		"aps:GetAlertManagerStatus", "aps:PutAlertManagerSilences", "aps:DeleteAlertManagerSilence",
		"aps:CreateAlertManagerAlerts":
		return true
	}
	return false
}

// AccessDeniedMessage is AWS's text of a denial [O amp-api.md 1.5 row 17]. Newer
// services go on to say why; that was not seen of aps, so the reason stays with the
// Decision.
func AccessDeniedMessage(p Principal, action, resource string) string {
	return fmt.Sprintf("User: %s is not authorized to perform: %s on resource: %s", p.ARN, action, resource)
}
