package pluginkit

// minimal is a guest that allows everything: what remains is the cost of any guest. siogw_alloc grows the memory by as
// many pages as n bytes need, siogw_decide gives 0. A test assembles it again.
var minimal = []byte("\x00asm\x01\x00\x00\x00" +
	"\x01\f\x02`\x01\x7f\x01\x7f`\x02\x7f\x7f\x01~" + // types
	"\x03\x03\x02\x00\x01\x05\x03\x01\x00\x01" + // functions, memory
	"\x07'\x03\vsiogw_alloc\x00\x00\fsiogw_decide\x00\x01\x06memory\x02\x00" + // exports
	"\f\x01\x00\n\x1a\x02\x13\x00 \x00A\xff\xff\x03jA\x80\x80\x04n@\x00A\x10t\v\x04\x00B\x00\v") // code
