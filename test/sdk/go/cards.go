package main

func isDigit(s string, i int) bool { return 0 <= i && i < len(s) && '0' <= s[i] && s[i] <= '9' }

// mask gives s with its cards masked, and how many there are.
func mask(s string) (masked string, cards int) {
	var out []byte
	for i := 0; i < len(s); {
		if !isDigit(s, i) {
			i++
			continue
		}
		end, digits := run(s, i)
		if digits >= 13 && digits <= 19 && luhn(s[i:end]) {
			if cards++; out == nil {
				out = []byte(s)
			}
			for j := i; digits > 4; j++ {
				if isDigit(s, j) {
					out[j] = '*'
					digits--
				}
			}
		}
		i = end
	}
	return string(out), cards
}

// run gives the end of the run of digits that begins at i, and how many they are.
func run(s string, i int) (end, digits int) {
	for ; i < len(s); i++ {
		if isDigit(s, i) {
			digits++
		} else if (s[i] != ' ' && s[i] != '-') || !isDigit(s, i-1) || !isDigit(s, i+1) {
			break
		}
	}
	return i, digits
}

func luhn(run string) bool {
	sum, n := 0, 0
	for i := len(run) - 1; i >= 0; i-- {
		if !isDigit(run, i) {
			continue
		}
		d := int(run[i]-'0') << (n & 1)
		if n++; d > 9 {
			d -= 9
		}
		sum += d
	}
	return sum%10 == 0
}
