package admission

import (
	"sync"

	"github.com/kyverno/kyverno/pkg/engine/jmespath"
)

// maxQueries bounds the compiled queries that are kept: the text of some holds
// what a variable stood for, and is another for each request.
const maxQueries = 1000

// queries are Kyverno's JMESPath with each query compiled once: Kyverno compiles
// at every use, which is a fifth of what a long query costs.
type queries struct {
	jmespath.Interface

	mutex    sync.RWMutex
	compiled map[string]jmespath.Query
}

func newQueries(of jmespath.Interface) *queries {
	return &queries{Interface: of, compiled: map[string]jmespath.Query{}}
}

// Query compiles a query, or finds it compiled.
func (q *queries) Query(text string) (jmespath.Query, error) {
	q.mutex.RLock()
	query, ok := q.compiled[text]
	q.mutex.RUnlock()
	if ok {
		return query, nil
	}
	made, err := q.Interface.Query(text)
	if err != nil {
		return nil, err
	}
	query = sharedQuery{made}
	q.mutex.Lock()
	defer q.mutex.Unlock()
	if len(q.compiled) < maxQueries {
		q.compiled[text] = query
	}
	return query, nil
}

// Search compiles and runs a query.
func (q *queries) Search(text string, data any) (any, error) {
	query, err := q.Query(text)
	if err != nil {
		return nil, err
	}
	return query.Search(data)
}

// A sharedQuery is used by several evaluations. What it finds may be a literal
// of its own text, so each caller gets a copy to do with as it likes.
type sharedQuery struct{ jmespath.Query }

func (s sharedQuery) Search(data any) (any, error) {
	found, err := s.Query.Search(data)
	return copied(found), err
}

func copied(value any) any {
	switch value := value.(type) {
	case map[string]any:
		fresh := make(map[string]any, len(value))
		for key, item := range value {
			fresh[key] = copied(item)
		}
		return fresh
	case []any:
		fresh := make([]any, len(value))
		for i, item := range value {
			fresh[i] = copied(item)
		}
		return fresh
	}
	return value
}
