package socketio

import (
	"bufio"
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// stricter says why texts that the reference parser (socket.io-parser 4.2.x) accepts are refused here, and how many of
// the vectors each reason refuses. A count that changes means that the decoder changed.
var stricter = map[string]int{
	"answer without an id":                   51,  // 3[]: answers nothing, the reference drops it later
	"attachment without a placeholder":       185, // the reference loses the attachment
	"bad id":                                 18,  // 007, and what a double does not hold
	"bad number of attachments":              11,  // 1e0-, 0x1-, +1-, "1 -": to the reference all 1
	"bad placeholder":                        39,  // given twice, out of range, in a packet that has no attachments
	"character that a namespace cannot have": 52,  // control characters, blanks, brackets
	"data after the value":                   1,   // white space
	"empty packet":                           1,   // to the reference a CONNECT
	"event name is empty":                    5,   // "" stands for "no event" in an input
	"event name is no string":                26,  // [1]: numbers
	"id on a packet that has none":           3,   // 01: a CONNECT with an id
	"key given twice":                        1,
	"namespace that a URL parser shortens":   6,   // "//"
	"namespace without a comma":              29,  // 2/admin["a"]: all of it is the namespace
	"no payload":                             5,   // 2
	"number too large for a double":          1,   // 1e400 is null when written again
	"payload is no array":                    16,  // "2 [": the reference takes the blank for id 0
	"query in a namespace":                   164, // revision 5 has none
	"unknown packet type":                    1,   // a blank
}

// equal is how many vectors are read just as the reference reads them, bothRefuse how many neither accepts.
const equal, bothRefuse = 269, 1048

// vector is what the reference parser makes of one text.
type vector struct {
	In     string
	Type   int
	Nsp    string
	ID     *string
	Data   *string
	Binary int
	Err    string
}

func TestVectors(t *testing.T) {
	got, same, both := map[string]int{}, 0, 0
	eachLine(t, "testdata/sio5-decode.jsonl", func(line []byte) {
		var v vector
		if err := json.Unmarshal(line, &v); err != nil {
			t.Fatal(err)
		}
		d := Decoder{Limits: Limits{Attachments: 10}} // the reference's limit
		if strings.HasPrefix(v.In, "4") {
			d.From = Server
		}
		p, err := d.Text([]byte(v.In))
		if p == nil && err == nil {
			p = &d.packet
		}
		var e *Error
		switch {
		case err == nil && v.Err != "":
			t.Errorf("%q: the reference refuses it: %s", v.In, v.Err)
		case err == nil:
			same++
			v.compare(t, p)
		case !errors.As(err, &e):
			t.Errorf("%q: %v", v.In, err)
		case v.Err == "":
			got[e.Msg]++
		default:
			both++
		}
	})
	if same != equal || both != bothRefuse {
		t.Errorf("%d read alike, %d refused by both", same, both)
	}
	if !reflect.DeepEqual(got, stricter) {
		t.Errorf("reasons: %#v", got)
	}
}

func (v *vector) compare(t *testing.T, p *Packet) {
	id := ""
	if p.HasID {
		id = strconv.FormatUint(p.ID, 10)
	}
	wantID := ""
	if v.ID != nil {
		wantID = *v.ID
	}
	if int(p.Type) != v.Type || p.Namespace != v.Nsp || id != wantID || p.Count != v.Binary || (p.Data == nil) != (v.Data == nil) {
		t.Errorf("%q: %s (%d attachments)", v.In, show(p), p.Count)
		return
	}
	if v.Data == nil {
		return
	}
	var a, b any
	if json.Unmarshal(p.Data, &a) != nil || json.Unmarshal([]byte(*v.Data), &b) != nil || !reflect.DeepEqual(a, b) {
		t.Errorf("%q: payload %s, want %s", v.In, p.Data, *v.Data)
	}
}

func eachLine(t *testing.T, file string, do func([]byte)) {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	s := bufio.NewScanner(f)
	s.Buffer(nil, 1<<20)
	for s.Scan() {
		do(s.Bytes())
	}
	if s.Err() != nil {
		t.Fatal(s.Err())
	}
}

// The reference's encoder and ours write the same bytes, text and attachments.
func TestEncodeVectors(t *testing.T) {
	n := 0
	eachLine(t, "testdata/sio5-encode.jsonl", func(line []byte) {
		var v struct {
			Packet string
			Out    []json.RawMessage
		}
		var in struct {
			Type PacketType
			Nsp  string
			ID   *uint64
			Data json.RawMessage
		}
		if json.Unmarshal(line, &v) != nil || json.Unmarshal([]byte(v.Packet), &in) != nil {
			t.Fatalf("%s", line)
		}
		n++
		p := Packet{Type: in.Type, Namespace: in.Nsp, Data: in.Data}
		if in.ID != nil {
			p.ID, p.HasID = *in.ID, true
		}
		for i, raw := range v.Out[1:] {
			data := binaryOf(t, raw)
			p.Attachments = append(p.Attachments, data)
			old := `{"$bin":"` + hex.EncodeToString(data) + `"}`
			p.Data = []byte(strings.Replace(string(p.Data), old, string(appendPlaceholder(nil, i)), 1))
		}
		var want string
		if err := json.Unmarshal(v.Out[0], &want); err != nil {
			t.Fatal(err)
		}
		if got := string(Append([]byte("x"), &p)); got != "x"+want {
			t.Errorf("%s, want %s", got, want)
		}
	})
	if n != 7 {
		t.Errorf("%d vectors", n)
	}
}

func binaryOf(t *testing.T, raw json.RawMessage) []byte {
	var v struct {
		Bin string `json:"$bin"`
	}
	if err := json.Unmarshal(raw, &v); err != nil {
		t.Fatal(err)
	}
	data, err := hex.DecodeString(v.Bin)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestCodesHaveNames(t *testing.T) {
	var names []string
	for c := Code(0); c <= ReservedEvent+1; c++ {
		names = append(names, c.String())
	}
	if slices.Contains(names[1:len(names)-1], "unknown") || names[0] != "unknown" || names[len(names)-1] != "unknown" {
		t.Error(names)
	}
	if got := (&Error{Code: TooDeep, Offset: 3, Msg: "m"}).Error(); got != "socket.io: nested too deeply: m at byte 3" {
		t.Error(got)
	}
}
