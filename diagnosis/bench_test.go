package diagnosis

import (
	"strings"
	"testing"
)

func BenchmarkDiagnose(b *testing.B) {
	messages := readLabelled(b, "testdata/held-out.jsonl")
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		Diagnose(messages[i%len(messages)].Message, English)
	}
}

// BenchmarkDiagnoseHostile is one message of a megabyte that repeats what is
// dearest to search.
func BenchmarkDiagnoseHostile(b *testing.B) {
	message := strings.Repeat("lookup a://b status 400 ", MaxMessage/24)
	b.SetBytes(int64(len(message)))
	for b.Loop() {
		Diagnose(message, English)
	}
}
