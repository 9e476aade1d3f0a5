package engineio

import (
	"iter"
	"strconv"
)

// The bytes of a binary payload of revision 3: each packet is 0 (text) or 1 (binary), the decimal digits of
// its length in bytes as numbers, 255, and the packet.
const (
	textMark   = 0
	binaryMark = 1
	lengthEnd  = 0xff
)

// BinaryPayload3 gives the packets of a revision 3 polling payload in binary (application/octet-stream). It
// ends like Payload, and limit is the same.
func BinaryPayload3(payload []byte, limit int) iter.Seq2[Packet, error] {
	return func(yield func(Packet, error) bool) {
		for at, n := 0, 0; n == 0 || at < len(payload); n++ {
			if n == orMax(limit) {
				yield(Packet{}, tooMany(at))
				return
			}
			p, end, err := packetAt3(payload, at)
			if err != nil {
				yield(Packet{}, err)
				return
			}
			if !yield(p, nil) {
				return
			}
			at = end
		}
	}
}

// packetAt3 reads the packet that begins at at, and gives where it ends.
func packetAt3(payload []byte, at int) (p Packet, end int, err error) {
	if at >= len(payload) || payload[at] > binaryMark {
		return p, 0, malformed(at, "neither text nor binary")
	}
	mark := payload[at]
	from := at + 1
	size := 0
	for from < len(payload) && payload[from] <= 9 && from-at <= maxLength3 {
		size = size*10 + int(payload[from])
		from++
	}
	if from >= len(payload) || payload[from] != lengthEnd || size == 0 || payload[at+1] == 0 {
		return p, 0, malformed(at+1, "bad length")
	}
	from++
	if end = from + size; end > len(payload) {
		return p, 0, malformed(at+1, "length beyond the end")
	}
	if mark == binaryMark {
		p, err = DecodeFrame3(payload[from:end])
	} else {
		p, err = decodeText(payload[from:end])
	}
	if err != nil {
		return Packet{}, 0, moved(err, from)
	}
	return p, end, nil
}

// AppendBinaryPayload3 appends packets as a revision 3 polling payload in binary.
func AppendBinaryPayload3(dst []byte, packets ...Packet) []byte {
	for _, p := range packets {
		mark := byte(textMark)
		if p.Binary {
			mark = binaryMark
		}
		dst = append(dst, mark)
		for _, c := range strconv.Itoa(len(p.Data) + 1) {
			dst = append(dst, byte(c-'0'))
		}
		dst = append(dst, lengthEnd)
		if p.Binary {
			dst = AppendFrame3(dst, p)
		} else {
			dst = AppendPacket(dst, p)
		}
	}
	return dst
}
