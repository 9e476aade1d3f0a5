package main

import "strings"

// lookShell looks for commands where a shell would begin a new one: after ; | & and line breaks, in $( ) and
// in backquotes.
func lookShell(s string, f *finding) {
	if enabled&shell == 0 {
		return
	}
	if p := shellSigns.worst(s); p.score > 0 {
		f.add(shell, p.score, "shell: "+p.text)
	}
	pasted := startsAsCommand(s)
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case ';', '|', '&', '\n':
			j := i + 1
			for j < len(s) && (s[j] == s[i] || s[j] == ' ' || s[j] == '\t') {
				j++
			}
			f.add(shell, commandScore(s, i, j, pasted), "command after a separator")
			i = j - 1
		case '$':
			if byteAt(s, i+1) == '(' {
				f.add(shell, substituted(s[i+2:], ')', pasted), "command in $()")
			}
		case '`':
			if end := strings.IndexByte(s[i+1:], '`'); end > 0 && end < 256 {
				f.add(shell, backquoted(s, i, i+1+end, pasted), "command in backquotes")
				i += 1 + end
			}
		}
	}
}

// Commands: those of intruders, alone or with any argument; and those of everyone.
var (
	recon    = set(`id whoami uname ifconfig ipconfig hostname netstat printenv systeminfo tasklist`)
	fetchers = set(`curl wget nc ncat netcat telnet ftp tftp scp nslookup dig ping certutil bitsadmin socat xterm host`)
	runners  = set(`bash sh zsh dash ksh csh python python2 python3 perl ruby php node lua powershell cmd eval exec awk gawk`)
	readers  = set(`cat type head tail more less nl tac od xxd strings grep find cp mv chmod chown rm del tee touch base64 sed dd echo ls dir ps env pwd sleep
		kill reboot shutdown halt crontab ln set export net w timeout`)
	ordinary = set(`cd sudo npm npx yarn pnpm git go make docker kubectl apt apt-get brew pip pip3 cargo mkdir source systemctl ssh tar unzip journalctl dotnet mvn gradle helm dmesg`)
)

// startsAsCommand reports whether the text begins as a line for a shell does: someone shows one.
func startsAsCommand(s string) bool {
	s = strings.TrimLeft(s, " \t\r\n$#>`")
	name, _ := command(s)
	return ordinary[name] || fetchers[name] || runners[name] || readers[name] && name != "type" || name == "for"
}

// command cuts a command's name off, without its folder; rest is what follows.
func command(s string) (name, rest string) {
	s = strings.TrimLeft(s, " \t")
	n := 0
	for n < len(s) && (isWord(s[n]) || s[n] == '/' || s[n] == '.' || s[n] == '-' || s[n] == '\\') {
		n++
	}
	name = strings.ReplaceAll(s[:n], "\\", "")
	for _, dir := range [...]string{"/usr/bin/", "/bin/", "/usr/local/bin/", "/sbin/", "/usr/sbin/"} {
		name = strings.TrimPrefix(name, dir)
	}
	return strings.TrimSuffix(name, ".exe"), s[n:]
}

// commandScore judges the command at j, behind the separator at i.
func commandScore(s string, i, j int, pasted bool) int {
	if s[i] == '\n' && !pasted && i > 40 {
		return 0 // lines of prose and code
	}
	name, rest := command(s[j:])
	if name == "" || s[i] == '&' && strings.HasPrefix(rest, ";") || byteAt(s, i-1) == '\\' {
		return 0
	}
	score := nameScore(name, rest)
	if cell := strings.TrimLeft(rest, " \t"); score < 6 && s[i] == '|' && strings.HasPrefix(cell, "|") && !strings.HasPrefix(cell, "||") {
		score = min(score, odd) // of a table
	}
	if s[i] == '&' && j == i+2 && name == "id" && s[i+1] == ' ' {
		score = min(score, odd) // and a passport
	}
	if pasted && score < 6 {
		score = min(score, odd)
	}
	if s[i] == '\n' && score < 6 {
		score = min(score, odd)
	}
	return min(score, certain)
}

// nameScore is 6 for what is bad even in a line that someone shows.
func nameScore(name, rest string) int {
	arg := strings.TrimLeft(rest, " \t")
	end := arg == "" || strings.IndexByte(";|&#'\")`\r\n", arg[0]) >= 0
	spaced := rest != arg
	flag := spaced && len(arg) > 1 && (arg[0] == '-' && (isLetter(arg[1]) || arg[1] == '-') || arg[0] == '/')
	switch {
	case (readers[name] || runners[name] || fetchers[name]) && hasSecretFile(rest[:min(len(rest), maxArguments)]):
		return 6
	case recon[name]:
		if end && name != "id" || name == "id" && (end && arg == "" || end && arg[0] != '"' && arg[0] != '\'') || flag {
			return certain
		}
	case fetchers[name]:
		switch {
		case spaced && (strings.Contains(arg, "://") || flag || isAddress(arg)):
			return certain
		}
	case runners[name]:
		if flag || strings.HasPrefix(arg, "<(") {
			return certain
		}
		if end {
			return odd
		}
	case name == "rm" && (strings.HasPrefix(arg, "-rf") || strings.HasPrefix(arg, "-fr")):
		return certain
	case name == "sleep" || name == "timeout":
		if n := strings.TrimLeft(arg, "0123456789."); spaced && len(n) < len(arg) {
			n = strings.TrimLeft(n, "smh \t")
			if n == "" || strings.IndexByte(";|&#'\")`\r\n", n[0]) >= 0 {
				return certain
			}
		}
	case name == "net" && (strings.HasPrefix(arg, "user") || strings.HasPrefix(arg, "localgroup")):
		return certain
	case readers[name] && name != "type" && name != "set" && name != "w":
		if flag || name == "dir" && len(arg) > 1 && arg[1] == ':' || end && (name == "ls" || name == "dir" || name == "ps" || name == "env" || name == "pwd") {
			return certain
		}
	}
	return 0
}

// maxArguments is how much behind a command counts as its arguments, in bytes.
const maxArguments = 256

func isAddress(s string) bool {
	dots, n := 0, 0
	for n < len(s) && s[n] > ' ' {
		if s[n] == '.' {
			dots++
		}
		n++
	}
	return dots >= 1 && n >= 4 && s[n-1] != '.'
}

func substituted(s string, end byte, pasted bool) int {
	n := strings.IndexByte(s[:min(len(s), maxArguments)], end)
	if n < 0 {
		return 0
	}
	name, rest := command(s[:n])
	if rest != "" && rest[0] != ' ' && rest[0] != '<' {
		return 0
	}
	score := nameScore(name, rest)
	if readers[name] || runners[name] || recon[name] {
		score = max(score, certain)
	}
	if pasted && score < 6 {
		return min(score, odd)
	}
	return min(score, certain)
}

// backquoted: in Markdown, code stands between backquotes with blanks around.
func backquoted(s string, from, to int, pasted bool) int {
	score := substituted(s[from+1:to]+")", ')', pasted)
	markdown := (from == 0 || s[from-1] <= ' ' || s[from-1] == '(' || s[from-1] == '*') && (to+1 == len(s) || !isWord(s[to+1]))
	if markdown || s[from+1] == '`' {
		return min(score, odd)
	}
	return score
}
