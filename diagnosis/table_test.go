package diagnosis

import (
	"slices"
	"strings"
	"testing"
)

// ids are what scripts compare: adding one is a decision, losing one a break.
var ids = []string{
	"access-denied", "connection-refused", "connection-reset", "dns-failure", "forbidden", "generic-no-detail", "html-instead-of-registry", "http-proxy-failure", "http-request-to-https-port",
	"http-response-to-https-client", "invalid-image-name", "kubelet-qps-exceeded", "mirror-not-allowlisted", "network-timeout", "never-pull-image-absent", "no-credentials", "no-space-left", "not-found",
	"platform-mismatch", "proxy-repository-not-found", "pull-deadline-exceeded", "pull-secret-missing", "rate-limited", "registry-server-error", "registry-unavailable", "schema1-unsupported", "short-name-ambiguous",
	"signature-validation-failed", "tls-handshake-timeout", "unauthorized", "unexpected-eof", "x509-expired", "x509-name-mismatch", "x509-no-ip-san", "x509-unknown-authority",
}

func TestTheTableHasEveryCauseOnce(t *testing.T) {
	var got []string
	for _, c := range Causes() {
		got = append(got, c.ID)
	}
	slices.Sort(got)
	if !slices.Equal(got, ids) {
		t.Errorf("got %v\nwant %v", got, ids)
	}
}

func TestEveryCauseSaysWhatItIsInBothLanguages(t *testing.T) {
	for _, c := range Causes() {
		if len(c.Anchors) == 0 || len(c.Remedy) == 0 || c.Source == "" {
			t.Errorf("%s: %d anchors, %d steps, source %q", c.ID, len(c.Anchors), len(c.Remedy), c.Source)
		}
		texts := []Text{c.Summary}
		for _, s := range c.Remedy {
			texts = append(texts, s.Text)
		}
		for _, text := range texts {
			if text.En == "" || !strings.ContainsFunc(text.Zh, func(r rune) bool { return 0x4e00 <= r && r <= 0x9fff }) {
				t.Errorf("%s: %q in Chinese is %q", c.ID, text.En, text.Zh)
			}
			for _, part := range strings.Split(text.En, "{")[1:] {
				name, _, _ := strings.Cut(part, "}")
				if !strings.Contains(text.Zh, "{"+name+"}") && slices.Contains([]string{"host", "endpoint", "image", "repository", "proxy"}, name) {
					t.Errorf("%s: the Chinese lacks {%s}: %s", c.ID, name, text.Zh)
				}
			}
		}
		for _, a := range c.Anchors {
			if a.Text != strings.ToLower(a.Text) || a.Text == "" || strings.HasPrefix(a.Text, "*") || strings.Contains(a.Text, "  ") {
				t.Errorf("%s: anchor %q cannot match text in lower case on one line", c.ID, a.Text)
			}
			if a.Rank < Wrapper || a.Rank > Verdict || a.Rank.String() == "no rank" {
				t.Errorf("%s: anchor %q has rank %d", c.ID, a.Text, a.Rank)
			}
		}
	}
	if Rank(0).String() != "no rank" || Rank(99).String() != "no rank" {
		t.Error("what is no rank has a name")
	}
}

// An anchor that another one always outdoes would be dead text.
func TestEveryAnchorNamesItsCauseByItself(t *testing.T) {
	for _, c := range Causes() {
		for _, a := range c.Anchors {
			text := strings.NewReplacer("*", "x", "$", "").Replace(a.Text)
			if text[0] == ':' {
				text = "x" + text
			}
			if strings.HasSuffix(text, " ") {
				text += "x"
			}
			message := `Failed to pull image "r.example/a/b:1": ` + text
			if f := Diagnose(message, English); f.Cause != c.ID {
				t.Errorf("%s: %q reads as %q", c.ID, message, f.Cause)
			}
		}
	}
}

// What the research calls a cause, its own paths and other people's names have
// no place in the product.
func TestNoSourceIsAPathOfAMachine(t *testing.T) {
	for _, c := range Causes() {
		if strings.HasPrefix(c.Source, "/") || strings.Contains(c.Source, ".md §") || strings.Contains(c.Source, "research") {
			t.Errorf("%s: source %q", c.ID, c.Source)
		}
	}
}

func TestTheListOfCausesIsTheCallersOwn(t *testing.T) {
	list := Causes()
	list[0].ID, list[0].Anchors[0].Text = "changed", "changed"
	if c := Causes()[0]; c.ID == "changed" || c.Anchors[0].Text == "changed" {
		t.Error("a caller changed the table")
	}
}
