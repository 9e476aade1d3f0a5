package identity

// slowAlgorithm reports whether to verify or to sign by alg may take a millisecond. Go has no assembly for these curves.
func slowAlgorithm(alg string) bool { return alg == "ES384" || alg == "ES512" }
