/** The user that images of Fairlead run as. */
const user = 65_532;

/** What the strictest pod security standard asks of a pod. */
export const restrictedPod: Readonly<Record<string, unknown>> = {
  runAsNonRoot: true,
  runAsUser: user,
  runAsGroup: user,
  fsGroup: user,
  seccompProfile: { type: 'RuntimeDefault' },
};

/** What the strictest pod security standard asks of a container, and a root filesystem that cannot be written to. */
export const restrictedContainer: Readonly<Record<string, unknown>> = {
  allowPrivilegeEscalation: false,
  capabilities: { drop: ['ALL'] },
  readOnlyRootFilesystem: true,
};
