/**
 * The admission server around the mutation of pods: what it answers, with which certificates, and what may be plugged in.
 * For the process in the cluster; importing `@fairlead/webhook` alone loads none of it.
 * @packageDocumentation
 */

export { type AdmissionDecision, reviewResponse } from './admission/admission-decision.ts';
export {
  type AdmissionOperation,
  type AdmissionRequest,
  parseAdmissionReview,
} from './admission/admission-request.ts';
export { AdmissionServer, type CloseOptions, listenAdmission } from './admission/admission-server.ts';
export {
  type AdmissionServerOptions,
  type AdmissionServerParts,
  admissionServerDefaults,
} from './admission/admission-server-options.ts';
export {
  admitIntercept,
  type InterceptAdmissionOptions,
  type InterceptVerdict,
} from './admission/admit-intercept.ts';
export { admitPod, type PodOutcome, type PodVerdict } from './admission/admit-pod.ts';
export type { AdmittedPod, OwnerReference } from './admission/admitted-pod.ts';
export { checkInterceptSpec, interceptLimits } from './admission/check-intercept-spec.ts';
export { injectableNamespaces, type NamespaceOptions } from './admission/injectable-namespaces.ts';
export type { HookName, HookOptions, LifecycleHooks } from './admission/lifecycle-hooks.ts';
export { type IdentifyOperator, operatorWithToken } from './admission/operator-token.ts';
export type { PodAdmissionOptions, PodAdmissionParts } from './admission/pod-admission-parts.ts';
export { maxGroups } from './admission/requester.ts';
export {
  CertificateSource,
  type CertificateSourceParts,
  type LoadedCertificates,
  openCertificateSource,
} from './certificates/certificate-source.ts';
export type {
  CertificateFileName,
  CertificateFiles,
  CertificateStore,
  StoredCertificates,
} from './certificates/certificate-store.ts';
export { HotReloadingTls } from './certificates/hot-reloading-tls.ts';
export { type MadeCertificatesOptions, openMadeCertificates } from './certificates/made-certificates.ts';
export { MemoryCertificateStore } from './certificates/memory-certificate-store.ts';
export { type CertificateTerms, certificateDefaults } from './certificates/renew-certificates.ts';
export { serviceDnsNames } from './certificates/service-dns-names.ts';
export { openSuppliedCertificates, type SuppliedCertificatesOptions } from './certificates/supplied-certificates.ts';
export type { TlsMaterial } from './certificates/tls-material.ts';
