package console

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"

	"sigs.k8s.io/yaml"

	"github.com/ampersand-amp/ampersand/emulator/fault"
	"github.com/ampersand-amp/ampersand/emulator/workspace"
)

// faultsBody is what the page of faults shows.
type faultsBody struct {
	Workspaces []*workspace.Workspace
	On         []faultRow
	Off        []faultRow
	Presets    []preset
	// Done says what a form has just done.
	Done string
	// Text and Problems are what a form had that was not accepted, and why.
	Text     string
	Problems []fault.FieldError
}

// faultRow is a rule in words.
type faultRow struct {
	fault.Report
	Does, When, Text string
}

func rowOf(r fault.Report) faultRow {
	text, err := yaml.Marshal(r.Rule)
	if err != nil {
		text = []byte(err.Error())
	}
	return faultRow{Report: r, Does: does(r.Rule), When: when(r.Rule), Text: string(text)}
}

// shelf holds the rules that were switched off here and may be switched on again. It
// is the console's own: nothing else knows of them.
type shelf struct {
	mu    sync.Mutex
	rules []fault.Rule
}

func (s *shelf) list() []fault.Rule {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.rules)
}

// add puts a rule on the shelf, in place of one of the same name; the oldest falls off.
func (s *shelf) add(r fault.Rule) {
	s.take(r.Name)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.rules = append(s.rules, r)
	if len(s.rules) > fault.MaxRules {
		s.rules = s.rules[1:]
	}
}

// take removes a rule from the shelf.
func (s *shelf) take(name string) (fault.Rule, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := slices.IndexFunc(s.rules, func(r fault.Rule) bool { return r.Name == name })
	if i < 0 {
		return fault.Rule{}, false
	}
	r := s.rules[i]
	s.rules = slices.Delete(s.rules, i, i+1)
	return r, true
}

func (c *Console) faults(w http.ResponseWriter, r *http.Request) {
	c.showFaults(w, r, http.StatusOK, "", nil)
}

func (c *Console) showFaults(w http.ResponseWriter, r *http.Request, status int, text string, problems []fault.FieldError) {
	body := faultsBody{Workspaces: c.Workspaces.All(), Presets: presets(), Text: text, Problems: problems}
	on := map[string]bool{}
	for _, report := range c.Faults.List() {
		on[report.Rule.Name] = true
		body.On = append(body.On, rowOf(report))
	}
	off := map[string]bool{}
	for _, rule := range c.off.list() {
		if !on[rule.Name] { // put anew by somebody else
			off[rule.Name] = true
			body.Off = append(body.Off, rowOf(fault.Report{Rule: rule}))
		}
	}
	body.Done = done(r.URL.Query(), on, off)
	c.render(w, status, "faults.html", page{Title: "Faults", Section: "faults", Body: body})
}

// done says what a form did, if that is still so: the address of a page proves nothing.
func done(q url.Values, on, off map[string]bool) string {
	name := q.Get("name")
	switch q.Get("done") {
	case "on":
		if on[name] {
			return "Fault rule " + name + " is on."
		}
	case "off":
		if off[name] {
			return "Fault rule " + name + " is off."
		}
	case "removed":
		if name != "" && !on[name] && !off[name] {
			return "Fault rule " + name + " is removed."
		}
	case "all-off":
		if len(on) == 0 {
			return "All fault rules are off."
		}
	}
	return ""
}

// changeFaults does what the button says that was pressed.
func (c *Console) changeFaults(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil {
		status := http.StatusBadRequest
		if large := (*http.MaxBytesError)(nil); errors.As(err, &large) {
			status = http.StatusRequestEntityTooLarge
		}
		c.showFaults(w, r, status, "", []fault.FieldError{{Message: "the form could not be read: " + err.Error()}})
		return
	}
	name := r.PostForm.Get("name")
	switch r.PostForm.Get("do") {
	case "add":
		c.addFault(w, r, r.PostForm.Get("rule"))
	case "preset":
		c.addPreset(w, r, name, r.PostForm.Get("workspace"))
	case "on":
		rule, ok := c.off.take(name)
		if !ok {
			c.noFault(w, r, name)
			return
		}
		c.putFault(w, r, rule, "")
	case "off":
		if !c.switchOff(name) {
			c.noFault(w, r, name)
			return
		}
		c.faultDone(w, r, "off", name)
	case "all-off":
		for _, report := range c.Faults.List() {
			c.switchOff(report.Rule.Name)
		}
		c.faultDone(w, r, "all-off", "")
	case "remove":
		_, kept := c.off.take(name)
		if !c.Faults.Delete(name) && !kept {
			c.noFault(w, r, name)
			return
		}
		c.faultDone(w, r, "removed", name)
	default:
		c.showFaults(w, r, http.StatusBadRequest, "", []fault.FieldError{{Field: "do", Message: "is none of add, preset, on, off, all-off and remove"}})
	}
}

// switchOff takes a rule out of force and keeps it.
func (c *Console) switchOff(name string) bool {
	list := c.Faults.List()
	i := slices.IndexFunc(list, func(r fault.Report) bool { return r.Rule.Name == name })
	if i < 0 || !c.Faults.Delete(name) {
		return false
	}
	c.off.add(list[i].Rule)
	return true
}

func (c *Console) addFault(w http.ResponseWriter, r *http.Request, text string) {
	var problems fault.Errors
	rule, err := fault.Decode([]byte(text))
	if strings.TrimSpace(text) == "" {
		err = fault.Errors{{Message: "there is no rule; write one, or turn on one of those above"}}
	}
	if errors.As(err, &problems) {
		c.showFaults(w, r, http.StatusBadRequest, text, problems)
		return
	}
	c.putFault(w, r, rule, text)
}

func (c *Console) addPreset(w http.ResponseWriter, r *http.Request, name, workspaceID string) {
	all := presets()
	i := slices.IndexFunc(all, func(p preset) bool { return p.Rule.Name == name })
	if i < 0 {
		c.noFault(w, r, name)
		return
	}
	rule := all[i].Rule
	rule.Workspace = workspaceID
	c.putFault(w, r, rule, "")
}

func (c *Console) putFault(w http.ResponseWriter, r *http.Request, rule fault.Rule, text string) {
	report, err := c.Faults.Put(rule)
	if problems := (fault.Errors)(nil); errors.As(err, &problems) {
		c.showFaults(w, r, http.StatusBadRequest, text, problems)
		return
	}
	c.off.take(report.Rule.Name)
	c.faultDone(w, r, "on", report.Rule.Name)
}

func (c *Console) noFault(w http.ResponseWriter, r *http.Request, name string) {
	c.showFaults(w, r, http.StatusNotFound, "", []fault.FieldError{{Message: "there is no fault rule " + name + " any more; somebody else may have removed it"}})
}

// faultDone leads back to the page, so that reloading it does nothing again.
func (c *Console) faultDone(w http.ResponseWriter, r *http.Request, what, name string) {
	c.Logger.Info("fault rule changed in the console", "change", what, "rule", name)
	http.Redirect(w, r, Path+"faults?"+url.Values{"done": {what}, "name": {name}}.Encode(), http.StatusSeeOther)
}
