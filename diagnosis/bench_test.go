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

// BenchmarkRedactHostile is a megabyte of what is dearest to redact, each in turn.
func BenchmarkRedactHostile(b *testing.B) {
	for name, piece := range map[string]string{
		"users": "://a:b", "queries": "&sig=", "ends": "://a:b" + strings.Repeat("://a:b", 600) + " @", "headers": "authorization: aws4-x ", "bearers": "bearer ", "lines": "&sig=%\n",
	} {
		message := strings.Repeat(piece, MaxMessage/len(piece))
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(message)))
			for b.Loop() {
				Redact(message)
			}
		})
	}
}
