package siogw

import (
	"encoding/binary"
	"errors"
)

// Binary is a binary attachment as the view "attachments" shows it.
type Binary struct {
	Size int    // bytes of the whole
	Data []byte // as many of the first as the manifest's prefix says; valid during the call
}

var errAttachments = errors.New("not an attachments view; does the manifest ask for it?")

// OnAttachments registers a judge of the binary attachments (view "attachments").
func OnAttachments(decide func(all []Binary) Verdict) {
	judge = func(view []byte) ([]byte, error) {
		all, err := SplitAttachments(view)
		if err != nil {
			return nil, err
		}
		return encode(decide(all))
	}
}

// SplitAttachments takes an attachments view apart, for judges that OnRaw registers.
func SplitAttachments(view []byte) ([]Binary, error) {
	if len(view) < 4 {
		return nil, errAttachments
	}
	n, rest := binary.LittleEndian.Uint32(view), view[4:]
	if uint64(n) > uint64(len(rest))/8 {
		return nil, errAttachments
	}
	all := make([]Binary, n)
	for i := range all {
		if len(rest) < 8 {
			return nil, errAttachments
		}
		size, shown := binary.LittleEndian.Uint32(rest), binary.LittleEndian.Uint32(rest[4:])
		if rest = rest[8:]; shown > size || uint64(shown) > uint64(len(rest)) {
			return nil, errAttachments
		}
		all[i] = Binary{int(size), rest[:shown]}
		rest = rest[shown:]
	}
	if len(rest) > 0 {
		return nil, errAttachments
	}
	return all, nil
}
