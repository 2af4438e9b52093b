package main

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	yaml "go.yaml.in/yaml/v4"
)

// manifestJob is a CronJob of batch/v1, with the fields that the manifest uses; any
// other is an error.
type manifestJob struct {
	APIVersion string `yaml:"apiVersion"`
	Kind       string
	Metadata   struct {
		Name   string
		Labels map[string]string
	}
	Spec struct {
		Schedule                   string
		TimeZone                   string `yaml:"timeZone"`
		ConcurrencyPolicy          string `yaml:"concurrencyPolicy"`
		StartingDeadlineSeconds    int    `yaml:"startingDeadlineSeconds"`
		SuccessfulJobsHistoryLimit int    `yaml:"successfulJobsHistoryLimit"`
		FailedJobsHistoryLimit     int    `yaml:"failedJobsHistoryLimit"`
		JobTemplate                struct {
			Metadata struct{ Labels map[string]string }
			Spec     struct {
				CompletionMode       string `yaml:"completionMode"`
				Completions          *int
				Parallelism          *int
				BackoffLimit         *int `yaml:"backoffLimit"`
				BackoffLimitPerIndex *int `yaml:"backoffLimitPerIndex"`
				PodFailurePolicy     struct {
					Rules []failureRule
				} `yaml:"podFailurePolicy"`
				Template struct {
					Metadata struct{ Labels map[string]string }
					Spec     manifestPod
				}
			}
		} `yaml:"jobTemplate"`
	}
}

type failureRule struct {
	Action      string
	OnExitCodes *struct {
		ContainerName string `yaml:"containerName"`
		Operator      string
		Values        []int
	} `yaml:"onExitCodes"`
	OnPodConditions []struct{ Type, Status string } `yaml:"onPodConditions"`
}

type manifestPod struct {
	RestartPolicy                 string `yaml:"restartPolicy"`
	TerminationGracePeriodSeconds int    `yaml:"terminationGracePeriodSeconds"`
	AutomountServiceAccountToken  *bool  `yaml:"automountServiceAccountToken"`
	EnableServiceLinks            *bool  `yaml:"enableServiceLinks"`
	SecurityContext               struct {
		RunAsNonRoot   bool                  `yaml:"runAsNonRoot"`
		RunAsUser      int                   `yaml:"runAsUser"`
		RunAsGroup     int                   `yaml:"runAsGroup"`
		FSGroup        int                   `yaml:"fsGroup"`
		SeccompProfile struct{ Type string } `yaml:"seccompProfile"`
	} `yaml:"securityContext"`
	TopologySpreadConstraints []struct {
		MaxSkew           int    `yaml:"maxSkew"`
		TopologyKey       string `yaml:"topologyKey"`
		WhenUnsatisfiable string `yaml:"whenUnsatisfiable"`
		LabelSelector     struct {
			MatchLabels map[string]string `yaml:"matchLabels"`
		} `yaml:"labelSelector"`
	} `yaml:"topologySpreadConstraints"`
	Containers []manifestContainer
	Volumes    []map[string]any
}

type manifestContainer struct {
	Name, Image     string
	Command         []string
	SecurityContext struct {
		AllowPrivilegeEscalation *bool `yaml:"allowPrivilegeEscalation"`
		ReadOnlyRootFilesystem   bool  `yaml:"readOnlyRootFilesystem"`
		Capabilities             struct{ Drop []string }
	} `yaml:"securityContext"`
	Env []struct {
		Name, Value string
		ValueFrom   struct {
			SecretKeyRef struct{ Name, Key string } `yaml:"secretKeyRef"`
		} `yaml:"valueFrom"`
	}
	VolumeMounts []struct {
		Name      string
		MountPath string `yaml:"mountPath"`
		SubPath   string `yaml:"subPath"`
		ReadOnly  bool   `yaml:"readOnly"`
	} `yaml:"volumeMounts"`
}

func (j manifestJob) pod() manifestPod { return j.Spec.JobTemplate.Spec.Template.Spec }

func (j manifestJob) container() manifestContainer { return j.pod().Containers[0] }

// variables are those of the Secret; what has a value of its own is not among
// them.
func (j manifestJob) variables(t *testing.T) (names []string) {
	for _, e := range j.container().Env {
		ref := e.ValueFrom.SecretKeyRef
		if e.Name == "TMPDIR" {
			require.Equal(t, "/tmp", e.Value)
			continue
		}
		require.Empty(t, e.Value, "a value stands in the manifest")
		require.Equal(t, "umsrecon", ref.Name)
		require.Equal(t, e.Name, ref.Key)
		names = append(names, e.Name)
	}
	return names
}

// places are what a pod has where, from which volume, and whether it can write
// there.
func (j manifestJob) places() (places []string) {
	for _, m := range j.container().VolumeMounts {
		place := m.MountPath + " " + strings.TrimSuffix(m.Name+"/"+m.SubPath, "/")
		if !m.ReadOnly {
			place += " writable"
		}
		places = append(places, place)
	}
	return places
}

// volumes are their names in the pod and what they are there.
func (j manifestJob) volumes() map[string]any {
	all := map[string]any{}
	for _, v := range j.pod().Volumes {
		for kind, what := range v {
			if kind != "name" {
				all[v["name"].(string)] = map[string]any{kind: what}
			}
		}
	}
	return all
}

func readManifest(t *testing.T, text string) (jobs []manifestJob) {
	loader, err := yaml.NewLoader(bytes.NewReader([]byte(text)), yaml.WithKnownFields())
	require.NoError(t, err)
	for {
		var j manifestJob
		err := loader.Load(&j)
		if errors.Is(err, io.EOF) {
			return jobs
		}
		require.NoError(t, err)
		jobs = append(jobs, j)
	}
}
