package diagnosis

import "strings"

// A Language is that of summaries, remedies and advice: "en" or "zh"; unset
// reads as "en". Messages, commands and field names are never translated.
type Language string

// The languages.
const (
	English Language = "en"
	Chinese Language = "zh"
)

// A Text is one sentence in both languages; neither is ever empty.
type Text struct{ En, Zh string }

// In is the text in a language.
func (t Text) In(language Language) string {
	if language == Chinese {
		return t.Zh
	}
	return t.En
}

// LanguageOf reads the locale as POSIX orders its variables: the first of
// LC_ALL, LC_MESSAGES and LANG that is set decides; "zh..." is Chinese,
// everything else English.
func LanguageOf(getenv func(string) string) Language {
	for _, name := range []string{"LC_ALL", "LC_MESSAGES", "LANG"} {
		if locale := strings.ToLower(getenv(name)); locale != "" {
			if locale == "zh" || strings.HasPrefix(locale, "zh_") || strings.HasPrefix(locale, "zh-") || strings.HasPrefix(locale, "zh.") {
				return Chinese
			}
			return English
		}
	}
	return English
}
