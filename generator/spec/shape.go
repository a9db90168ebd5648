package spec

// A shape says what may stand at one place of a MirrorSet. One tree of shapes
// drives the parser and the JSON Schema, so the two cannot drift apart.
type shape struct {
	kind shapeKind
	// fields are those of an object; any other is an error.
	fields []field
	// item is the shape of a list's items or a map's values.
	item *shape
	// key is the grammar of a map's keys.
	key *grammar
	// text is the grammar of a string.
	text *grammar
	// empty words why a list must not be empty; "" where it may be.
	empty string
	// unique says that a list of strings holds none twice.
	unique bool
}

type shapeKind int

const (
	_ shapeKind = iota
	objectShape
	listShape
	mapShape
	stringShape
	boolShape
)

// A field is one field of an object.
type field struct {
	name string
	// doc describes the field in the schema.
	doc   string
	shape *shape
	// need is the remedy where the field is missing; "" where it is optional.
	need string
	// unset is what an unset field reads as, for the schema; nil: nothing to say.
	unset any
}

// A grammar narrows a string.
type grammar struct {
	// check returns why the text is refused; the zero refusal accepts it.
	check func(text string) refusal
	// pattern is the regular expression of the schema. It accepts whatever check
	// accepts, and refuses what a regular expression can. "" says nothing.
	pattern string
	// enum lists the values where there are but some.
	enum []string
	// maxLength is the schema's; 0 stands for maxString.
	maxLength int
}

// A refusal is the rule that a value breaks, and the remedy.
type refusal struct {
	rule string
	// hidden says that the value may be a credential and is not to be shown.
	hidden bool
}

func refuse(rule string) refusal { return refusal{rule: rule} }

func object(fields ...field) *shape { return &shape{kind: objectShape, fields: fields} }
func list(item *shape) *shape       { return &shape{kind: listShape, item: item} }
func set(item *shape) *shape        { return &shape{kind: listShape, item: item, unique: true} }
func text(g *grammar) *shape        { return &shape{kind: stringShape, text: g} }
func boolean() *shape               { return &shape{kind: boolShape} }

func dictionary(key, value *grammar) *shape {
	return &shape{kind: mapShape, key: key, item: text(value)}
}

func (s *shape) notEmpty(why string) *shape {
	s.empty = why
	return s
}
