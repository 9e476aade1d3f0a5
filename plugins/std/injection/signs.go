package main

// sign is a text that says something wherever it stands.
type sign struct {
	text  string
	score int
}

// signs are looked for all at once, by their first byte: one pass over the string for all of them.
type signs [256][]sign

func signTable(all ...sign) (t signs) {
	for _, s := range all {
		t[s.text[0]] = append(t[s.text[0]], s)
	}
	return t
}

// worst gives the one in s with the highest score, the zero sign when there is none.
func (t *signs) worst(s string) (found sign) {
	for i := 0; i < len(s); i++ {
		for _, c := range t[s[i]] {
			if c.score > found.score && len(s)-i >= len(c.text) && s[i:i+len(c.text)] == c.text {
				found = c
			}
		}
	}
	return found
}

var shellSigns = signTable(sign{"/dev/tcp/", certain}, sign{"${ifs", certain}, sign{"$ifs$", certain}, sign{"bash -i >", certain}, sign{"nc -e ", certain},
	sign{"() { :;}", certain}, sign{"() { :; }", certain}, sign{"powershell -e", likely}, sign{"powershell.exe -e", likely}, sign{"cmd.exe /c", likely}, sign{"cmd /c ", odd},
	sign{"/bin/sh -c", odd}, sign{"/bin/bash -c", odd}, sign{"mkfifo /tmp/", likely}, sign{"| nc ", likely}, sign{"base64 -d |", odd}, sign{"base64 -d|", likely},
	sign{"__import__('os').system", certain}, sign{"{cat,/", certain}, sign{"/???/??t", certain})

// secretFiles are those that intruders read first.
var secretFiles = func() signs {
	var all []sign
	for _, text := range []string{"/etc/passwd", "/etc/shadow", "/etc/hosts", "/etc/group", "/proc/self", "win.ini", "boot.ini", ".ssh/", "id_rsa", "/etc/sudoers",
		"\\system32\\", "/windows/system32", "\\sam", ".aws/credentials", "wp-config", "web.config", "web-inf/", "/etc/issue", "/proc/version", "/proc/1/", ".htpasswd"} {
		all = append(all, sign{text, 1})
	}
	return signTable(all...)
}()

func hasSecretFile(s string) bool { return secretFiles.worst(s).score > 0 }
