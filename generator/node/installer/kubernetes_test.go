package installer_test

import (
	"bytes"
	"encoding/json"
	"testing"
)

// Strict types with the fields of the Kubernetes API that are used: a field that
// is misspelt, or in the wrong place, would be dropped by a cluster or refused.
type (
	meta struct {
		Name        string            `json:"name,omitempty"`
		Namespace   string            `json:"namespace,omitempty"`
		Labels      map[string]string `json:"labels,omitempty"`
		Annotations map[string]string `json:"annotations,omitempty"`
	}
	configMap struct {
		APIVersion string            `json:"apiVersion"`
		Kind       string            `json:"kind"`
		Metadata   meta              `json:"metadata"`
		Data       map[string]string `json:"data,omitempty"`
	}
	daemonSet struct {
		APIVersion string `json:"apiVersion"`
		Kind       string `json:"kind"`
		Metadata   meta   `json:"metadata"`
		Spec       struct {
			Selector struct {
				MatchLabels map[string]string `json:"matchLabels"`
			} `json:"selector"`
			UpdateStrategy struct {
				Type          string `json:"type"`
				RollingUpdate struct {
					MaxUnavailable int `json:"maxUnavailable"`
				} `json:"rollingUpdate"`
			} `json:"updateStrategy"`
			Template struct {
				Metadata meta    `json:"metadata"`
				Spec     podSpec `json:"spec"`
			} `json:"template"`
		} `json:"spec"`
	}
	podSpec struct {
		AutomountServiceAccountToken  *bool               `json:"automountServiceAccountToken"`
		EnableServiceLinks            *bool               `json:"enableServiceLinks"`
		NodeSelector                  map[string]string   `json:"nodeSelector"`
		Tolerations                   []map[string]string `json:"tolerations"`
		TerminationGracePeriodSeconds int                 `json:"terminationGracePeriodSeconds"`
		SecurityContext               struct {
			SeccompProfile struct {
				Type string `json:"type"`
			} `json:"seccompProfile"`
		} `json:"securityContext"`
		InitContainers []container `json:"initContainers"`
		Containers     []container `json:"containers"`
		Volumes        []volume    `json:"volumes"`
	}
	container struct {
		Name            string   `json:"name"`
		Image           string   `json:"image"`
		ImagePullPolicy string   `json:"imagePullPolicy"`
		Command         []string `json:"command"`
		SecurityContext struct {
			RunAsUser                *int  `json:"runAsUser"`
			RunAsGroup               *int  `json:"runAsGroup"`
			RunAsNonRoot             *bool `json:"runAsNonRoot"`
			AllowPrivilegeEscalation *bool `json:"allowPrivilegeEscalation"`
			ReadOnlyRootFilesystem   *bool `json:"readOnlyRootFilesystem"`
			Capabilities             struct {
				Drop []string `json:"drop"`
			} `json:"capabilities"`
		} `json:"securityContext"`
		Resources struct {
			Requests map[string]string `json:"requests"`
			Limits   map[string]string `json:"limits"`
		} `json:"resources"`
		VolumeMounts []struct {
			Name      string `json:"name"`
			MountPath string `json:"mountPath"`
			ReadOnly  bool   `json:"readOnly"`
		} `json:"volumeMounts"`
	}
	volume struct {
		Name      string `json:"name"`
		Projected *struct {
			DefaultMode int `json:"defaultMode"`
			Sources     []struct {
				ConfigMap struct {
					Name  string `json:"name"`
					Items []struct {
						Key  string `json:"key"`
						Path string `json:"path"`
					} `json:"items"`
				} `json:"configMap"`
			} `json:"sources"`
		} `json:"projected"`
		HostPath *struct {
			Path string `json:"path"`
			Type string `json:"type"`
		} `json:"hostPath"`
		EmptyDir *struct {
			SizeLimit string `json:"sizeLimit"`
		} `json:"emptyDir"`
	}
)

func strictly(t *testing.T, object map[string]any, into any) {
	t.Helper()
	data, err := json.Marshal(object)
	must(t, err)
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(into); err != nil {
		t.Fatalf("%v: %s", err, data)
	}
}
