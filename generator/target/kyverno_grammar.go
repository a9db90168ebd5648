package target

// The grammar of package image, as one regular expression over a text of one
// reference a line. Its groups are the name, ":tag" and "@digest"; the last two
// are empty where nothing was written. What it leaves to the expression around
// it, because Kyverno compiles it on every request and counted repeats triple
// that cost: the lengths of path, tag and digest, and 64 digits alone.
//
// It need not tell a host from a Docker Hub user: a name with a first component
// that is no host by its look (no ".", ":" or capital, not localhost) reads the
// same either way. A slash is one more separator between the groups of a path.
const kyvernoGrammar = `(?m)^((?:(?:` + grammarName + `|` + grammarIPv6 + `)/)?` + grammarPath + `)` + grammarTag + grammarDigest + `$`

const (
	grammarPort = `(?::[0-9]+)?`
	grammarName = `[A-Za-z0-9]+(?:(?:[.]|-+)[A-Za-z0-9]+)*` + grammarPort
	// An address without ":" or capital does not look like a host unless a port follows.
	grammarIPv6   = `[[](?:[a-f0-9]*[A-F:][A-Fa-f0-9:]*[]]` + grammarPort + `|[a-f0-9]+[]]:[0-9]+)`
	grammarPath   = `[a-z0-9]+(?:(?:[._/]|__|-+)[a-z0-9]+)*`
	grammarTag    = `(:[A-Za-z0-9_][A-Za-z0-9_.-]*)?`
	grammarDigest = `(@sha(?:256|384|512):[a-f0-9]+)?`
)

// kyvernoHub lists the spellings of Docker Hub, as a JSON literal.
const kyvernoHub = `["docker.io","index.docker.io","registry-1.docker.io"]`
