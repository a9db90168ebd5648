package engine

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"time"

	"mirrorgen.dev/gen/engines/protocol"
)

// grace is how long a program has to end once it was told to.
const grace = 2 * time.Second

// A worker is one running engine program.
//
// Four goroutines serve it: keep waits for the program, read takes its answers,
// write gives it its requests, drain keeps its stderr. Whatever goes wrong ends in stop; then read, the
// last to go, closes dead with the error that every caller gets.
type worker struct {
	config  ProcessConfig
	command *exec.Cmd
	stderr  *tail
	onFail  func(error)

	output *os.File // our end of its stdout
	queue  chan []byte
	ending chan struct{} // closed: write closes the program's stdin

	hello   protocol.Hello // valid once greeted is closed
	greeted chan struct{}
	exited  chan struct{} // closed when the program is gone
	drained chan struct{} // closed when stderr was read to its end
	exit    error         // of the program; valid once exited is closed
	dead    chan struct{} // closed when nothing more will be answered
	err     error         // valid once dead is closed

	mutex   sync.Mutex
	cause   error // why the worker was stopped; nil: it was not
	closing bool
	last    int64
	// pending are the callers by id; a nil channel: gave up, the answer may still come.
	pending map[int64]chan []byte
}

// startWorker starts the program. onFail is told when it breaks.
func startWorker(config ProcessConfig, path string, onFail func(error)) (*worker, error) {
	w := &worker{
		config:  config,
		command: exec.Command(path, config.Arguments...),
		stderr:  &tail{limit: 4 << 10},
		onFail:  onFail,
		queue:   make(chan []byte),
		ending:  make(chan struct{}),
		greeted: make(chan struct{}),
		exited:  make(chan struct{}),
		drained: make(chan struct{}),
		dead:    make(chan struct{}),
		pending: map[int64]chan []byte{},
	}
	w.command.Env = append(os.Environ(), config.Environment...)
	ownGroup(w.command)
	ours, err := pipes(w.command)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", config.Name, err)
	}
	input, complaints := ours[0], ours[2]
	w.output = ours[1]
	started := make(chan error)
	go w.keep(started)
	if err := <-started; err != nil {
		closeAll(ours)
		return nil, fmt.Errorf("%w: %s: start %s: %w", ErrBroken, config.Name, config.Program, err)
	}
	go w.drain(complaints)
	go w.write(input)
	go w.read()
	return w, nil
}

// pipes gives the command its stdin, stdout and stderr and returns our ends. With
// those that exec makes, Wait would close them before all was read, or wait for
// whatever else the program started and left them to.
func pipes(command *exec.Cmd) (ours []*os.File, err error) {
	var theirs []*os.File
	for i := range 3 {
		reader, writer, err := os.Pipe()
		if err != nil {
			closeAll(ours)
			closeAll(theirs)
			return nil, err
		}
		if i == 0 {
			reader, writer = writer, reader
		}
		ours, theirs = append(ours, reader), append(theirs, writer)
	}
	command.Stdin, command.Stdout, command.Stderr = theirs[0], theirs[1], theirs[2]
	return ours, nil
}

func closeAll(files []*os.File) {
	for _, file := range files {
		file.Close()
	}
}

// keep starts the program and waits for it. It holds its thread throughout, as
// Linux ends the child when the thread that started it ends, not the process.
func (w *worker) keep(started chan<- error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	err := w.command.Start()
	// The program has its own copies by now.
	closeAll([]*os.File{w.command.Stdin.(*os.File), w.command.Stdout.(*os.File), w.command.Stderr.(*os.File)})
	started <- err
	if err != nil {
		return
	}
	w.exit = w.command.Wait()
	// Nothing that it started may outlive it.
	killGroup(w.command)
	close(w.exited)
}

// drain keeps the end of what the program writes to stderr.
func (w *worker) drain(complaints *os.File) {
	defer close(w.drained)
	defer complaints.Close()
	_, _ = io.Copy(w.stderr, complaints)
}

// write feeds the program. Its own goroutine, so that a caller can give up while
// the program does not read.
func (w *worker) write(input *os.File) {
	defer input.Close()
	for {
		select {
		case line := <-w.queue:
			if _, err := input.Write(line); err != nil {
				// The reader knows better why: the program ended.
				<-w.dead
				return
			}
		case <-w.ending:
			return
		case <-w.dead:
			return
		}
	}
}

// read takes the program's lines until there are no more.
func (w *worker) read() {
	lines := protocol.NewLineReader(w.output, w.config.MaxLine)
	err := w.converse(lines)
	if !errors.Is(err, io.EOF) {
		w.stop(err)
	}
	// The end of its output should be the end of the program.
	select {
	case <-w.exited:
	case <-time.After(grace):
		w.stop(errors.New("closed its output and went on running"))
		<-w.exited
	}
	w.output.Close()
	// Its last words; whoever else holds its stderr is not waited for.
	select {
	case <-w.drained:
	case <-time.After(grace):
	}
	w.mutex.Lock()
	cause, closing := w.cause, w.closing
	w.mutex.Unlock()
	switch {
	case cause == nil && closing:
		w.err = fmt.Errorf("%s: %w", w.config.Name, errClosed)
	case cause == nil && w.exit == nil:
		w.err = w.describe(errors.New("ended by itself"))
	case cause == nil:
		w.err = w.describe(fmt.Errorf("ended by itself: %w", w.exit))
	case errors.Is(cause, errClosed):
		w.err = fmt.Errorf("%s: %w", w.config.Name, errClosed)
	default:
		w.err = w.describe(cause)
	}
	// First the engine, then the callers: what they call next must fail as well.
	if errors.Is(w.err, ErrBroken) {
		w.onFail(w.err)
	}
	close(w.dead)
}

// converse checks the hello and hands out the answers.
func (w *worker) converse(lines *protocol.LineReader) error {
	line, err := lines.Next()
	if err != nil {
		return err
	}
	if err := json.Unmarshal(line, &w.hello); err != nil {
		return fmt.Errorf("said %s instead of hello: %w", excerpt(line), err)
	}
	if w.hello.Protocol != protocol.Version {
		return fmt.Errorf("speaks version %d of the protocol, gen speaks %d: they are not of one build", w.hello.Protocol, protocol.Version)
	}
	if name := w.config.ref().Name; w.hello.Engine != name {
		return fmt.Errorf("is the engine %q, not %q", w.hello.Engine, name)
	}
	close(w.greeted)
	for {
		line, err := lines.Next()
		if err != nil {
			return err
		}
		// Only the id here; the caller decodes the rest on its own time.
		var head struct {
			ID *int64 `json:"id"`
		}
		if err := json.Unmarshal(line, &head); err != nil {
			return fmt.Errorf("said %s, which is no answer: %w", excerpt(line), err)
		}
		if head.ID == nil {
			return fmt.Errorf("said %s, which answers nothing", excerpt(line))
		}
		w.mutex.Lock()
		answer, known := w.pending[*head.ID]
		delete(w.pending, *head.ID)
		w.mutex.Unlock()
		if !known {
			return fmt.Errorf("answered request %d, which was not asked", *head.ID)
		}
		if answer != nil {
			answer <- line
		}
	}
}

// describe is the error that every caller of a broken worker gets.
func (w *worker) describe(cause error) error {
	if text := w.stderr.String(); text != "" {
		return fmt.Errorf("%w: %s: %s %w; the end of its stderr:\n%s", ErrBroken, w.config.Name, w.config.Program, cause, text)
	}
	return fmt.Errorf("%w: %s: %s %w", ErrBroken, w.config.Name, w.config.Program, cause)
}

// stop ends the program at once; the first cause is what is reported.
func (w *worker) stop(cause error) {
	w.mutex.Lock()
	if w.cause == nil {
		w.cause = cause
	}
	w.mutex.Unlock()
	select {
	case <-w.exited:
		// Its process id may be another's by now.
	default:
		killGroup(w.command)
	}
	// Wakes the reader even where something else holds the pipe open.
	w.output.Close()
}

// broke stops the worker for what it answered and returns its error.
func (w *worker) broke(cause error) error {
	w.stop(cause)
	<-w.dead
	return w.err
}

// close lets the program end by itself, then makes it.
func (w *worker) close() {
	w.mutex.Lock()
	first := !w.closing
	w.closing = true
	w.mutex.Unlock()
	if first {
		close(w.ending)
	}
	select {
	case <-w.dead:
	case <-time.After(grace):
		w.abandon()
	}
}

// abandon ends the program without a fault of its own.
func (w *worker) abandon() {
	w.stop(errClosed)
	<-w.dead
}

// greet waits for the hello.
func (w *worker) greet(ctx context.Context, timeout time.Duration) error {
	timer := time.NewTimer(timeout)
	defer timer.Stop()
	select {
	case <-w.greeted:
		return nil
	case <-w.dead:
		return w.err
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return w.broke(fmt.Errorf("said no hello within %s; is it the right program?", timeout))
	}
}

// ask sends a request and waits for its answer. The response's Error is returned
// as an error: it is the engine's word on the policies or the object, and the
// engine is sound.
func (w *worker) ask(ctx context.Context, request *protocol.Request, timeout time.Duration) (*protocol.Response, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	answer := make(chan []byte, 1)
	w.mutex.Lock()
	w.last++
	request.ID = w.last
	w.mutex.Unlock()
	line, err := protocol.Encode(request, w.config.MaxLine)
	if err != nil {
		return nil, fmt.Errorf("%s: the request cannot be sent: %w", w.config.Name, err)
	}
	w.mutex.Lock()
	w.pending[request.ID] = answer
	w.mutex.Unlock()
	timer := time.NewTimer(timeout)
	defer timer.Stop()
	late := func() error { return w.broke(fmt.Errorf("did not answer within %s", timeout)) }
	select {
	case w.queue <- line:
	case <-w.dead:
		return nil, w.err
	case <-ctx.Done():
		w.mutex.Lock()
		delete(w.pending, request.ID)
		w.mutex.Unlock()
		return nil, ctx.Err()
	case <-timer.C:
		return nil, late()
	}
	var text []byte
	select {
	case text = <-answer:
	case <-w.dead:
		// It may have answered just before.
		select {
		case text = <-answer:
		default:
			return nil, w.err
		}
	case <-ctx.Done():
		w.mutex.Lock()
		if _, waiting := w.pending[request.ID]; waiting {
			w.pending[request.ID] = nil
		}
		w.mutex.Unlock()
		return nil, ctx.Err()
	case <-timer.C:
		return nil, late()
	}
	response, err := decodeResponse(text)
	if err != nil {
		return nil, w.broke(fmt.Errorf("said %s, which is no answer: %w", excerpt(text), err))
	}
	if response.Error != "" {
		return nil, fmt.Errorf("%s: %s", w.config.Name, response.Error)
	}
	return response, nil
}

func decodeResponse(text []byte) (*protocol.Response, error) {
	var response protocol.Response
	decoder := json.NewDecoder(bytes.NewReader(text))
	// Large whole numbers do not survive a float64.
	decoder.UseNumber()
	if err := decoder.Decode(&response); err != nil {
		return nil, err
	}
	if response.Admit != nil {
		numbers(response.Admit.Object)
		for _, object := range response.Admit.Cluster {
			numbers(object)
		}
	}
	return &response, nil
}

// numbers turns json.Number, in place, into int64 or float64.
func numbers(value any) any {
	switch typed := value.(type) {
	case map[string]any:
		for key, item := range typed {
			typed[key] = numbers(item)
		}
	case []any:
		for i, item := range typed {
			typed[i] = numbers(item)
		}
	case json.Number:
		if whole, err := typed.Int64(); err == nil {
			return whole
		}
		if float, err := typed.Float64(); err == nil {
			return float
		}
		return typed.String()
	}
	return value
}

// excerpt is the beginning of a line, quoted.
func excerpt(line []byte) string {
	const limit = 120
	if len(line) > limit {
		return fmt.Sprintf("%q... (%d bytes)", line[:limit], len(line))
	}
	return fmt.Sprintf("%q", line)
}

// A tail keeps the end of what is written to it.
type tail struct {
	mutex sync.Mutex
	limit int
	text  []byte
	cut   bool
}

func (t *tail) Write(text []byte) (int, error) {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	t.text = append(t.text, text...)
	if over := len(t.text) - t.limit; over > 0 {
		t.text = append(t.text[:0], t.text[over:]...)
		t.cut = true
	}
	return len(text), nil
}

func (t *tail) String() string {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	text := strings.TrimSpace(strings.ToValidUTF8(string(t.text), "?"))
	if t.cut {
		return "..." + text
	}
	return text
}
