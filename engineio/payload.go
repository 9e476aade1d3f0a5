package engineio

import (
	"bytes"
	"iter"
)

// separator stands between the packets of a revision 4 payload.
const separator = '\x1e'

// MaxPayloadPackets is how many packets of one payload a reader without a wish of its own should accept. The
// reference client puts all that it has into one payload.
const MaxPayloadPackets = 10000

// Payload gives the packets of a revision 4 polling payload, in order, and ends after the first error, which
// comes with the zero Packet: what came before it has been given already, as the reference does. At most
// limit packets are given; 0 takes MaxPayloadPackets.
func Payload(payload []byte, limit int) iter.Seq2[Packet, error] {
	return func(yield func(Packet, error) bool) {
		rest, from := payload, 0
		for n := range orMax(limit) {
			part, tail, more := bytes.Cut(rest, []byte{separator})
			p, err := DecodePacket(part)
			if err != nil {
				yield(Packet{}, moved(err, from))
				return
			}
			if !yield(p, nil) || !more {
				return
			}
			rest, from = tail, from+len(part)+1
			if n+1 == orMax(limit) {
				yield(Packet{}, tooMany(from))
			}
		}
	}
}

func orMax(limit int) int {
	if limit <= 0 {
		return MaxPayloadPackets
	}
	return limit
}

func tooMany(offset int) *DecodeError {
	return &DecodeError{Offset: offset, Msg: ErrTooManyPackets.Error(), Kind: ErrTooManyPackets}
}

// AppendPayload appends packets as a revision 4 polling payload. Text must not hold U+001E: what a
// socketio.Decoder gave, or JSON, never does.
func AppendPayload(dst []byte, packets ...Packet) []byte {
	for i, p := range packets {
		if i > 0 {
			dst = append(dst, separator)
		}
		dst = AppendPacket(dst, p)
	}
	return dst
}
