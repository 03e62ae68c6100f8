package scenario

import (
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/ampersand-amp/ampersand/fixtures/scenarios"
)

// Named reads one of the scenarios that come with the repository, by name without .yaml.
func Named(name string) (Scenario, error) {
	file := name + ".yaml"
	data, err := fs.ReadFile(scenarios.FS(), file)
	if err != nil {
		return Scenario{}, fmt.Errorf("read scenario %q: %w (there are: %s)", name, err, strings.Join(Names(), ", "))
	}
	return Parse(file, data)
}

// Names returns the names of the scenarios that come with the repository, sorted.
func Names() []string {
	files, err := fs.Glob(scenarios.FS(), "*.yaml")
	if err != nil {
		return nil // the pattern is a constant and well formed
	}
	names := make([]string, 0, len(files))
	for _, f := range files {
		names = append(names, strings.TrimSuffix(path.Base(f), ".yaml"))
	}
	return names
}

// Load reads a scenario from a file.
func Load(file string) (Scenario, error) {
	data, err := os.ReadFile(filepath.Clean(file))
	if err != nil {
		return Scenario{}, fmt.Errorf("read scenario: %w", err)
	}
	return Parse(filepath.Base(file), data)
}

// Parse reads a scenario from YAML. Unknown and repeated fields are errors; so is everything that Validate refuses. file is only
// named in errors.
func Parse(file string, data []byte) (Scenario, error) {
	s, err := decode(data)
	if err != nil {
		return Scenario{}, fmt.Errorf("%s: %w", file, err)
	}
	if err := s.Validate(); err != nil {
		return Scenario{}, fmt.Errorf("%s: %w", file, err)
	}
	if want := strings.TrimSuffix(filepath.Base(file), filepath.Ext(file)); s.Name != want {
		return Scenario{}, fmt.Errorf("%s: name: is %q, must be the file's name %q", file, s.Name, want)
	}
	return s, nil
}

// Profile returns a profile by name.
func (s Scenario) Profile(name string) (Profile, error) {
	p, ok := s.Profiles[name]
	if !ok {
		return Profile{}, fmt.Errorf("scenario %s has no profile %q (it has: %s)", s.Name, name, strings.Join(s.ProfileNames(), ", "))
	}
	return p, nil
}
