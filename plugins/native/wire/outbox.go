package wire

import (
	"runtime"
	"sync"
)

// Outbox gathers records into messages: what is put while one is on its way goes into the next. Its queue is bounded by who
// puts: the gateway by the questions under way, a plugin by those that it was asked. Safe for concurrent use, but for Send.
type Outbox struct {
	wake chan struct{} // holds one: there is something to send

	mu    sync.Mutex
	queue [][]byte // only the last one grows
	usual int      // bytes of the last message that was sent
}

const leastMessage = 512 // bytes that a message has room for at first

// NewOutbox makes an empty one.
func NewOutbox() *Outbox { return &Outbox{wake: make(chan struct{}, 1)} }

// PutQuestion puts a question.
func (o *Outbox) PutQuestion(q *Question) {
	o.mu.Lock()
	m := o.room(QuestionSize(len(q.View)))
	*m = AppendQuestion(*m, q)
	o.mu.Unlock()
	o.rouse()
}

// PutAnswer puts an answer.
func (o *Outbox) PutAnswer(a *Answer) {
	o.mu.Lock()
	m := o.room(sizeBytes + idBytes + len(a.Verdict))
	*m = AppendAnswer(*m, a)
	o.mu.Unlock()
	o.rouse()
}

// room gives the message that so many bytes go into. o.mu is held.
func (o *Outbox) room(size int) *[]byte {
	n := len(o.queue)
	if n == 0 || len(o.queue[n-1])+size > BatchSize {
		o.queue = append(o.queue, make([]byte, 0, max(size, leastMessage, min(o.usual, BatchSize))))
		n++
	}
	return &o.queue[n-1]
}

func (o *Outbox) rouse() {
	select {
	case o.wake <- struct{}{}:
	default:
	}
}

// Send sends what is put, until done is closed or a message cannot be sent, whose error it gives; nil for done.
func (o *Outbox) Send(done <-chan struct{}, send func(message []byte) error) error {
	for {
		select {
		case <-o.wake:
		case <-done:
			return nil
		}
		runtime.Gosched() // who is about to put, may: a message costs more than many records
		for _, m := range o.take() {
			if err := send(m); err != nil {
				return err
			}
		}
	}
}

func (o *Outbox) take() [][]byte {
	o.mu.Lock()
	defer o.mu.Unlock()
	queue := o.queue
	o.queue = nil
	if n := len(queue); n > 0 {
		o.usual = len(queue[n-1])
	}
	return queue
}
