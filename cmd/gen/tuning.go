package main

import (
	"os"
	"runtime/debug"
)

// useCPUs trades memory for time in the commands that decode and judge many
// objects: most of what they allocate is garbage at once, and a collector that
// runs at a fifth of the default rate halves their time. GOGC set by the user wins.
func useCPUs() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(500)
	}
}
