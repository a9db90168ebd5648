// Package diagnosis reads what an image pull failed with and says why, at
// which host, and what to do about it, in order.
//
// Runtimes wrap errors as Go does: "outer: inner: innermost". The innermost
// text names the reason, so of all texts that are known (a Cause's Anchors) the
// one that is furthest in wins, unless an outer one says outright what the
// inner ones are only a symptom of, such as a proxy that refuses connections
// or a name that does not resolve. What speaks of other parts of a cluster,
// such as a probe, a webhook or a network plugin, is no pull failure, however
// much its words resemble one.
package diagnosis
