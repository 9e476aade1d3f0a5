package native

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/siogw/siogw/plugins/native/wire"
)

var (
	errUnasked = errors.New("an answer to a question that was not asked, or a second one")
	errStalled = errors.New("it does not answer")
)

// question waits for its answer. It is used again.
type question struct {
	answer chan []byte
	timer  *time.Timer
}

var questions = sync.Pool{New: func() any {
	q := &question{answer: make(chan []byte, 1), timer: time.NewTimer(time.Hour)}
	q.timer.Stop()
	return q
}}

// link is the stream to one process, from its start to its end.
type link struct {
	stream grpc.ClientStream
	slots  chan struct{} // one for each question that has no answer, asked for still or not
	out    *wire.Outbox
	late   *atomic.Uint64

	once sync.Once
	done chan struct{} // closed when it is of no use any more
	err  error         // why, once done is closed

	mu   sync.Mutex
	last uint64               // the highest id
	open map[uint64]*question // without an answer; nil: nobody waits for it any more
}

// newLink begins to write and read. The stream must end by itself when the process does.
func newLink(stream grpc.ClientStream, inFlight int, late *atomic.Uint64) *link {
	l := &link{stream: stream, slots: make(chan struct{}, inFlight), out: wire.NewOutbox(), late: late,
		done: make(chan struct{}), open: map[uint64]*question{}}
	go l.write()
	go l.read()
	return l
}

// fail ends the link. Who waits gets ErrDown, with this reason.
func (l *link) fail(why error) {
	l.once.Do(func() {
		l.err = fmt.Errorf("%w: %w", ErrDown, why)
		close(l.done)
	})
}

// ask puts view to the process and waits for the verdict, at most as long as timeout. view may be written to afterwards.
func (l *link) ask(ctx context.Context, view []byte, timeout time.Duration) ([]byte, error) {
	if len(view) > wire.MaxView {
		return nil, fmt.Errorf("%w: %d bytes", ErrLarge, len(view))
	}
	q := questions.Get().(*question)
	defer questions.Put(q) // neither timer nor link give it anything after that
	q.timer.Reset(timeout)
	defer q.timer.Stop()
	begin := time.Now()
	select {
	case l.slots <- struct{}{}:
	default:
		select {
		case l.slots <- struct{}{}:
			timeout = max(timeout-time.Since(begin), 0)
		case <-q.timer.C:
			return nil, ErrBusy
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-l.done:
			return nil, l.err
		}
	}
	id := l.put(q, view, timeout)
	select {
	case verdict := <-q.answer:
		return verdict, nil
	case <-q.timer.C:
		return l.leave(id, q, ErrTimeout)
	case <-ctx.Done():
		return l.leave(id, q, ctx.Err())
	case <-l.done:
		return l.leave(id, q, l.err)
	}
}

// put queues a question.
func (l *link) put(q *question, view []byte, timeout time.Duration) (id uint64) {
	l.mu.Lock()
	l.last++
	id = l.last
	l.open[id] = q
	l.mu.Unlock()
	l.out.PutQuestion(&wire.Question{ID: id, Time: timeout, View: view})
	return id
}

// leave gives up on a question, unless its answer has just come. It keeps its slot: the process still has it.
func (l *link) leave(id uint64, q *question, err error) ([]byte, error) {
	l.mu.Lock()
	if _, waits := l.open[id]; waits {
		l.open[id] = nil
	}
	l.mu.Unlock()
	select {
	case verdict := <-q.answer:
		return verdict, nil
	default:
		return nil, err
	}
}

// write sends questions. Where that fails the reader gets the reason.
func (l *link) write() {
	if l.out.Send(l.done, func(m []byte) error { return l.stream.SendMsg(&wrapperspb.BytesValue{Value: m}) }) == nil {
		_ = l.stream.CloseSend() // always nil; a process that lives ends by it
	}
}

// read hands out answers.
func (l *link) read() {
	for {
		var m wrapperspb.BytesValue
		if err := l.stream.RecvMsg(&m); err != nil {
			l.fail(fmt.Errorf("the stream has ended: %w", err))
			return
		}
		for a, err := range wire.Answers(m.Value) {
			if err == nil {
				err = l.take(a)
			}
			if err != nil {
				l.fail(err)
				return
			}
		}
	}
}

// take gives an answer to who waits for it.
func (l *link) take(a wire.Answer) error {
	l.mu.Lock()
	q, asked := l.open[a.ID]
	delete(l.open, a.ID)
	if q != nil {
		q.answer <- a.Verdict // has room for it; under the lock, so that leave finds it
	}
	l.mu.Unlock()
	if !asked {
		return errUnasked
	}
	if q == nil {
		l.late.Add(1)
	}
	<-l.slots
	return nil
}

// underWay is how many questions have no answer.
func (l *link) underWay() int { return len(l.slots) }
