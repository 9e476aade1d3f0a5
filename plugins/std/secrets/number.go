package main

import "strings"

// maxDigits is the longest card number.
const maxDigits = 19

// cardLength gives the length of the card number at i, single blanks or hyphens between its groups, 0 for
// none: an issuer's prefix, that issuer's length, and the check digit (ISO/IEC 7812-1).
func cardLength(s string, i int) int {
	var digits [maxDigits]byte
	n, end, groups := 0, i, 0
	if i > 0 && strings.IndexByte(".,+-/#$=", s[i-1]) >= 0 && i > 1 && isWord(s[i-2]) {
		return 0 // of a longer number, or of an address
	}
	var separator byte
	for k := i; k < len(s); k++ {
		c := s[k]
		if isDigit(c) {
			if n == maxDigits {
				return 0
			}
			digits[n] = c - '0'
			n++
			end = k + 1
			continue
		}
		if (c == ' ' || c == '-') && k+1 < len(s) && isDigit(s[k+1]) && (separator == 0 || separator == c) && groups < 5 {
			separator = c
			groups++
			continue
		}
		break
	}
	if end < len(s) && (isWord(s[end]) || s[end] == '.' && end+1 < len(s) && isDigit(s[end+1])) || !issued(digits[:n], groups) || !luhn(digits[:n]) {
		return 0
	}
	return end - i
}

// issued: the big issuers, by the lengths that they use today.
func issued(d []byte, groups int) bool {
	if len(d) < 14 || strings.Trim(string(d), string(d[:1])) == "" {
		return false
	}
	four := int(d[0])*1000 + int(d[1])*100 + int(d[2])*10 + int(d[3])
	two := four / 100
	switch len(d) {
	case 14:
		return two == 36 || two == 38 || four/10 >= 300 && four/10 <= 305 // Diners
	case 15:
		return two == 34 || two == 37 // American Express
	case 16:
		return d[0] == 4 || two >= 51 && two <= 55 || four >= 2221 && four <= 2720 || // Visa, Mastercard
			four == 6011 || two == 65 || four/10 >= 644 && four/10 <= 649 || // Discover
			four >= 3528 && four <= 3589 || two == 62 || four == 6759 || four >= 2200 && four <= 2204 // JCB, UnionPay, Maestro, Mir
	}
	return groups >= 3 && (d[0] == 4 || two == 62) // of 17 to 19 digits, only where they are grouped
}

func luhn(d []byte) bool {
	sum := 0
	for i, c := range d {
		v := int(c)
		if (len(d)-i)%2 == 0 {
			if v *= 2; v > 9 {
				v -= 9
			}
		}
		sum += v
	}
	return sum%10 == 0
}

// ibanLengths is the IBAN registry (ISO 13616).
var ibanLengths = map[string]int{"AD": 24, "AE": 23, "AL": 28, "AT": 20, "AZ": 28, "BA": 20, "BE": 16, "BG": 22, "BH": 22, "BR": 29, "BY": 28, "CH": 21,
	"CR": 22, "CY": 28, "CZ": 24, "DE": 22, "DK": 18, "DO": 28, "EE": 20, "EG": 29, "ES": 24, "FI": 18, "FO": 18, "FR": 27, "GB": 22, "GE": 22, "GI": 23, "GL": 18,
	"GR": 27, "GT": 28, "HR": 21, "HU": 28, "IE": 22, "IL": 23, "IQ": 23, "IS": 26, "IT": 27, "JO": 30, "KW": 30, "KZ": 20, "LB": 28, "LC": 32, "LI": 21, "LT": 20,
	"LU": 20, "LV": 21, "MC": 27, "MD": 24, "ME": 22, "MK": 19, "MR": 27, "MT": 31, "MU": 30, "NL": 18, "NO": 15, "PK": 24, "PL": 28, "PS": 29, "PT": 25, "QA": 29,
	"RO": 24, "RS": 22, "SA": 24, "SC": 31, "SE": 24, "SI": 19, "SK": 24, "SM": 27, "ST": 25, "SV": 28, "TL": 23, "TN": 24, "TR": 26, "UA": 29, "VA": 22, "VG": 24, "XK": 20}

// ibanLength gives the length of the IBAN that s begins with, single blanks between its groups, 0 for none:
// the country's length, and the remainder by 97.
func ibanLength(s string) int {
	if len(s) < 15 || !isUpper(s[0]) || !isUpper(s[1]) || !isDigit(s[2]) || !isDigit(s[3]) {
		return 0
	}
	want := ibanLengths[s[:2]]
	var text [34]byte
	n, k := 0, 0
	for ; k < len(s) && n < want; k++ {
		switch {
		case upperDigit(s[k]):
			text[n] = s[k]
			n++
		case s[k] != ' ' || n == 0 || n%4 != 0 || s[k-1] == ' ':
			return 0
		}
	}
	if want == 0 || n < want || k < len(s) && isWord(s[k]) || !mod97(text[:n]) {
		return 0
	}
	return k
}

func mod97(text []byte) bool {
	rest := 0
	for i := range text {
		c := text[(i+4)%len(text)]
		if isDigit(c) {
			rest = (rest*10 + int(c-'0')) % 97
		} else {
			rest = (rest*100 + int(c-'A') + 10) % 97
		}
	}
	return rest == 1
}
