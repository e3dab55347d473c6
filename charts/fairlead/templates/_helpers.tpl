{{/* Labels of an object that belongs to a part of the installation, given its name. */}}
{{- define "fairlead.labels" -}}
app.kubernetes.io/name: fairlead
app.kubernetes.io/part-of: fairlead
app.kubernetes.io/component: {{ . }}
{{- end }}

{{/* By what the traffic-manager's pods are found. */}}
{{- define "fairlead.managerSelector" -}}
app.kubernetes.io/name: fairlead
app.kubernetes.io/component: manager
{{- end }}

{{/* What the strictest pod security standard asks of a pod. */}}
{{- define "fairlead.restrictedPod" -}}
runAsNonRoot: true
runAsUser: 65532
runAsGroup: 65532
fsGroup: 65532
seccompProfile:
  type: RuntimeDefault
{{- end }}

{{/* What it asks of a container, and a root filesystem that cannot be written to. */}}
{{- define "fairlead.restrictedContainer" -}}
allowPrivilegeEscalation: false
capabilities:
  drop: [ALL]
readOnlyRootFilesystem: true
{{- end }}

{{/* Where pods may run, and with which credentials images are pulled. */}}
{{- define "fairlead.placement" -}}
{{- with .Values.imagePullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
{{- end }}
{{- with .Values.nodeSelector }}
nodeSelector: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.tolerations }}
tolerations: {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{/* Whom the API server asks, given the path. */}}
{{- define "fairlead.webhookCall" -}}
clientConfig:
  service:
    name: fairlead-injector
    namespace: {{ .namespace }}
    path: {{ .path }}
    port: 443
admissionReviewVersions: [v1]
matchPolicy: Equivalent
timeoutSeconds: 5
{{- end }}

{{/* What the schema of the values cannot say. */}}
{{- define "fairlead.check" -}}
{{- $own := .Release.Namespace }}
{{- if or (has $own .Values.namespaces) (has $own .Values.excludedNamespaces) }}
{{- fail (printf "namespaces name %s, which is the traffic-manager's own" $own) }}
{{- end }}
{{- range .Values.namespaces }}
{{- if has . $.Values.excludedNamespaces }}
{{- fail (printf "namespaces and excludedNamespaces both name %s" .) }}
{{- end }}
{{- end }}
{{- end }}

{{/* What the traffic-manager may do where workloads are intercepted. */}}
{{- define "fairlead.workloadRules" -}}
# get, list, watch: to find what is to be intercepted and to follow its changes.
# patch, only for rollout "restart": to annotate the pod template.
- apiGroups: [apps]
  resources: [deployments, replicasets, statefulsets]
  verbs: [get, list, watch{{ if eq .Values.rollout "restart" }}, patch{{ end }}]
# get, list, watch: services to plan by; endpoints to see that a pod on its way out gets no more traffic.
- apiGroups: [""]
  resources: [services, endpoints]
  verbs: [get, list, watch]
# get, list, watch: to see whether pods carry their config and are ready.
# patch, delete: to have a pod replaced by one with the traffic-agent before it goes.
- apiGroups: [""]
  resources: [pods]
  verbs: [get, list, watch, patch, delete]
# create: to have pods replaced one by one where disruption budgets have to agree.
- apiGroups: [""]
  resources: [pods/eviction]
  verbs: [create]
# create cannot be bound to a name.
- apiGroups: [""]
  resources: [configmaps]
  verbs: [create]
# All else is bound to the one ConfigMap that holds agent configs. Lists and watches select it by name.
- apiGroups: [""]
  resources: [configmaps]
  resourceNames: [{{ .Values.agentConfigMap }}]
  verbs: [get, list, watch, update, patch, delete]
# list: to learn why a pod does not start. create, patch: to tell on the workload what was done to it.
- apiGroups: [""]
  resources: [events]
  verbs: [list, create, patch]
# delete: to free what silent sessions hold.
- apiGroups: [fairlead.dev]
  resources: [intercepts]
  verbs: [get, list, watch, delete]
# get, update, patch: to tell how an intercept stands.
- apiGroups: [fairlead.dev]
  resources: [intercepts/status]
  verbs: [get, update, patch]
{{- end }}

{{/* What people may look at. */}}
{{- define "fairlead.readingRules" -}}
- apiGroups: [fairlead.dev]
  resources: [intercepts]
  verbs: [get, list, watch]
- apiGroups: [apps]
  resources: [deployments, replicasets, statefulsets]
  verbs: [get, list, watch]
- apiGroups: [""]
  resources: [services, pods]
  verbs: [get, list, watch]
# For the dry run, which tells whether the stored config is current.
- apiGroups: [""]
  resources: [configmaps]
  resourceNames: [{{ .Values.agentConfigMap }}]
  verbs: [get, list, watch]
{{- end }}
