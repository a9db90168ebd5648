package admission

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/managedfields"
	"k8s.io/apiserver/pkg/admission/plugin/policy/mutating/patch"
	"k8s.io/client-go/applyconfigurations"
	"k8s.io/client-go/kubernetes/scheme"
	"sigs.k8s.io/structured-merge-diff/v6/typed"
)

// errNoSchema marks an object whose schema only a cluster knows.
var errNoSchema = errors.New("an applyConfiguration needs the schema of the object, which is known in a cluster only; write a jsonPatch")

// converters hand out the type converter that applyConfiguration needs. An API
// server reads its own OpenAPI documents for it; client-go carries the schemas of
// the same version's own kinds. They are read when they are first used: the plugin
// asks for a converter before each mutation, and a jsonPatch needs none.
type converters struct {
	once sync.Once
	made managedfields.TypeConverter
}

var _ patch.TypeConverterManager = (*converters)(nil)

// GetTypeConverter implements patch.TypeConverterManager.
func (c *converters) GetTypeConverter(schema.GroupVersionKind) managedfields.TypeConverter { return c }

// Run implements patch.TypeConverterManager: there is nothing to keep up to date.
func (c *converters) Run(context.Context) {}

func (c *converters) converter() managedfields.TypeConverter {
	c.once.Do(func() { c.made = applyconfigurations.NewTypeConverter(scheme.Scheme) })
	return c.made
}

// ObjectToTyped implements managedfields.TypeConverter.
func (c *converters) ObjectToTyped(object runtime.Object, options ...typed.ValidationOptions) (*typed.TypedValue, error) {
	if gvk := object.GetObjectKind().GroupVersionKind(); !scheme.Scheme.Recognizes(gvk) {
		return nil, fmt.Errorf("%s: %w", gvk, errNoSchema)
	}
	return c.converter().ObjectToTyped(object, options...)
}

// TypedToObject implements managedfields.TypeConverter.
func (c *converters) TypedToObject(value *typed.TypedValue) (runtime.Object, error) {
	return c.converter().TypedToObject(value)
}
