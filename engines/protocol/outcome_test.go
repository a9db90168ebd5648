package protocol

import (
	"reflect"
	"testing"
)

func TestAnOutcomeNamesEachPolicyAndWarnsOnce(t *testing.T) {
	got := NewOutcome(true, []string{"m", "m"}, []string{"b", "a", "b"}, []string{"r"}, []string{"z", "a", "z"}, nil)
	want := &Outcome{Allowed: true, Messages: []string{"m", "m"}, Warnings: []string{"b", "a"}, Recorded: []string{"r"}, Matched: []string{"a", "z"}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
}
