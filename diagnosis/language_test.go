package diagnosis

import "testing"

func TestTheLocaleDecidesTheLanguage(t *testing.T) {
	for _, row := range []struct {
		why  string
		env  map[string]string
		want Language
	}{
		{"nothing is set", nil, English},
		{"Chinese", map[string]string{"LANG": "zh_CN.UTF-8"}, Chinese},
		{"Chinese without a country", map[string]string{"LANG": "zh"}, Chinese},
		{"Taiwan, in the form of browsers", map[string]string{"LANG": "zh-TW"}, Chinese},
		{"capitals", map[string]string{"LC_ALL": "ZH_cn"}, Chinese},
		{"LC_ALL outweighs LANG", map[string]string{"LC_ALL": "C", "LANG": "zh_CN.UTF-8"}, English},
		{"LC_MESSAGES outweighs LANG", map[string]string{"LC_MESSAGES": "zh_CN", "LANG": "en_US"}, Chinese},
		{"LC_ALL outweighs LC_MESSAGES", map[string]string{"LC_ALL": "en_US.UTF-8", "LC_MESSAGES": "zh_CN"}, English},
		{"an empty variable is not set", map[string]string{"LC_ALL": "", "LANG": "zh_CN"}, Chinese},
		{"Zhuang is za, and no language begins with zh but Chinese", map[string]string{"LANG": "zhx"}, English},
	} {
		if got := LanguageOf(func(name string) string { return row.env[name] }); got != row.want {
			t.Errorf("%s: %q, want %q", row.why, got, row.want)
		}
	}
}

func TestAnUnsetLanguageReadsAsEnglish(t *testing.T) {
	text := Text{En: "yes", Zh: "是"}
	if text.In("") != "yes" || text.In(English) != "yes" || text.In(Chinese) != "是" {
		t.Error("a text in the wrong language")
	}
}
