package siogw

import "testing"

func TestOnAttachments(t *testing.T) {
	good := []byte("\x02\x00\x00\x00\x46\x00\x00\x00\x04\x00\x00\x00\x89PNG\x00\x00\x00\x00\x00\x00\x00\x00")
	OnAttachments(func(all []Binary) Verdict {
		if len(all) != 2 || all[0].Size != 70 || string(all[0].Data) != "\x89PNG" || all[1].Size != 0 || len(all[1].Data) != 0 {
			t.Errorf("got %v", all)
		}
		return Verdict{Attachments: map[string][]byte{"0": nil, "1": []byte("hi")}}
	})
	if got, want := run(t, good), `{"effect":"allow","attachments":{"0":"","1":"aGk="}}`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	for n := range good {
		if _, _, err := Run(good[:n]); err == nil {
			t.Errorf("%d bytes accepted", n)
		}
	}
	if _, _, err := Run(append(good, 0)); err == nil {
		t.Error("a byte too many accepted")
	}
}
