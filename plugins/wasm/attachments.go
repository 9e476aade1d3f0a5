package wasm

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"slices"
	"strconv"

	"github.com/siogw/siogw/engine"
	"github.com/siogw/siogw/internal/strictjson"
)

// replaceAttachments puts new contents in the place of attachments, by their numbers. Each keeps its place:
// the arguments point to it. Those in dropped have no content, and must not be pointed to any more.
func replaceAttachments(old []engine.Attachment, fresh []byte) (all []engine.Attachment, dropped []int, err error) {
	all = slices.Clone(old)
	for key, value := range strictjson.Members(fresh) {
		name := strictjson.String(key)
		i, err := strconv.Atoi(name)
		if err != nil || i < 0 || i >= len(all) || strconv.Itoa(i) != name {
			return nil, nil, fmt.Errorf("attachments: %.20q is no number of an attachment", name)
		}
		if strictjson.KindOf(value) == strictjson.Null {
			all[i], dropped = engine.Attachment{}, append(dropped, i)
			continue
		}
		if strictjson.KindOf(value) != strictjson.Text {
			return nil, nil, fmt.Errorf("attachments: %d is neither string nor null", i)
		}
		data, err := base64.StdEncoding.Strict().DecodeString(strictjson.String(value))
		if err != nil {
			return nil, nil, fmt.Errorf("attachments: %d: %w", i, err)
		}
		all[i] = engine.Attachment{Data: data, Type: http.DetectContentType(data)}
	}
	return all, dropped, nil
}
