// Package wire is what the gateway and a native plugin say to each other, version 1: one stream of gRPC that carries
// google.protobuf.BytesValue both ways, over the connection that hashicorp/go-plugin makes. README.md beside it describes it
// for those who write a plugin without package sdk/native.
package wire

import (
	"encoding/binary"
	"errors"
	"fmt"
	"iter"
	"time"
)

// What go-plugin and gRPC need to agree on.
const (
	Version     = 1              // of this protocol; go-plugin compares it
	CookieKey   = "SIOGW_PLUGIN" // in the environment of a plugin
	CookieValue = "native"
	Name        = "judge" // of the plugin in go-plugin's set
	Service     = "siogw.native.v1.Judge"
	Stream      = "Judge"
	Method      = "/" + Service + "/" + Stream
)

// The limits of messages.
const (
	MaxMessage = 64 << 20        // bytes, either way; gRPC refuses more
	MaxView    = MaxMessage - 64 // bytes of one view
	BatchSize  = 64 << 10        // bytes from where on no record is added to a message
)

// Hello is the gateway's first message, as JSON.
type Hello struct {
	Plugin   string `json:"plugin"`   // its name in the configuration
	Manifest []byte `json:"manifest"` // the file that the gateway goes by (base64 in JSON)
	Config   []byte `json:"config"`   // JSON, or nothing
}

// Welcome is the plugin's first message, as JSON.
type Welcome struct {
	Error string `json:"error,omitempty"` // why it does not serve; "" when it does
}

// ErrMalformed says that a message is not made of whole records.
var ErrMalformed = errors.New("malformed message")

const (
	sizeBytes      = 4
	idBytes        = 8
	timeBytes      = 4
	questionHeader = idBytes + timeBytes
)

// Question is one input to judge.
type Question struct {
	ID   uint64
	Time time.Duration // for the answer, in whole microseconds; at most 71 minutes
	View []byte
}

// Answer is what became of a question.
type Answer struct {
	ID      uint64
	Verdict []byte // JSON as of ABI.md, section 5; empty to allow
}

// QuestionSize is how many bytes a question with such a view takes.
func QuestionSize(view int) int { return sizeBytes + questionHeader + view }

// AppendQuestion adds a record to a message.
func AppendQuestion(dst []byte, q *Question) []byte {
	dst = binary.LittleEndian.AppendUint32(dst, uint32(questionHeader+len(q.View)))
	dst = binary.LittleEndian.AppendUint64(dst, q.ID)
	dst = binary.LittleEndian.AppendUint32(dst, uint32(min(max(q.Time.Microseconds(), 0), 1<<32-1)))
	return append(dst, q.View...)
}

// AppendAnswer adds a record to a message.
func AppendAnswer(dst []byte, a *Answer) []byte {
	dst = binary.LittleEndian.AppendUint32(dst, uint32(idBytes+len(a.Verdict)))
	dst = binary.LittleEndian.AppendUint64(dst, a.ID)
	return append(dst, a.Verdict...)
}

// Questions gives the records of a message, and at last an error that wraps ErrMalformed if what follows is none. Views
// are parts of message.
func Questions(message []byte) iter.Seq2[Question, error] {
	return func(yield func(Question, error) bool) {
		for record, err := range records(message, questionHeader) {
			if err != nil {
				yield(Question{}, err)
				return
			}
			q := Question{ID: binary.LittleEndian.Uint64(record), View: record[questionHeader:],
				Time: time.Duration(binary.LittleEndian.Uint32(record[idBytes:])) * time.Microsecond}
			if !yield(q, nil) {
				return
			}
		}
	}
}

// Answers is the same as Questions for the other direction.
func Answers(message []byte) iter.Seq2[Answer, error] {
	return func(yield func(Answer, error) bool) {
		for record, err := range records(message, idBytes) {
			if err != nil {
				yield(Answer{}, err)
				return
			}
			if !yield(Answer{ID: binary.LittleEndian.Uint64(record), Verdict: record[idBytes:]}, nil) {
				return
			}
		}
	}
}

// records gives what follows each size; a record has at least least bytes.
func records(message []byte, least int) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		for at := 0; at < len(message); {
			rest := message[at:]
			if len(rest) < sizeBytes {
				yield(nil, fmt.Errorf("%w: byte %d: %d bytes of a size", ErrMalformed, at, len(rest)))
				return
			}
			n := int64(binary.LittleEndian.Uint32(rest))
			if n < int64(least) || n > int64(len(rest)-sizeBytes) {
				yield(nil, fmt.Errorf("%w: byte %d: a record of %d bytes, %d are there", ErrMalformed, at, n, len(rest)-sizeBytes))
				return
			}
			end := sizeBytes + int(n)
			if !yield(rest[sizeBytes:end:end], nil) {
				return
			}
			at += end
		}
	}
}
