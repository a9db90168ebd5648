package probe

import (
	"sync"
	"time"

	"mirrorgen.dev/gen/generator/mirror"
)

// A prober is what every question of a run needs.
type prober struct {
	lang    language
	timeout time.Duration
	timings bool
	now     func() time.Time
	config  *DockerConfig
	plans   []*mirror.Plan
	// realms are the token services that were listed, in lower case.
	realms map[string]bool

	mu sync.Mutex
	// secrets are credentials, and the tokens that came of them.
	secrets []string
}
