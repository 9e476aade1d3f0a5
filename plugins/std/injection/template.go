package main

import "strings"

// The delimiters of template languages: Jinja, Twig, Handlebars, Angular; Freemarker, Velocity, EL, Thymeleaf, JS;
// Ruby, Pug; ERB, EJS, ASP; Razor.
var delimiters = [...]struct{ from, to string }{{"{{", "}}"}, {"{%", "%}"}, {"${", "}"}, {"#{", "}"}, {"*{", "}"}, {"<%", "%>"}, {"@(", ")"}, {"{", "}"}, {"[[", "]]"}, {"<#", ">"}, {"#set", ")"}, {"@{", "}"}}

// maxExpression is how much of an expression is read, in bytes.
const maxExpression = 1024

// lookTemplate looks for expressions that compute, reach for the engine's own objects, or call out. A plain
// {{name}} or ${name} is what people write.
func lookTemplate(s string, f *finding) {
	if enabled&template == 0 {
		return
	}
	if strings.Contains(s, "${jndi:") || strings.Contains(s, "${${") && strings.Contains(s, "::-") || strings.Contains(s, "${lower:") || strings.Contains(s, "${upper:") || strings.Contains(s, "${env:") && strings.Contains(s, ":-") {
		f.add(template, certain, "lookup of Log4j")
	}
	for i := 0; i+1 < len(s); i++ {
		if classes[s[i]]&(hasBrace|hasAngle|hasDollar) == 0 {
			continue
		}
		for _, d := range delimiters {
			if !strings.HasPrefix(s[i:], d.from) {
				continue
			}
			rest := s[i+len(d.from):]
			rest = rest[:min(len(rest), maxExpression)]
			end := strings.Index(rest, d.to)
			if end >= 0 {
				f.add(template, expressionScore(rest[:end], len(d.from)), "expression of a template")
			}
			break
		}
	}
}

var engineWords = []string{"__class__", "__mro__", "__subclasses__", "__globals__", "__builtins__", "__import__", "__init__", "__base__", "|attr(",
	"constructor", "getclass", "java.lang", "forname(", "getruntime", "processbuilder", "freemarker.template", "t(java", "new java", "self._",
	"_self.", "self.__", "config.__", "config.items", "request.application", "request.__", "registerundefinedfilter", ".popen(", "system(", "exec(",
	"passthru", "file_get_contents", "file.read", "file.open", "dir.entries", "io.popen", "child_process", "require(", "process.env", "global.process",
	"lipsum.", "cycler.", "joiner.", "get_flashed_messages", "url_for.", "include_vars", "|filter('", "|map('", "|sort('", "phpinfo", "`id`", "`ls",
	"class.inspect", "classloader", "$eval", "proc_open", "shell_exec", "app.request", "import os", "secret_key", "settings.secret", "string.fromcharcode", "range.constructor", "range.conctructor"}

func expressionScore(e string, delimiter int) int {
	for _, w := range engineWords {
		if strings.Contains(e, w) {
			if delimiter == 1 {
				return codeScore(e, w)
			}
			return certain
		}
	}
	if delimiter == 1 {
		return 0 // one brace alone opens code, JSON and CSS
	}
	e = strings.Trim(e, "= \t\r\n-+")
	switch {
	case computes(e):
		return certain
	case e == "config" || e == "self" || e == "_self" || e == "dump(app)" || e == "debug" || e == "request" || e == "settings" || e == "php" || strings.HasPrefix(e, "dump("):
		return likely + btoi(delimiter == 2)
	}
	return 0
}

// codeScore is for Smarty's {system('id')}, which has no blank after its brace, and {php}.
func codeScore(e, w string) int {
	if strings.HasPrefix(e, w) && (w == "system(" || w == "exec(" || w == "passthru" || w == "phpinfo" || w == "self._") {
		return certain
	}
	return 0
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

// computes reports whether e is arithmetic on constants, "7*7" or "7*'7'": how one asks whether a template
// engine listens.
func computes(e string) bool {
	digits, signs := 0, 0
	for i := 0; i < len(e); i++ {
		switch c := e[i]; {
		case isDigit(c):
			digits++
		case c == '*' || c == '+' || c == '-' || c == '/' || c == '%':
			signs++
		case c != ' ' && c != '\'' && c != '"' && c != '(' && c != ')' && c != '.':
			return false
		}
	}
	return digits >= 2 && signs >= 1
}
