// Package scenarios is what no single case can say, as it takes time, or others
// who act in the same cluster: Pods from before the policies, webhooks of others,
// Kyverno's end, many Pods at once. It is tests alone.
package scenarios
