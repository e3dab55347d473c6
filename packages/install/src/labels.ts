/** Carried by every object of an installation. */
export const commonLabels: Readonly<Record<string, string>> = {
  'app.kubernetes.io/name': 'fairlead',
  'app.kubernetes.io/part-of': 'fairlead',
};

/** Labels of an object that belongs to a part of the installation. */
export function labelsOf(component: string): Readonly<Record<string, string>> {
  return { ...commonLabels, 'app.kubernetes.io/component': component };
}

/** By what the traffic-manager's pods are found. Never changes: a Deployment's selector cannot. */
export const managerSelector: Readonly<Record<string, string>> = {
  'app.kubernetes.io/name': 'fairlead',
  'app.kubernetes.io/component': 'manager',
};

/** Labels as a selector takes them: `a=b,c=d`. */
export function formatLabels(labels: Readonly<Record<string, string>>): string {
  return Object.entries(labels)
    .map(([name, value]) => `${name}=${value}`)
    .join(',');
}
