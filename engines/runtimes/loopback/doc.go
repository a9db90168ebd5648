// Package loopback is the outside world of this module's tests: registries under
// any name, all of them served on 127.0.0.1. A runtime's loader dials
// "docker.io" and reaches a listener of the test; a name that no test serves is
// refused and remembered, so that nothing leaves the machine unseen.
package loopback
