/** Which of the app's variables sessions may learn. Patterns are names in which `*` stands for any characters. */
export interface VariablePolicy {
  /** Never leave the pod, nor does what is made of them. */
  readonly excluded: readonly string[];
  /** Variables from Secrets whose values may leave the pod. Others are told by name alone. */
  readonly allowedSecrets: readonly string[];
}
