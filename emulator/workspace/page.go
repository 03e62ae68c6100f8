package workspace

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"time"

	"github.com/ampersand-amp/ampersand/emulator/awsapi"
)

// defaultPageSize is the page of ListWorkspaces when maxResults is absent [D].
const defaultPageSize = 100

// cursor is the place in the list after which a page starts. Because it names
// a place and not a count, workspaces that come and go between two pages
// neither repeat nor hide others.
type cursor struct {
	CreatedAt time.Time `json:"t"`
	ID        string    `json:"i"`
}

func cursorOf(w *Workspace) cursor { return cursor{CreatedAt: w.CreatedAt, ID: w.ID} }

// compare orders the list by age and then by id. The order of the real service
// is not documented [I].
func (c cursor) compare(o cursor) int {
	return cmp.Or(c.CreatedAt.Compare(o.CreatedAt), cmp.Compare(c.ID, o.ID))
}

// token returns the cursor as the opaque nextToken.
func (c cursor) token() string {
	raw, err := json.Marshal(c)
	if err != nil {
		// Only a year past 9999 does this.
		return ""
	}
	return base64.RawURLEncoding.EncodeToString(raw)
}

func parseCursor(token string) (cursor, error) {
	var c cursor
	raw, err := base64.RawURLEncoding.DecodeString(token)
	if err == nil {
		err = json.Unmarshal(raw, &c)
	}
	if err == nil && c.ID == "" {
		err = fmt.Errorf("no id")
	}
	if err != nil {
		return cursor{}, awsapi.Validation(awsapi.ReasonFieldValidationFailed, "Invalid nextToken.",
			awsapi.Field{Name: "nextToken", Message: "Invalid nextToken."})
	}
	return c, nil
}
