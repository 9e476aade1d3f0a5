package wasmtest

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

var typeWords = map[rune]string{'i': "i32", 'l': "i64", 'f': "f32", 'd': "f64", 'v': "v128", 'r': "funcref"}

// Text gives the module in the text format, of what Binary writes; custom sections as comments.
func (m Module) Text() string {
	var b strings.Builder
	b.WriteString("(module\n")
	for n, i := range m.Imports {
		fmt.Fprintf(&b, "  (import %q %q (func (;%d;)%s))\n", i.Module, i.Name, n, signature(i.Params, i.Results))
	}
	if !m.None {
		limits := []byte(m.limits())
		fmt.Fprintf(&b, "  (memory%s %s)\n", map[bool]string{false: ` (export "memory")`}[m.Hidden], pages(limits))
	}
	if m.Table != nil {
		fmt.Fprintf(&b, "  (table %d funcref)\n", len(m.Table))
		if len(m.Table) > 0 {
			fmt.Fprintf(&b, "  (elem (i32.const 0) func %s)\n", strings.Trim(fmt.Sprint(m.Table), "[]"))
		}
	}
	for _, t := range m.Globals {
		fmt.Fprintf(&b, "  (global (mut %s) (%s.const 0))\n", typeWords[t], typeWords[t])
	}
	if m.Start != nil {
		fmt.Fprintf(&b, "  (start %d)\n", *m.Start)
	}
	for n, f := range m.Funcs {
		fmt.Fprintf(&b, "  (func (;%d;)", len(m.Imports)+n)
		if f.Export != "" {
			fmt.Fprintf(&b, " (export %q)", f.Export)
		}
		fmt.Fprintf(&b, "%s%s\n    %s)\n", signature(f.Params, f.Results), list("local", f.Locals), textOf(f.Code))
	}
	if m.Data != "" || m.Passive != "" {
		fmt.Fprintf(&b, "  (data (i32.const 8) %s)\n", quoted(m.Data))
	}
	if m.Passive != "" {
		fmt.Fprintf(&b, "  (data %s)\n", quoted(m.Passive))
	}
	b.WriteString(")\n")
	for _, name := range slices.Sorted(maps.Keys(m.Custom)) {
		fmt.Fprintf(&b, ";; and a custom section %q with %q\n", name, m.Custom[name])
	}
	return b.String()
}

func signature(params, results string) string { return list("param", params) + list("result", results) }

func list(word, letters string) string {
	if letters == "" {
		return ""
	}
	out := " (" + word
	for _, t := range letters {
		out += " " + typeWords[t]
	}
	return out + ")"
}

// pages reads the binary form of limits.
func pages(b []byte) string {
	var numbers []string
	n, shift := 0, 0
	for _, c := range b[1:] {
		n |= int(c&0x7f) << shift
		if shift += 7; c < 0x80 {
			numbers = append(numbers, fmt.Sprint(n))
			n, shift = 0, 0
		}
	}
	return strings.Join(numbers, " ")
}

func quoted(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, c := range []byte(s) {
		if c < ' ' || c > '~' || c == '"' || c == '\\' {
			fmt.Fprintf(&b, `\%02x`, c)
		} else {
			b.WriteByte(c)
		}
	}
	return b.String() + `"`
}

// textOf writes code for Asm as the text format has it.
func textOf(code string) string {
	words := strings.Fields(code)
	var out []string
	for at := 0; at < len(words); {
		word := words[at]
		at++
		for _, kind := range ops[word].imm {
			switch {
			case kind == 'm':
				continue
			case kind == 't' && words[at] != "-":
				word += list("result", words[at])
			case kind == 't':
			case kind == 'u' && (strings.Contains(word, ".load") || strings.Contains(word, ".store")):
				if words[at] != "0" {
					word += " offset=" + words[at]
				}
			default:
				word += " " + words[at]
			}
			at++
		}
		switch word {
		case "ref.null", "ref.is_null":
			word = strings.Replace(word, "ref.null", "ref.null func", 1)
		}
		out = append(out, word)
	}
	return strings.Join(out, " ")
}
