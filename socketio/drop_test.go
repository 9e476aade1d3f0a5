package socketio

import "testing"

func TestDropPlaceholders(t *testing.T) {
	const two = `["a",{"_placeholder":true,"num":0},{"x":[{"num":1,"_placeholder":true}]}]`
	for _, c := range []struct {
		numbers []int
		want    string
	}{
		{nil, two},
		{[]int{7}, two},
		{[]int{0}, `["a",null,{"x":[{"num":1,"_placeholder":true}]}]`},
		{[]int{1}, `["a",{"_placeholder":true,"num":0},{"x":[null]}]`},
		{[]int{1, 0}, `["a",null,{"x":[null]}]`},
	} {
		if got, err := DropPlaceholders([]byte(two), c.numbers); string(got) != c.want || err != nil {
			t.Errorf("%v: %s %v, want %s", c.numbers, got, err, c.want)
		}
	}
	for _, bad := range []string{`[{"_placeholder":true}]`, `[{"_placeholder":true,"num":-1}]`, `[{"_placeholder":false,"num":0}]`} {
		if got, err := DropPlaceholders([]byte(bad), []int{0}); err == nil {
			t.Errorf("%s gives %s", bad, got)
		}
	}
}
