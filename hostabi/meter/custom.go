package meter

import "encoding/binary"

// AppendCustom gives module with a custom section behind all others. The module is not looked at; content may be of any
// bytes.
func AppendCustom(module []byte, name string, content []byte) []byte {
	body := append(binary.AppendUvarint(nil, uint64(len(name))), name...)
	out := make([]byte, 0, len(module)+len(body)+len(content)+16)
	out = binary.AppendUvarint(append(append(out, module...), 0), uint64(len(body)+len(content)))
	return append(append(out, body...), content...)
}
