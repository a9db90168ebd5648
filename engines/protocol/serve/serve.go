package serve

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"sync"

	"mirrorgen.dev/gen/engines/protocol"
)

// Serve answers requests until the input ends, then lets those under way finish.
// An error means that the conversation cannot go on: a line that is no request,
// is too long, or an output that nobody reads.
func (p Program) Serve(ctx context.Context, in io.Reader, out io.Writer) error {
	limit := p.MaxLine
	if limit <= 0 {
		limit = protocol.MaxLine
	}
	s := &server{
		engine:   p.Engine(),
		decode:   p.Decode,
		sessions: map[int64]Session{},
		writer:   protocol.NewLineWriter(out),
		limit:    limit,
		failed:   make(chan struct{}),
	}
	hello, err := protocol.Encode(protocol.Hello{
		Protocol: protocol.Version,
		Engine:   p.Name,
		Version:  p.Version,
		Phases:   p.Phases,
	}, limit)
	if err != nil {
		return err
	}
	if err := s.writer.Write(hello); err != nil {
		return fmt.Errorf("write hello: %w", err)
	}

	lines := make(chan []byte)
	var workers sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			for line := range lines {
				s.answer(ctx, line)
			}
		})
	}
	reader := protocol.NewLineReader(in, limit)
	for {
		line, err := reader.Next()
		if err != nil {
			if !errors.Is(err, io.EOF) {
				s.fail(fmt.Errorf("read request: %w", err))
			}
			break
		}
		select {
		case lines <- line:
			continue
		case <-s.failed:
		}
		break
	}
	close(lines)
	workers.Wait()
	return s.err
}

type server struct {
	engine Engine
	decode func([]byte, any) error
	writer *protocol.LineWriter
	limit  int

	mutex    sync.RWMutex
	sessions map[int64]Session
	last     int64

	once   sync.Once
	failed chan struct{}
	err    error // set before failed is closed
}

// fail ends the conversation; the first reason counts.
func (s *server) fail(err error) {
	s.once.Do(func() {
		s.err = err
		close(s.failed)
	})
}

func (s *server) answer(ctx context.Context, line []byte) {
	var request protocol.Request
	if err := s.decode(line, &request); err != nil {
		s.fail(fmt.Errorf("read request: %w", err))
		return
	}
	response := s.handle(ctx, &request)
	response.ID = request.ID
	text, err := protocol.Encode(response, s.limit)
	if err != nil {
		text, err = protocol.Encode(protocol.Response{ID: request.ID, Error: "the answer cannot be sent: " + err.Error()}, s.limit)
	}
	if err == nil {
		err = s.writer.Write(text)
	}
	if err != nil {
		s.fail(fmt.Errorf("write response: %w", err))
	}
}

// handle never panics: what goes wrong in one request must not end the others.
func (s *server) handle(ctx context.Context, request *protocol.Request) (response protocol.Response) {
	defer func() {
		if cause := recover(); cause != nil {
			response = protocol.Response{Error: fmt.Sprintf("panic: %v", cause)}
		}
	}()
	switch {
	case request.Load != nil && request.Admit == nil && request.Unload == nil:
		session, err := s.engine.Load(ctx, request.Load.Files)
		if err != nil {
			return protocol.Response{Error: err.Error()}
		}
		s.mutex.Lock()
		defer s.mutex.Unlock()
		s.last++
		s.sessions[s.last] = session
		return protocol.Response{Load: &protocol.Loaded{Session: s.last, Rules: session.Rules(), Warnings: session.Warnings()}}
	case request.Admit != nil && request.Load == nil && request.Unload == nil:
		s.mutex.RLock()
		session, ok := s.sessions[request.Admit.Session]
		s.mutex.RUnlock()
		if !ok {
			return protocol.Response{Error: fmt.Sprintf("session %d is not loaded", request.Admit.Session)}
		}
		outcome, err := session.Admit(ctx, request.Admit)
		if err != nil {
			return protocol.Response{Error: err.Error()}
		}
		return protocol.Response{Admit: outcome}
	case request.Unload != nil && request.Load == nil && request.Admit == nil:
		s.mutex.Lock()
		defer s.mutex.Unlock()
		if _, ok := s.sessions[request.Unload.Session]; !ok {
			return protocol.Response{Error: fmt.Sprintf("session %d is not loaded", request.Unload.Session)}
		}
		delete(s.sessions, request.Unload.Session)
		return protocol.Response{Unloaded: true}
	}
	return protocol.Response{Error: "unknown request: exactly one of load, admit and unload must be set"}
}
